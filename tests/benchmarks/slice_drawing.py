"""Time to paint a slice view with overlay: `python -m tests.benchmarks.slice_drawing [pixels]`.

Prints the median and the 99th percentile of slice changes and window changes against one frame of
16 ms: wall time, and the processor time of the thread, which a busy machine does not inflate.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.views.planes import Plane
from core.views.window import Window
from core.volume import SaliencyMap, Volume
from tests.results import example_result
from viewer.session import Session
from viewer.slice_view import SliceView
from viewer.view_changes import opened

FRAME_MS = 16.0
REPEATS = 150


def noisy_chest() -> Volume:
    shape = (275, 512, 512)
    geometry = VolumeGeometry.from_axes(shape, (-200, -200, 0), HEAD_BACK_LEFT, (1, 0.78, 0.78))
    hu = np.random.default_rng(0).integers(-1000, 400, shape, dtype=np.int16)
    return Volume(hu, geometry)


def hot_map(volume: Volume) -> SaliencyMap:
    """A gradient map on the network's grid, half of it above the threshold: the worst case."""
    shape = (128, 256, 256)
    spacing = np.array(volume.geometry.shape) * volume.geometry.spacing_mm / shape
    geometry = VolumeGeometry.from_axes(
        shape, volume.geometry.to_patient((0, 0, 0)), HEAD_BACK_LEFT, spacing
    )
    values = np.random.default_rng(1).random(shape, dtype=np.float32)
    return SaliencyMap(values, geometry, "gradient", "", 0.5)


def milliseconds(change: Callable[[int], None], view: SliceView, target: QImage) -> np.ndarray:
    """(repeats, 2): wall and processor time of each change with its painting."""
    times = []
    for k in range(REPEATS):
        start = np.array((time.perf_counter(), time.thread_time()))
        change(k)
        view.render(target)
        times.append((np.array((time.perf_counter(), time.thread_time())) - start) * 1000)
    return np.array(times[5:])


def report(label: str, times: np.ndarray) -> None:
    columns = []
    for kind, values in zip(("wall", "processor"), times.T, strict=True):
        p99 = np.percentile(values, 99)
        columns.append(
            f"{kind}: median {np.median(values):5.2f} ms, 99 % {p99:6.2f} ms = "
            f"{p99 / FRAME_MS:4.2f} frames"
        )
    print(f"{label:30s} {'   '.join(columns)}")  # noqa: T201


def main() -> None:
    application = QApplication([])
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 900
    volume = noisy_chest()
    request, result = example_result(volume)
    result = replace(result, saliency=(hot_map(volume), result.saliency_by("gradcam")))
    session = Session()
    start = opened(session.state.view, volume.geometry, Window(1500, -600))
    session.replace(volume=volume, series=request.series, result=result, view=start)
    for plane in Plane:
        view = SliceView(session, plane)
        view.resize(size, size)
        target = QImage(size, size, QImage.Format.Format_RGB32)
        for method in (None, "gradcam", "gradient"):
            session.show(replace(session.state.view, overlay_method=method))
            label = f"{plane.value}, {method or 'no overlay'}"
            back_and_forth = lambda k, v=view: v.scroll(1 if k % 40 < 20 else -1)  # noqa: E731
            report(f"{label}, slice", milliseconds(back_and_forth, view, target))
            window = lambda k: session.show(  # noqa: E731
                replace(session.state.view, window=Window(1500 + k, -600))
            )
            report(f"{label}, window", milliseconds(window, view, target))
    application.quit()


if __name__ == "__main__":
    main()
