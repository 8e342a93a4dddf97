"""Draws the first slice of a series that is still being read, and how far reading is."""

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter

from core.views.planes import Plane, slice_geometry
from viewer import slice_annotations as annotations
from viewer.legend import shadowed_text
from viewer.plane_colours import TEXT, view_font
from viewer.preview import Preview
from viewer.slice_placement import SlicePlacement
from viewer.slice_renderer import SliceRenderer
from viewer.theme import ACCENT, BORDER
from viewer.view_state import PlaneView

BAR_WIDTH_PX, BAR_HEIGHT_PX = 180.0, 4.0
BAR_FROM_BOTTOM_PX = 64.0


class PreviewPainter:
    """Paints one plane of a preview; planes without a picture say what is being read.

    Attributes:
        shown: What to paint; None while nothing is read.
    """

    def __init__(self, plane: Plane) -> None:
        self.shown: Preview | None = None
        self._plane = plane
        self._renderer = SliceRenderer(plane)

    def paint(self, painter: QPainter, size: QSizeF, preview: Preview) -> None:
        """Paint over a whole view."""
        if preview.volume is None or preview.plane is not self._plane:
            annotations.paint_quiet(painter, size, preview.words)
            return
        place = slice_geometry(preview.volume.geometry, self._plane, 0)
        placement = SlicePlacement(place, size, PlaneView())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = self._renderer.picture(preview.volume, 0, preview.window)
        painter.drawImage(placement.rectangle, picture)
        annotations.paint_edge_letters(painter, size, place)
        _paint_progress(painter, size, preview)


def _paint_progress(painter: QPainter, size: QSizeF, preview: Preview) -> None:
    top = size.height() - BAR_FROM_BOTTOM_PX
    area = QRectF((size.width() - BAR_WIDTH_PX) / 2, top, BAR_WIDTH_PX, BAR_HEIGHT_PX)
    painter.fillRect(area, QColor(BORDER))
    done = QRectF(area.topLeft(), QSizeF(area.width() * preview.fraction, area.height()))
    painter.fillRect(done, QColor(ACCENT))
    painter.setFont(view_font(annotations.TEXT_PX))
    words = QRectF(QPointF(0, top - 22), QSizeF(size.width(), 18))
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
    shadowed_text(painter, words, flags, preview.words, TEXT)
