"""A strip that draws the place of every slice along the stack: gaps, doubles, missing ones."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.data.series import SeriesRecord
from viewer.hatching import hatch
from viewer.panels.strip_places import Mark, StripPlace, StripPlaces, strip_places
from viewer.plane_colours import view_font
from viewer.session import Session, SessionState
from viewer.theme import ACCENT, AMBER, BORDER, MUTED, PANEL, RED, TEXT

WIDTH_PX = 38
TICK_LEFT, TICK_RIGHT = 6.0, 22.0
END_PX = 24.0
"""Room for the letter of the patient's direction at either end."""
LETTER_APART_PX = 11.0
COLOURS = {Mark.SLICE: MUTED, Mark.MISSING: AMBER, Mark.DOUBLED: RED, Mark.UNEVEN: AMBER}
LEAST_FAULT_PX = 3.0
"""A fault stays seen however many slices share the strip."""


class GeometryStrip(QWidget):
    """Draws the places of one series; a click goes to the slice if that series is open.

    Signals:
        told: Words for the place under the cursor, or at the crosshair.
    """

    told = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._record: SeriesRecord | None = None
        self._strip: StripPlaces | None = None
        self._hovered: int | None = None
        self._ground: QPixmap | None = None
        self.setFixedWidth(WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Places of the slices")
        session.changed.connect(self._follow)

    @property
    def places(self) -> StripPlaces | None:
        """What is drawn; None without a series."""
        return self._strip

    def sizeHint(self) -> QSize:
        """As high as it gets."""
        return QSize(WIDTH_PX, 400)

    def show_record(self, record: SeriesRecord | None) -> None:
        """Draw another series, or none."""
        self._record, self._hovered, self._ground = record, None, None
        state = self._session.state
        volume = state.volume if record is not None and record is state.series else None
        self._strip = strip_places(record, volume) if record is not None else None
        self._tell()
        self.update()

    def current(self) -> int | None:
        """Index of the place at the crosshair; None unless the drawn series is open."""
        state = self._session.state
        if self._strip is None or state.volume is None or self._record is not state.series:
            return None
        # The slice that the views show: half-way between two, both must name the same one.
        index = state.volume.geometry.to_index(state.view.crosshair_mm)
        index[state.volume.missing_axis] = np.rint(index[state.volume.missing_axis])
        at_mm = float(state.volume.geometry.to_patient(index) @ self._strip.direction)
        return self._strip.nearest(at_mm - self._strip.first_mm)

    def words(self) -> str:
        """What is told of the place under the cursor, or else at the crosshair."""
        place = self.current() if self._hovered is None else self._hovered
        if self._strip is None or place is None:
            return ""
        return self._strip.places[place].words

    def y_of(self, place: StripPlace) -> float:
        """Where the middle of a place is drawn."""
        extent = self._strip.extent_mm if self._strip else 0.0
        room = self.height() - 2 * END_PX
        return END_PX + (room * place.offset_mm / extent if extent > 0 else room / 2)

    def go_to(self, place: int) -> None:
        """Put the crosshair on a place; nothing happens unless the series is open."""
        if self._strip is None or self.current() is None:
            return
        place = min(max(place, 0), len(self._strip.places) - 1)
        point = np.array(self._session.state.view.crosshair_mm)
        wanted_mm = self._strip.first_mm + self._strip.places[place].offset_mm
        x, y, z = point + (wanted_mm - point @ self._strip.direction) * self._strip.direction
        self._session.move_crosshair((float(x), float(y), float(z)))

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.volume is not old.volume and self._record is not None:
            self.show_record(self._record)
        elif new.view.crosshair_mm != old.view.crosshair_mm:
            self._tell()
            self.update()

    def _tell(self) -> None:
        summary = self._strip.summary if self._strip else ""
        self.setAccessibleDescription(f"{summary}. {self.words()}".strip(". "))
        self.told.emit(self.words())

    def _place_at(self, y: float) -> int | None:
        if self._strip is None:
            return None
        extent, room = self._strip.extent_mm, max(self.height() - 2 * END_PX, 1.0)
        return self._strip.nearest((y - END_PX) / room * extent)

    # --- painting ---

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ticks, faults over them, then the current place."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn_places())
        if self._strip is not None:
            self._paint_current(painter, self._strip)
        if self.hasFocus():
            painter.setPen(QColor(ACCENT))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _drawn_places(self) -> QPixmap:
        """All but the current place, kept until another series or size: scrolling repaints this."""
        ratio = self.devicePixelRatioF()
        wanted = self.size() * ratio
        if self._ground is None or self._ground.size() != wanted:
            self._ground = QPixmap(wanted)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(QColor(PANEL))
            if self._strip is not None:
                painter = QPainter(self._ground)
                self._paint_places(painter, self._strip)
                self._paint_letters(painter, self._strip)
                painter.end()
        return self._ground

    def _tick_height(self, strip: StripPlaces) -> float:
        """Half the distance of neighbours, so that single slices and gaps can be told apart."""
        if len(strip.places) < 2:
            return 3.0
        each = (self.height() - 2 * END_PX) / (len(strip.places) - 1)
        return min(max(each * 0.55, 0.6), 3.0)

    def _paint_places(self, painter: QPainter, strip: StripPlaces) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self._tick_height(strip)
        for place in strip.places:
            if place.mark in (Mark.SLICE, Mark.UNEVEN):
                tick = QRectF(
                    TICK_LEFT, self.y_of(place) - height / 2, TICK_RIGHT - TICK_LEFT, height
                )
                painter.fillRect(tick, QColor(MUTED))
        last_letter = -LETTER_APART_PX
        painter.setFont(view_font(10, strong=True))
        for k, place in enumerate(strip.places):
            if place.mark is Mark.SLICE:
                continue
            area = self._fault_area(strip, k, height)
            _paint_fault(painter, area, place.mark)
            middle = area.center().y()
            if middle - last_letter >= LETTER_APART_PX:
                last_letter = middle
                painter.setPen(QColor(COLOURS[place.mark]))
                box = QRectF(TICK_RIGHT + 2, middle - 7, WIDTH_PX - TICK_RIGHT - 3, 14)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, place.mark.value)

    def _fault_area(self, strip: StripPlaces, k: int, height: float) -> QRectF:
        """A missing or doubled place; for an uneven distance the room between the two slices."""
        place, width = strip.places[k], TICK_RIGHT - TICK_LEFT
        if place.mark is Mark.UNEVEN:
            top = self.y_of(place) + height / 2
            bottom = self.y_of(strip.places[k + 1]) - height / 2
            return QRectF(TICK_LEFT + 4, top, width - 8, max(bottom - top, LEAST_FAULT_PX))
        high = max(2 * height, LEAST_FAULT_PX)
        if place.mark is Mark.MISSING:
            each = (self.height() - 2 * END_PX) / max(len(strip.places) - 1, 1)
            high = min(max(0.9 * each, LEAST_FAULT_PX), 14.0)
        return QRectF(TICK_LEFT, self.y_of(place) - high / 2, width, high)

    def _paint_letters(self, painter: QPainter, strip: StripPlaces) -> None:
        painter.setFont(view_font(11, strong=True))
        painter.setPen(QColor(MUTED))
        across = TICK_LEFT + TICK_RIGHT
        for letter, top in zip(strip.letters, (0.0, self.height() - END_PX), strict=True):
            box = QRectF(0, top + 2, across, END_PX - 6)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_current(self, painter: QPainter, strip: StripPlaces) -> None:
        """A line over the whole width with an arrow head; the place under the cursor fainter."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered is not None:
            y = self.y_of(strip.places[self._hovered])
            painter.setPen(QPen(QColor(TEXT), 1))
            painter.drawLine(QPointF(TICK_LEFT, y), QPointF(TICK_RIGHT, y))
        current = self.current()
        if current is None:
            return
        y = self.y_of(strip.places[current])
        painter.setPen(QPen(QColor(ACCENT), 1.6))
        painter.drawLine(QPointF(2, y), QPointF(TICK_RIGHT + 3, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ACCENT))
        head = [QPointF(0, y - 4.5), QPointF(6, y), QPointF(0, y + 4.5)]
        painter.drawPolygon(QPolygonF(head))

    # --- mouse and keyboard ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the slice that was clicked."""
        place = self._place_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.go_to(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the place under the cursor; with the button down, go there."""
        self._hovered = self._place_at(event.position().y())
        if event.buttons() & Qt.MouseButton.LeftButton and self._hovered is not None:
            self.go_to(self._hovered)
        self._tell()
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Nothing is under the cursor any more."""
        self._hovered = None
        self._tell()
        self.update()

    def event(self, event: QEvent) -> bool:
        """The tool tip tells the place under the cursor."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos().y())
            if self._strip is not None and place is not None:
                words = f"{self._strip.places[place].words}\n{self._strip.summary}"
                QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go to the next place, Home and End to the first and last."""
        current = self.current()
        moves = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Home: -len(self._strip.places) if self._strip else 0,
            Qt.Key.Key_End: len(self._strip.places) if self._strip else 0,
        }
        if current is not None and event.key() in moves:
            self.go_to(current + moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show who has the keyboard."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show who has the keyboard."""
        super().focusOutEvent(event)
        self.update()


def _paint_fault(painter: QPainter, area: QRectF, mark: Mark) -> None:
    """Missing: hatched; doubled: filled; uneven: an outline of the odd distance."""
    colour = QColor(COLOURS[mark])
    if mark is Mark.DOUBLED:
        painter.fillRect(area, colour)
        return
    painter.fillRect(area, QColor(BORDER))
    if mark is Mark.MISSING:
        hatch(painter, area, colour, apart_px=4.0)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
