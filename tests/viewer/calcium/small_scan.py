"""A small scan of blocks of known calcium, written as DICOM, and hands for the axial view."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.geometry import VolumeGeometry
from core.views.planes import Plane
from core.volume import Volume
from tests.core.calcium.blocks import AXIAL, scan
from tests.phantoms import write_series

PIXEL_MM = 0.7
PIXEL_MM2 = PIXEL_MM**2
NO_KEYS = Qt.KeyboardModifier.NoModifier

DENSE = (5, 21, 21)
"""3 x 3 pixels in two slices at 450 HU: 2 x 9 x 0.49 mm2 x 4 = 35.28 points."""
DENSE_POINTS = 2 * 9 * PIXEL_MM2 * 4
MILD = (5, 21, 41)
"""3 x 3 pixels in one slice at 250 HU."""
MILD_POINTS = 9 * PIXEL_MM2 * 2
FAINT = (5, 61, 21)
"""3 x 3 pixels in one slice at 150 HU."""
FAINT_POINTS = 9 * PIXEL_MM2 * 1
LONG = (5, 40, 51)
"""2 x 14 pixels in one slice at 350 HU, columns 50 to 63."""
LONG_POINTS = 28 * PIXEL_MM2 * 3
BONE = (5, 80, 70)
"""Too large for calcium."""
BLOCKS = (
    (slice(5, 7), slice(20, 23), slice(20, 23), 450),
    (slice(5, 6), slice(20, 23), slice(40, 43), 250),
    (slice(5, 6), slice(60, 63), slice(20, 23), 150),
    (slice(5, 6), slice(40, 42), slice(50, 64), 350),
    (slice(0, 12), slice(70, 93), slice(60, 83), 600),
)


def small_scan(increment_mm: float = 3.0) -> Volume:
    """Soft tissue with the blocks; no lung, as in a scan of the heart alone."""
    spacing_mm = (increment_mm, PIXEL_MM, PIXEL_MM)
    return scan(BLOCKS, shape=(12, 96, 96), spacing_mm=spacing_mm, axes=AXIAL)


def write_small_scan(folder: Path, *, increment_mm: float = 3.0, **tags: object) -> Path:
    """The scan as a DICOM series."""
    volume = small_scan(increment_mm)
    geometry: VolumeGeometry = volume.geometry
    write_series(folder, volume.hu, geometry, **tags)
    return folder


class Hands:
    """Mouse and keys over the axial view of a real window."""

    def __init__(self, qtbot, window) -> None:
        self.qtbot, self.window = qtbot, window
        self.view = window.views.slices[Plane.AXIAL]
        self.clicks = 0
        self.keys = 0

    @property
    def state(self):
        return self.window.session.state.calcium

    def open(self, folder: Path) -> None:
        self.window.opener.open_folder(folder)
        self.qtbot.waitUntil(
            lambda: (
                self.window.session.state.volume is not None and self.window.opener.preview is None
            ),
            timeout=60_000,
        )
        self.view.setFocus()

    def enter(self) -> None:
        self.press(Qt.Key.Key_C)
        self.qtbot.waitUntil(
            lambda: self.state is not None and self.state.case is not None, timeout=60_000
        )

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.keys += 1
        QTest.keyClick(self.view, key, modifier)

    def point_mm(self, voxel):
        x, y, z = self.window.session.state.volume.geometry.to_patient(voxel)
        return float(x), float(y), float(z)

    def at(self, voxel) -> QPoint:
        """Where a voxel is on the screen; the axial view goes to its slice."""
        point_mm = self.point_mm(voxel)
        state = self.window.session.state
        elsewhere = replace(state.view, crosshair_mm=self.point_mm((voxel[0], 2, 2)))
        if round(float(state.volume.geometry.to_index(state.view.crosshair_mm)[0])) != voxel[0]:
            self.window.session.show(elsewhere)
        placement = self.view.placement()
        row, column = placement.place.to_pixel(point_mm)
        return placement.to_screen((float(row), float(column))).toPoint()

    def move_to(self, voxel) -> None:
        at = self.at(voxel)
        QTest.mouseMove(self.view, at + QPoint(0, 1))
        QTest.mouseMove(self.view, at)

    def click(self, voxel, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.clicks += 1
        at = self.at(voxel)
        QTest.mouseMove(self.view, at)
        QTest.mouseClick(self.view, Qt.MouseButton.LeftButton, modifier, at)

    def drag(self, voxels, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
        points = [self.at(voxel) for voxel in voxels]
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(self.view, left, modifier, points[0])
        for before, after in pairwise(points):
            for share in np.linspace(0, 1, 6)[1:]:
                QTest.mouseMove(self.view, before + (after - before) * float(share))
        QTest.mouseRelease(self.view, left, modifier, points[-1])

    def total(self) -> float:
        return self.state.score.total.agatston

    def vessels(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for lesion in self.state.reading.marks.lesions:
            found[lesion.vessel.value] = found.get(lesion.vessel.value, 0) + 1
        return found
