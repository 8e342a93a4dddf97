"""Time of the volume view: `python -m tests.benchmarks.volume_drawing [pixels]`.

Prints the time from showing a 512 x 512 x 160 scan to its first picture (loading VTK included), and
frames a second while dragging, against DESIGN's 1 s and 10 frames a second.
"""

import os
import sys
import time
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scipy.ndimage import zoom

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.views.window import MEDIASTINUM
from core.volume import Volume
from tests.results import example_result, thorax_volume
from viewer.session import Session
from viewer.view_changes import opened
from viewer.volume_view import VolumeView

FRAMES = 40
FIRST_FRAME_SECONDS, FRAMES_PER_SECOND = 1.0, 10.0


def large_thorax() -> Volume:
    small = thorax_volume()
    shape = (160, 512, 512)
    factors = np.array(shape) / small.geometry.shape
    hu = zoom(small.hu, factors, order=1)
    spacing = np.array(small.geometry.spacing_mm) / factors
    return Volume(hu, VolumeGeometry.from_axes(shape, (-190, -180, -640), HEAD_BACK_LEFT, spacing))


def main() -> None:
    application = QApplication([])
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    volume = large_thorax()
    request, result = example_result(volume)
    session = Session()
    view = VolumeView(session)
    view.resize(size, size)
    view.show()
    application.processEvents()
    start = time.perf_counter()
    state = opened(session.state.view, volume.geometry, MEDIASTINUM)
    session.replace(volume=volume, series=request.series, view=state)
    while not view.renderer_name:
        application.processEvents()
    seconds = time.perf_counter() - start
    print(f"drawn by {view.renderer_name}, {size} x {size} pixels")  # noqa: T201
    print(f"first frame {seconds:.2f} s: {seconds / FIRST_FRAME_SECONDS:.2f} of 1 s")  # noqa: T201
    for method in (None, "gradcam", "gradient"):
        session.replace(result=result)
        session.show(replace(session.state.view, overlay_method=method))
        application.processEvents()
        print(f"{method or 'no overlay'}: dragging {dragging(view, application):.1f} frames/s "  # noqa: T201
              f"(10 wanted)")  # fmt: skip
    view.close_rendering()


def dragging(view: VolumeView, application: QApplication) -> float:
    middle = view.rect().center()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    start = time.perf_counter()
    for k in range(FRAMES):
        QTest.mouseMove(view, middle + QPoint(5 * (k + 1), k))
        application.processEvents()
    seconds = time.perf_counter() - start
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    return FRAMES / seconds


if __name__ == "__main__":
    main()
