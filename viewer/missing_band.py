"""Where no slice was stored: a hatched band in every slice view, with the words that say so."""

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from core.views.planes import Plane
from core.volume import Volume
from viewer.hatching import hatch
from viewer.legend import shadowed_text
from viewer.plane_colours import view_font
from viewer.slice_placement import SlicePlacement

HATCH = QColor(229, 180, 87, 150)
GROUND = QColor(40, 32, 16)
WORDS = QColor("#f0c878")
TEXT_PX = 12
WORDS_WIDTH_PX = 150.0
BESIDE_LETTER_PX = 40.0
"""The letter of the patient's direction stands at the edge of the view."""


def paint_missing(painter: QPainter, placement: SlicePlacement, volume: Volume) -> None:
    """Hatch every missing slice that this view cuts; the whole picture where it shows one."""
    if not volume.missing_slices:
        return
    if placement.place.plane.axis == volume.missing_axis:
        if placement.place.index in volume.missing_slices:
            _paint_whole(painter, placement)
        return
    for first, last in runs(volume.missing_slices):
        _paint_band(painter, placement, band_area(placement, volume, first, last), last - first + 1)


def runs(indices: tuple[int, ...]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours in sorted indices."""
    breaks = [k for k, (a, b) in enumerate(pairwise(indices), start=1) if b != a + 1]
    starts = [0, *breaks]
    ends = [*breaks, len(indices)]
    return [(indices[a], indices[b - 1]) for a, b in zip(starts, ends, strict=True)]


def band_area(placement: SlicePlacement, volume: Volume, first: int, last: int) -> QRectF:
    """Where the slices `first` to `last` lie in a view that cuts across them."""
    corner = [0.0, 0.0, 0.0]
    corner[placement.place.plane.axis] = placement.place.index
    ends = []
    for at in (first - 0.5, last + 0.5):
        index = list(corner)
        index[volume.missing_axis] = at
        row, column = placement.place.to_pixel(volume.geometry.to_patient(index))
        ends.append((float(row), float(column)))
    shown = placement.rectangle
    if _runs_down(placement.place.plane, volume.missing_axis):
        top, bottom = sorted(placement.to_screen(end).y() for end in ends)
        return QRectF(QPointF(shown.left(), top), QPointF(shown.right(), bottom))
    left, right = sorted(placement.to_screen(end).x() for end in ends)
    return QRectF(QPointF(left, shown.top()), QPointF(right, shown.bottom()))


def _runs_down(plane: Plane, axis: int) -> bool:
    """True where an index of the volume runs down the screen, not across it."""
    down = {Plane.AXIAL: 1, Plane.CORONAL: 0, Plane.SAGITTAL: 0}
    return down[plane] == axis


def _paint_whole(painter: QPainter, placement: SlicePlacement) -> None:
    shown = placement.rectangle
    painter.fillRect(shown, GROUND)
    hatch(painter, shown, HATCH, apart_px=14.0)
    painter.setFont(view_font(TEXT_PX + 4, strong=True))
    words = "Missing slice: no file holds it"
    shadowed_text(painter, shown, Qt.AlignmentFlag.AlignCenter, words, WORDS)


def _paint_band(
    painter: QPainter, placement: SlicePlacement, area: QRectF, slice_count: int
) -> None:
    painter.fillRect(area, GROUND)
    hatch(painter, area, HATCH, apart_px=7.0)
    painter.setFont(view_font(TEXT_PX))
    words = "missing slice" if slice_count == 1 else f"{slice_count} missing slices"
    visible = area.intersected(QRectF(QPointF(0, 0), placement.size))
    if visible.isEmpty():
        return
    right = visible.right() - WORDS_WIDTH_PX - BESIDE_LETTER_PX
    above = visible.top() - 18 if visible.height() < 18 else visible.center().y() - 9
    box = QRectF(right, max(above, 2.0), WORDS_WIDTH_PX, 16)
    flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    shadowed_text(painter, box, flags, words, WORDS)
