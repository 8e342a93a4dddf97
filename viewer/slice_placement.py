"""Where a slice lies in its view: millimetres true to each other, zoomed and shifted."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

from core.views.planes import SliceGeometry
from viewer.view_state import PlaneView

LOWEST_ZOOM, HIGHEST_ZOOM = 0.2, 40.0


@dataclass(frozen=True)
class SlicePlacement:
    """Maps the pixels of a shown slice to the widget and back.

    Attributes:
        place: The slice in the patient.
        size: Width and height of the widget, in its own (device independent) pixels.
        view: Zoom and pan.
    """

    place: SliceGeometry
    size: QSizeF
    view: PlaneView

    @property
    def px_per_mm(self) -> float:
        """Widget pixels for one millimetre of the patient, the same down and right."""
        return self._fitting * self.view.zoom

    @property
    def _fitting(self) -> float:
        width_mm, height_mm = self._extent_mm
        return max(min(self.size.width() / width_mm, self.size.height() / height_mm), 1e-6)

    @property
    def _extent_mm(self) -> tuple[float, float]:
        (rows, columns), (down_mm, right_mm) = self.place.shape, self.place.pixel_mm
        return columns * right_mm, rows * down_mm

    @property
    def rectangle(self) -> QRectF:
        """Where the whole slice lies in the widget, outer borders of its pixels included."""
        width, height = (extent * self.px_per_mm for extent in self._extent_mm)
        x, y = self.view.pan_px
        middle = QPointF(self.size.width() / 2 + x, self.size.height() / 2 + y)
        return QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)

    def to_pixel(self, at: QPointF) -> tuple[float, float]:
        """Fractional (row, column) of the slice at a point of the widget."""
        shown, (rows, columns) = self.rectangle, self.place.shape
        row = (at.y() - shown.top()) / shown.height() * rows - 0.5
        column = (at.x() - shown.left()) / shown.width() * columns - 0.5
        return row, column

    def to_screen(self, pixel: tuple[float, float]) -> QPointF:
        """Point of the widget at a fractional (row, column) of the slice."""
        shown, (rows, columns) = self.rectangle, self.place.shape
        return QPointF(
            shown.left() + (pixel[1] + 0.5) / columns * shown.width(),
            shown.top() + (pixel[0] + 0.5) / rows * shown.height(),
        )

    def contains(self, pixel: tuple[float, float]) -> bool:
        """True where the fractional (row, column) lies in some pixel of the slice."""
        return all(-0.5 <= k < n - 0.5 for k, n in zip(pixel, self.place.shape, strict=True))

    def zoomed(self, factor: float, about: QPointF) -> PlaneView:
        """Zoom and pan after zooming by a factor while what lies at `about` stays there."""
        zoom = min(max(self.view.zoom * factor, LOWEST_ZOOM), HIGHEST_ZOOM)
        factor = zoom / self.view.zoom
        x, y = self.view.pan_px
        away_x, away_y = about.x() - self.size.width() / 2, about.y() - self.size.height() / 2
        pan = (away_x - (away_x - x) * factor, away_y - (away_y - y) * factor)
        return replace(self.view, zoom=zoom, pan_px=pan)
