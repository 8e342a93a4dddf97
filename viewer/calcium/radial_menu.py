"""The vessels in a ring round the cursor: right click on a candidate or a marked lesion.

The middle stays open, so that the lesion is seen. A sector is chosen by a click or by its letter;
a click elsewhere or Escape closes the ring. A right drag still zooms.
"""

from math import atan2, cos, hypot, pi, radians, sin

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from core.calcium.scores import Vessel
from viewer.calcium.vessels import VESSEL_COLOURS, VESSEL_KEYS, VESSEL_NAMES
from viewer.plane_colours import QUIET_TEXT, TEXT, view_font

HOLE_PX, RING_PX, EDGE_PX = 34.0, 96.0, 5.0
"""Radii of the hole and of the ring; width of the vessel's colour at its edge."""
GAP_DEGREES = 1.5
WHOLE_TURN = 360.0
GROUND, CHOSEN_GROUND = QColor(18, 20, 22, 225), QColor(58, 62, 68, 245)
NAME_PX, REMOVE_PX, KEY_PX = 14, 12, 11
REMOVE_COLOUR = QColor("#c9ced6")
REMOVE_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
VESSEL_OF_KEY = {Qt.Key(ord(key)): vessel for vessel, key in VESSEL_KEYS.items()}

Choice = Vessel | None
"""A vessel; None removes the mark."""


class RadialMenu(QWidget):
    """Lies over the whole window while it is open, so that it fits round every place of its view.

    Args:
        view: In which lesions are clicked; it gets the keys back.

    Signals:
        chosen: `Choice`; the menu is closed by then.
    """

    chosen = Signal(object)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.choices: tuple[Choice, ...] = ()
        self.centre = QPointF()
        self._present: Vessel | None = None
        self._pointed: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Vessel of this lesion")
        self.hide()

    def open_at(self, at: QPointF, present: Vessel | None) -> None:
        """Open round a place of the view.

        Args:
            at: Of the lesion in the view; at the window's edge the ring is moved inwards.
            present: The vessel to which the lesion belongs; None where it is not marked yet.
        """
        self.choices = (*Vessel, None) if present is not None else tuple(Vessel)
        self._present, self._pointed = present, None
        window = self._view.window()
        self.setParent(window)
        self.setGeometry(window.rect())
        at = self._view.mapTo(window, at)
        self.centre = QPointF(_inside(at.x(), self.width()), _inside(at.y(), self.height()))
        words = [f"{VESSEL_KEYS[each]} {VESSEL_NAMES[each]}" for each in Vessel]
        self.setAccessibleDescription("; ".join(words))
        self.show()
        self.raise_()
        self.setFocus()

    def place_of(self, choice: Choice) -> QPointF:
        """The middle of a sector."""
        angle = radians(WHOLE_TURN * self.choices.index(choice) / len(self.choices))
        reach = (HOLE_PX + RING_PX) / 2
        return self.centre + QPointF(sin(angle), -cos(angle)) * reach

    # --- mouse and keys ---

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light the sector under the cursor."""
        pointed = sector_at(event.position() - self.centre, len(self.choices))
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the view under the ring does not; the release chooses."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the sector under the cursor, or close."""
        pointed = sector_at(event.position() - self.centre, len(self.choices))
        if pointed is None:
            self._close()
        else:
            self._choose(self.choices[pointed])

    def event(self, event: QEvent) -> bool:
        """While the ring is open its letters are not those of the window."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A vessel's letter, Del, or any other key, which closes."""
        key = Qt.Key(event.key())
        if key in VESSEL_OF_KEY:
            self._choose(VESSEL_OF_KEY[key])
        elif key in REMOVE_KEYS and self._present is not None:
            self._choose(None)
        else:
            self._close()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Something else is in use: close."""
        super().focusOutEvent(event)
        self.hide()

    def _choose(self, choice: Choice) -> None:
        self._close()
        self.chosen.emit(choice)

    def _close(self) -> None:
        self._view.setFocus()
        self.hide()

    # --- painting ---

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The sectors, the first at the top, the others clockwise."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, choice in enumerate(self.choices):
            self._paint_sector(painter, number, choice)
        painter.end()

    def _paint_sector(self, painter: QPainter, number: int, choice: Choice) -> None:
        span = WHOLE_TURN / len(self.choices)
        first = 90.0 - span * (number + 0.5) + GAP_DEGREES / 2  # Qt counts from the right, upwards
        is_pointed = number == self._pointed
        colour = REMOVE_COLOUR if choice is None else VESSEL_COLOURS[choice]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(CHOSEN_GROUND if is_pointed else GROUND)
        painter.drawPath(self._ring_part(first, span - GAP_DEGREES))
        width = EDGE_PX * 2 if choice is not None and choice is self._present else EDGE_PX
        pen = QPen(colour, width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        edge = _square(self.centre, RING_PX - width / 2)
        painter.drawArc(edge, round(16 * first), round(16 * (span - GAP_DEGREES)))
        middle = self.place_of(choice) - QPointF(0, 1)
        centred = Qt.AlignmentFlag.AlignCenter
        painter.setFont(view_font(REMOVE_PX if choice is None else NAME_PX, strong=True))
        painter.setPen(TEXT)
        name = "Remove" if choice is None else choice.value
        painter.drawText(QRectF(middle.x() - 36, middle.y() - 17, 68, 18), centred, name)
        painter.setFont(view_font(KEY_PX))
        painter.setPen(TEXT if is_pointed else QUIET_TEXT)
        key = "Del" if choice is None else VESSEL_KEYS[choice]
        painter.drawText(QRectF(middle.x() - 36, middle.y() + 1, 68, 16), centred, key)

    def _ring_part(self, first: float, span: float) -> QPainterPath:
        outer, inner = _square(self.centre, RING_PX), _square(self.centre, HOLE_PX)
        path = QPainterPath()
        path.arcMoveTo(outer, first)
        path.arcTo(outer, first, span)
        path.arcTo(inner, first + span, -span)
        path.closeSubpath()
        return path


def sector_at(offset: QPointF | QPoint, count: int) -> int | None:
    """Number of the sector at an offset from the ring's centre; None in its hole or outside."""
    if not HOLE_PX <= hypot(offset.x(), offset.y()) <= RING_PX:
        return None
    turned = atan2(offset.x(), -offset.y()) / (2 * pi) * count
    return round(turned) % count


def _inside(place: float, length: float) -> float:
    return min(max(place, RING_PX), max(length - RING_PX, length / 2))


def _square(centre: QPointF, radius: float) -> QRectF:
    return QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
