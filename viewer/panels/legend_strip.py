"""The colour legend of the overlay as a small widget."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from core.views.overlay import OverlayStyle
from core.volume import SaliencyMap
from viewer.legend import paint_legend, threshold_words
from viewer.method_names import cell_size_words

HEIGHT_PX = 52


class LegendStrip(QWidget):
    """Paints the legend of the shown map; its tool tip tells target, cell and threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT_PX)
        self.setAccessibleName("Colour legend of the overlay")
        self._shown: tuple[OverlayStyle, SaliencyMap] | None = None

    def show_legend(self, style: OverlayStyle, saliency: SaliencyMap | None) -> None:
        """Show the legend of a map, or nothing."""
        self._shown = None if saliency is None else (style, saliency)
        self.setVisible(saliency is not None)
        if saliency is not None:
            unit = "" if style.raw_threshold is not None else f" 1 is its {saliency.unit_words}."
            words = (
                f"Explains the {saliency.target}. {cell_size_words(saliency)}. "
                f"Drawn from {threshold_words(style)} on.{unit}"
            )
            self.setAccessibleDescription(words)
            self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the panel."""
        return QSize(240, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the legend."""
        if self._shown is None:
            return
        style, saliency = self._shown
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_legend(painter, QRectF(self.rect()).adjusted(3, 2, -4, -2), style, saliency)
        painter.end()
