"""Draws candidates, marked lesions, the hovered one with its chip, and the tool's line."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from core.calcium.lesion import Voxels
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.views.planes import Plane, nearest_slice
from core.volume import Mask
from viewer.axial_averages import average_words, averaged_around
from viewer.calcium.heart_box import corners_mm
from viewer.calcium.plane_pixels import Segments, lesion_pixels, outline, part_pixels
from viewer.calcium.state import CalciumState, Hover, Meant, Tool, is_on
from viewer.calcium.vessels import VESSEL_COLOURS
from viewer.legend import shadowed_text
from viewer.plane_colours import TEXT, view_font
from viewer.session import Session
from viewer.slice_placement import SlicePlacement
from viewer.theme import AMBER

IN_HEART = 0x96E0A83C
"""Amber; alpha first."""
ELSEWHERE = 0x5A8A8F98
OUTLINE_PX, RIM_PX = 1.8, 4.0
RIM = QColor(0, 0, 0, 190)
CHIP_PX, CHIP_PADDING_PX, CHIP_AWAY_PX = 13, 6.0, 16.0
LETTERS_PX = 13
CHIP_GROUND = QColor(18, 20, 22, 235)
NOTE_TOP_PX, NOTE_HALF_LETTER_PX = 74.0, 3.6
"""Under the letter and the corners' lines; about half the width of a letter."""
AVERAGE_TOP_PX, AVERAGE_PX = 54.0, 12
"""Between the corners' lines and the note."""
AMBER_EDGE = QColor(AMBER)
TOOL_LINE = QColor("#ffffff")
HOVER_COLOURS = {
    Meant.CANDIDATE: QColor("#ffffff"),
    Meant.MARKED: QColor("#ffffff"),
    Meant.BONE: QColor("#a8adb4"),
}


