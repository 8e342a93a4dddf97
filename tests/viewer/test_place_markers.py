import numpy as np
import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage, QPainter

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.saliency.influence import Influence
from core.saliency.targets import MORTALITY
from core.views.planes import Plane, slice_geometry
from viewer.place_markers import paint_places
from viewer.slice_placement import SlicePlacement
from viewer.view_state import PlaneView

SIDE_PX = 300
GEOMETRY = VolumeGeometry.from_axes((41, 100, 100), (0, 0, 0), HEAD_BACK_LEFT, (2.0, 1.0, 1.0))


def influence(point_mm, size_mm=20.0):
    return Influence(point_mm, size_mm, MORTALITY, 0.4, 0.3, -0.1, -0.5, 0.01, False)


def drawn(index, *influences):
    """Rows and columns where something bright was painted on an axial slice, 3 px for a mm."""
    place = slice_geometry(GEOMETRY, Plane.AXIAL, index)
    placement = SlicePlacement(place, QSizeF(SIDE_PX, SIDE_PX), PlaneView())
    picture = QImage(SIDE_PX, SIDE_PX, QImage.Format.Format_RGB32)
    picture.fill(0)
    painter = QPainter(picture)
    paint_places(painter, placement, influences)
    painter.end()
    pixels = np.array(picture.constBits(), np.uint8).reshape(SIDE_PX, SIDE_PX, 4)
    return np.nonzero(pixels[:, :, 0] > 150)


def test_the_square_is_as_large_as_what_was_replaced(qapp):
    point_mm = tuple(float(x) for x in GEOMETRY.to_patient((20, 50, 40)))
    rows, columns = drawn(20, influence(point_mm))
    assert columns.min() == pytest.approx(40.5 * 3 - 30, abs=2)  # 20 mm at 3 px a mm
    assert rows.max() == pytest.approx(50.5 * 3 + 30, abs=2)


def test_it_is_seen_only_in_slices_that_cut_the_cube(qapp):
    point_mm = tuple(float(x) for x in GEOMETRY.to_patient((20, 50, 50)))
    seen = [len(drawn(index, influence(point_mm))[0]) > 0 for index in (14, 16, 24, 26)]
    assert seen == [False, True, True, False]  # 10 mm on either side, slices 2 mm apart


def test_every_place_has_its_own_number(qapp):
    here, far = (
        influence(tuple(float(x) for x in GEOMETRY.to_patient((k, 50, 50)))) for k in (20, 0)
    )
    as_first, as_second = (np.stack(drawn(20, *places)) for places in ((here,), (far, here)))
    assert not np.array_equal(as_first, as_second)
