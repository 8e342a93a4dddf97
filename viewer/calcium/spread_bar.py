"""The uncertainty of a total: its interval on a line, with the borders of the categories."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.calcium.categories import BIN_EDGES
from core.calcium.uncertainty import Uncertainty
from viewer.plane_colours import view_font
from viewer.theme import ACCENT, BORDER, MUTED, TEXT

HEIGHT_PX = 40
LINE_Y_PX, TICK_PX, BAND_PX = 12.0, 6.0, 8.0
FONT_PX = 11
ENDS = 2
GAP_PX = 4.0
ROOM = 0.25
"""Share of the interval that is left free on both sides."""
LEAST_SPAN = 4.0


class SpreadBar(QWidget):
    """Draws least to greatest, the 95 % interval, the total and the borders of categories."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(HEIGHT_PX)
        self.setAccessibleName("Uncertainty of the total")
        self._total = 0.0
        self._spread: Uncertainty | None = None

    def show_spread(self, total: float, spread: Uncertainty | None) -> None:
        """Show another interval; None while it is worked out."""
        self._total, self._spread = total, spread
        if spread is not None:
            self.setAccessibleDescription(f"{spread.low:.0f} to {spread.high:.0f}")
        self.setVisible(spread is not None)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the panel."""
        return QSize(300, HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line."""
        if self._spread is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(view_font(FONT_PX))
        self._paint(painter, self._spread)
        painter.end()

    def _paint(self, painter: QPainter, spread: Uncertainty) -> None:
        low, high = min(spread.least, self._total), max(spread.greatest, self._total)
        room = max(high - low, LEAST_SPAN) * ROOM
        low, high = max(low - room, 0.0), high + room
        left, right = 6.0, self.width() - 6.0

        def x(value: float) -> float:
            return left + (right - left) * (value - low) / (high - low)

        painter.setPen(QPen(QColor(BORDER), 2))
        painter.drawLine(QLineF(left, LINE_Y_PX, right, LINE_Y_PX))
        painter.setPen(QPen(QColor(MUTED), 2))
        painter.drawLine(QLineF(x(spread.least), LINE_Y_PX, x(spread.greatest), LINE_Y_PX))
        band = QRectF(
            x(spread.low),
            LINE_Y_PX - BAND_PX / 2,
            max(x(spread.high) - x(spread.low), 2.0),
            BAND_PX,
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ACCENT))
        painter.drawRoundedRect(band, 3, 3)
        painter.setPen(QPen(QColor(TEXT), 2))
        at = x(self._total)
        painter.drawLine(QLineF(at, LINE_Y_PX - TICK_PX, at, LINE_Y_PX + TICK_PX))
        edges = [edge for edge in BIN_EDGES if low < edge < high]
        painter.setPen(QPen(QColor(TEXT), 1, Qt.PenStyle.DotLine))
        for edge in edges:
            painter.drawLine(QLineF(x(edge), 1, x(edge), 23))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QColor(MUTED))
        numbers = [(x(value), f"{value:.0f}") for value in (spread.low, spread.high, *edges)]
        for start, text in placed(numbers, metrics.horizontalAdvance, self.width()):
            width = metrics.horizontalAdvance(text) + 2
            painter.drawText(QRectF(start, LINE_Y_PX + TICK_PX + 6, width, 16), 0, text)


def placed(
    numbers: Sequence[tuple[float, str]], width_of: Callable[[str], float], room: float
) -> list[tuple[float, str]]:
    """Where numbers begin that stand under their places and do not overprint each other.

    Args:
        numbers: (place, text); the first two are the ends of the interval, which step aside from
            each other. Of the others, those without room are left out: their lines stay.
        width_of: Width of a text.
        room: Width of all.
    """
    found: list[tuple[float, str]] = []
    for k, (place, text) in enumerate(numbers):
        width = width_of(text)
        start = place - width / 2
        if k < ENDS and abs(numbers[0][0] - numbers[1][0]) < width + GAP_PX:
            start = place - width if k == 0 else place + 2
        start = min(max(start, 0.0), room - width)
        free = all(
            start > other + width_of(words) + GAP_PX or start + width + GAP_PX < other
            for other, words in found
        )
        if k < ENDS or free:
            found.append((start, text))
    return found
