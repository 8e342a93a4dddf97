"""Numbers at the places that were asked about, in the slices and in the volume view."""

from collections.abc import Sequence
from math import dist

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.saliency.influence import Influence
from viewer.legend import shadowed_text
from viewer.plane_colours import TEXT, view_font
from viewer.slice_placement import SlicePlacement

NUMBER_PX = 12
SMALLEST_HALF_PX = 5.0
RIM = QColor(0, 0, 0, 190)


def paint_places(
    painter: QPainter, placement: SlicePlacement, influences: Sequence[Influence]
) -> None:
    """A dashed square and a number where the slice cuts a cube that was replaced."""
    for number, influence in enumerate(influences, start=1):
        pixel = placement.place.to_pixel(influence.point_mm)
        foot_mm = placement.place.to_patient(pixel)
        off_mm = dist(foot_mm, influence.point_mm)
        if off_mm < influence.size_mm / 2:
            half = max(influence.size_mm / 2 * placement.px_per_mm, SMALLEST_HALF_PX)
            at = placement.to_screen((float(pixel[0]), float(pixel[1])))
            paint_place(painter, at, half, number)


def paint_place(painter: QPainter, at: QPointF, half_px: float, number: int) -> None:
    """One dashed square with its number at the upper right."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    square = QRectF(at.x() - half_px, at.y() - half_px, 2 * half_px, 2 * half_px)
    for colour, thickness, style in (
        (RIM, 3.0, Qt.PenStyle.SolidLine),
        (TEXT, 1.4, Qt.PenStyle.DashLine),
    ):
        painter.setPen(QPen(colour, thickness, style))
        painter.drawRect(square)
    painter.setFont(view_font(NUMBER_PX, strong=True))
    box = QRectF(square.right() + 3, square.top() - 16, 30, 16)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
    shadowed_text(painter, box, flags, str(number))
    painter.restore()