class CalciumOverlay:
    """What calcium mode draws over one slice view; keeps what the next picture can use again.

    Attributes:
        trail: Corners of the loop, or ends of the cut, that is being drawn (screen).
        menu: What hides the chip while it is open.
    """

    def __init__(self, session: Session, plane: Plane) -> None:
        self._session = session
        self._plane = plane
        self.trail: list[QPointF] = []
        self.menu: QWidget | None = None
        self._tint_key: tuple[object, object, range] = (None, None, range(0))
        self._tint: QImage | None = None
        self._marked_key: tuple[object, range] = (None, range(0))
        self._marked: list[tuple[Vessel, Segments]] = []

    def paint(self, painter: QPainter, placement: SlicePlacement) -> None:
        """Draw over a slice; nothing outside the mode."""
        state = self._session.state.calcium
        if not is_on(state) or state.case is None:
            return
        painter.save()
        block = self._shown(placement, state)
        self._paint_tint(painter, placement, state)
        if state.reading is not None:
            self._paint_marked(painter, placement, state.reading, block)
        hovered = state.hovered
        if hovered is not None and len(hovered.voxels):
            self._paint_hovered(painter, placement, state, hovered)
        if self._plane is Plane.AXIAL:
            self._paint_words(painter, placement, state, block)
        if state.box is not None:
            _paint_box(painter, placement, state.box)
        self._paint_trail(painter, as_box=state.tool is Tool.BOX)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, placement: SlicePlacement, state: CalciumState, block: range
    ) -> None:
        """That averages are shown, and the note on the last gesture below."""
        if len(block) > 1:
            painter.setFont(view_font(AVERAGE_PX, strong=True))
            words = f"{average_words(state.case.volume, block)}: scored on each slice"
            box = QRectF(0, AVERAGE_TOP_PX, placement.size.width(), AVERAGE_PX + 4)
            shadowed_text(painter, box, Qt.AlignmentFlag.AlignCenter, words, AMBER_EDGE)
        if state.note:
            width = placement.size.width()
            at = QPointF(width / 2 - len(state.note) * NOTE_HALF_LETTER_PX, NOTE_TOP_PX)
            paint_chip(painter, at, placement.size, state.note, AMBER_EDGE)

    def _paint_tint(
        self, painter: QPainter, placement: SlicePlacement, state: CalciumState
    ) -> None:
        block = self._shown(placement, state)
        key = (state.case, state.reading, block)
        if self._tint is None or self._tint_key != key:
            self._tint_key = key
            candidates, in_heart = (
                np.any([part_pixels(found, self._plane, index) > 0 for index in block], axis=0)
                for found in (state.case.candidates, state.case.in_heart)
            )
            lesions = () if state.reading is None else state.reading.marks.lesions
            for lesion in lesions:  # what is marked is bare under its outline
                shape = state.case.volume.geometry.shape
                marked = lesion_pixels(lesion.voxels, shape, self._plane, block)
                candidates &= ~marked
                in_heart &= ~marked
            self._tint = tint_picture(candidates, in_heart)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(placement.rectangle, self._tint)

    def _paint_marked(
        self, painter: QPainter, placement: SlicePlacement, reading: Reading, block: range
    ) -> None:
        key = (reading, block)
        if self._marked_key != key:
            self._marked_key = key
            self._marked = [
                (lesion.vessel, segments)
                for lesion in reading.marks.lesions
                if len(segments := self._outline(reading, lesion.voxels, block))
            ]
        for vessel, segments in self._marked:
            lines = _lines(segments, placement)
            _stroke(painter, lines, VESSEL_COLOURS[vessel])
            self._paint_letters(painter, lines, vessel, placement)

    def _outline(self, reading: Reading, voxels: Voxels, block: range) -> Segments:
        shape = reading.volume.geometry.shape
        return outline(lesion_pixels(voxels, shape, self._plane, block))

    def _shown(self, placement: SlicePlacement, state: CalciumState) -> range:
        """The slices of the plane that are seen: several where thin ones are averaged."""
        together = state.slices_together if self._plane is Plane.AXIAL else 1
        count = state.case.volume.geometry.shape[self._plane.axis]
        return averaged_around(placement.place.index, together, count)

    def _paint_letters(
        self, painter: QPainter, lines: list[QLineF], vessel: Vessel, placement: SlicePlacement
    ) -> None:
        """The vessel's name at the upper right: a colour alone is no sign."""
        right = max(max(line.x1(), line.x2()) for line in lines)
        top = min(min(line.y1(), line.y2()) for line in lines)
        painter.setFont(view_font(LETTERS_PX, strong=True))
        box = QRectF(right + 3, top - 14, 44, 16)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if box.right() > placement.size.width():
            box.moveRight(min(line.x1() for line in lines) - 3)
            left = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        shadowed_text(painter, box, left, vessel.value, VESSEL_COLOURS[vessel])

    def _paint_hovered(
        self,
        painter: QPainter,
        placement: SlicePlacement,
        state: CalciumState,
        hovered: Hover,
    ) -> None:
        if hovered.voxels[0, 0] not in self._axial_block(state):
            return
        segments = self._outline(state.reading, hovered.voxels, self._shown(placement, state))
        if not len(segments):
            return
        lines = _lines(segments, placement)
        colour = HOVER_COLOURS[hovered.meant]
        if hovered.meant is not Meant.MARKED:  # that one has its outline already
            _stroke(painter, lines, colour, dashed=hovered.meant is Meant.BONE)
        if self._plane is not Plane.AXIAL or (self.menu is not None and self.menu.isVisible()):
            return
        right = max(max(line.x1(), line.x2()) for line in lines)
        bottom = max(max(line.y1(), line.y2()) for line in lines)
        at = QPointF(right + CHIP_AWAY_PX, bottom + CHIP_AWAY_PX)
        edge = VESSEL_COLOURS[state.vessel] if hovered.meant is Meant.CANDIDATE else colour
        paint_chip(painter, at, placement.size, hovered.words, edge)

    def _axial_block(self, state: CalciumState) -> range:
        volume = state.case.volume
        index = nearest_slice(volume, Plane.AXIAL, self._session.state.view.crosshair_mm)
        return averaged_around(index, state.slices_together, volume.geometry.shape[0])

    def _paint_trail(self, painter: QPainter, *, as_box: bool) -> None:
        if len(self.trail) < 2:
            return
        if as_box:
            _stroke_box(painter, QRectF(self.trail[0], self.trail[-1]).normalized())
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((RIM, RIM_PX), (TOOL_LINE, OUTLINE_PX)):
            painter.setPen(QPen(colour, width))
            painter.drawPolyline(QPolygonF(self.trail))
        if len(self.trail) > 2:  # a loop is closed from its end to its beginning
            painter.setPen(QPen(TOOL_LINE, 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(self.trail[-1], self.trail[0])


def tint_picture(candidates: NDArray[np.bool_], in_heart: NDArray[np.bool_]) -> QImage:
    """Amber where a candidate lies in the heart region, dim grey elsewhere, else nothing."""
    pixels = np.zeros(candidates.shape, dtype=np.uint32)
    pixels[candidates] = ELSEWHERE
    pixels[in_heart] = IN_HEART
    rows, columns = pixels.shape
    picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32)
    return picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def paint_chip(painter: QPainter, at: QPointF, size: QSizeF, words: str, edge: QColor) -> None:
    """Lines of words on a dark ground with a coloured edge, kept inside the view."""
    painter.setFont(view_font(CHIP_PX, strong=True))
    metrics = QFontMetricsF(painter.font())
    lines = words.splitlines()
    room = size.width() - 8 - 2 * CHIP_PADDING_PX - 3
    lines = [metrics.elidedText(each, Qt.TextElideMode.ElideRight, room) for each in lines]
    box = QRectF(
        at.x(),
        at.y(),
        max(metrics.horizontalAdvance(each) for each in lines) + 2 * CHIP_PADDING_PX + 3,
        metrics.height() * len(lines) + CHIP_PADDING_PX,
    )
    box.moveLeft(max(4.0, min(box.left(), size.width() - box.width() - 4)))
    if box.bottom() > size.height() - 4:
        box.moveBottom(at.y() - 3 * CHIP_AWAY_PX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(CHIP_GROUND)
    painter.drawRoundedRect(box, 4, 4)
    painter.fillRect(QRectF(box.left(), box.top() + 2, 3, box.height() - 4), edge)
    painter.setPen(TEXT)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(box.adjusted(CHIP_PADDING_PX + 3, 0, 0, 0), flags, "\n".join(lines))


def _paint_box(painter: QPainter, placement: SlicePlacement, box: Mask) -> None:
    """The reader's heart region, as it is seen in any plane."""
    pixels = placement.place.to_pixel(corners_mm(box))
    points = [placement.to_screen((float(row), float(column))) for row, column in pixels]
    across, down = [each.x() for each in points], [each.y() for each in points]
    _stroke_box(painter, QRectF(QPointF(min(across), min(down)), QPointF(max(across), max(down))))


def _stroke_box(painter: QPainter, box: QRectF) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(RIM, 3.0), QPen(AMBER_EDGE, 1.2, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawRect(box)


def _lines(segments: Segments, placement: SlicePlacement) -> list[QLineF]:
    """Segments between corners of pixels as lines on the screen."""
    rows, columns = placement.place.shape
    shown = placement.rectangle
    to_screen = QTransform.fromTranslate(shown.left(), shown.top()).scale(
        shown.width() / columns, shown.height() / rows
    )
    return [to_screen.map(QLineF(*segment)) for segment in segments.tolist()]


def _stroke(
    painter: QPainter, lines: list[QLineF], colour: QColor, *, dashed: bool = False
) -> None:
    """Lines with a dark rim, to be seen on bone as on lung."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for shade, width in ((RIM, RIM_PX), (colour, OUTLINE_PX)):
        pen = QPen(shade, width)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        if dashed and shade is colour:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLines(lines)
