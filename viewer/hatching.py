"""Diagonal hatching: what is drawn where no slice was stored."""

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

APART_PX = 9.0


def hatch(painter: QPainter, area: QRectF, colour: QColor, apart_px: float = APART_PX) -> None:
    """Fill an area with thin lines that rise to the right; those of all areas fit together."""
    painter.save()
    painter.setClipRect(area)
    pen = QPen(colour, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    total = area.right() + area.bottom()
    x_plus_y = (area.left() + area.top()) // apart_px * apart_px
    lines = []
    while x_plus_y < total:  # each line holds x + y constant
        lines.append(
            QLineF(x_plus_y - area.bottom(), area.bottom(), x_plus_y - area.top(), area.top())
        )
        x_plus_y += apart_px
    painter.drawLines(lines)
    painter.restore()
