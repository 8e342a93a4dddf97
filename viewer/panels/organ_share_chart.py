"""Where the mass of a saliency map lies: a bar for each region of the body."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.plane_colours import view_font
from viewer.theme import ACCENT, MUTED, RAISED, TEXT

ROW_PX = 20
BAR_PX = 9
FONT_PX = 12
GAP_PX = 8
NO_MASS = 5e-4
"""A share that would be drawn as 0.0 % has no bar."""


class OrganShareChart(QWidget):
    """Paints the shares in the order given, which is anatomical and the same for every map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)  # what stands below stays in its place meanwhile
        self.setSizePolicy(policy)
        self.setAccessibleName("Share of the map by region")
        self.setFixedHeight(ROW_PX)
        self._shares: tuple[tuple[str, float], ...] = ()
        self.show_shares({})

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """What is drawn: (region, share) from the top."""
        return self._shares

    def show_shares(self, shares: Mapping[str, float]) -> None:
        """Draw other shares; none hides the chart, whose room is kept for the next ones."""
        self._shares = tuple((region_title(name), share) for name, share in shares.items())
        self.setAccessibleDescription("\n".join(f"{n}: {share_words(s)}" for n, s in self._shares))
        self.setToolTip(self.accessibleDescription())
        if self._shares:
            self.setFixedHeight(len(self._shares) * ROW_PX)
        self.setVisible(bool(self._shares))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the panel, a row for each region."""
        return QSize(240, max(len(self._shares), 1) * ROW_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Name, bar, per cent."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(view_font(FONT_PX))
        metrics = QFontMetricsF(painter.font())
        named = max((metrics.horizontalAdvance(name) for name, _ in self._shares), default=0)
        counted = metrics.horizontalAdvance("100.0 %")
        room = max(self.width() - named - counted - 2 * GAP_PX, 10)
        for row, (name, share) in enumerate(self._shares):
            middle = (row + 0.5) * ROW_PX
            line = QRectF(0, row * ROW_PX, self.width(), ROW_PX)
            bar = QRectF(named + GAP_PX, middle - BAR_PX / 2, room, BAR_PX)
            centre = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(QColor(TEXT if share >= NO_MASS else MUTED))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | centre, name)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | centre, share_words(share))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(RAISED))
            painter.drawRoundedRect(bar, 3, 3)
            if share >= NO_MASS:
                painter.setBrush(QColor(ACCENT))
                bar.setWidth(max(room * share, 2.0))
                painter.drawRoundedRect(bar, 3, 3)
        painter.end()


def region_title(name: str) -> str:
    """Name of a region as it is written on the screen: "GREAT_VESSELS" reads "Great vessels"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:].lower()


def share_words(share: float) -> str:
    """A share in per cent; one digit after the point, where it counts."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{share:.1%}".replace("%", " %")
