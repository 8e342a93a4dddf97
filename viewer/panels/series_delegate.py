"""Paints one series of the list: description, slices, thickness, kernel, three fitness badges."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from viewer.theme import ACCENT, HOVER, LEVEL_COLOURS, LEVEL_MARKS, MUTED, PANEL, RAISED, TEXT

RECORD_ROLE = Qt.ItemDataRole.UserRole
FITNESS_ROLE = Qt.ItemDataRole.UserRole + 1
OPEN_ROLE = Qt.ItemDataRole.UserRole + 2

MARGIN_PX = 12
BADGE_HEIGHT_PX = 22
BADGE_GAP_PX = 6
PURPOSES = ("View", "Model", "Calcium")


def series_line(record: SeriesRecord) -> str:
    """Slices, thickness and kernel of a series in one line; what is not stored is left out."""
    thickness = record.slices[0].thickness_mm if record.slices else None
    parts = [f"{record.slice_count} slices" if record.slice_count != 1 else "1 slice"]
    if thickness is not None:
        parts.append(f"{thickness:.1f} mm")
    if record.kernel:
        parts.append(record.kernel)
    return "  ·  ".join(parts)


def fitness_words(fitness: Fitness) -> str:
    """Verdicts with every reason, a line each: for tool tips and screen readers."""
    lines = []
    for purpose in PURPOSES:
        verdict = getattr(fitness, purpose.lower())
        lines.append(f"{purpose}: {verdict.level.word}")
        lines.extend(f"   {reason.text} {reason.remedy}".rstrip() for reason in verdict.reasons)
    return "\n".join(lines)


class SeriesDelegate(QStyledItemDelegate):
    """Draws a series as a card of three lines; the open one has a bar at its left edge."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Three lines high, as wide as the list."""
        return QSize(option.rect.width(), 2 * option.fontMetrics.height() + BADGE_HEIGHT_PX + 36)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one series."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, is_open=bool(index.data(OPEN_ROLE)))
        area = option.rect.adjusted(MARGIN_PX + 4, 9, -MARGIN_PX, -9)
        record: SeriesRecord = index.data(RECORD_ROLE)
        line_height = option.fontMetrics.height()
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        title = record.description or "Series without description"
        _draw_line(painter, QRect(area.left(), area.top(), area.width(), line_height), title, TEXT)
        painter.setFont(option.font)
        second = QRect(area.left(), area.top() + line_height + 3, area.width(), line_height)
        _draw_line(painter, second, series_line(record), MUTED)
        _draw_badges(painter, area.left(), second.bottom() + 8, index.data(FITNESS_ROLE))
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, *, is_open: bool
    ) -> None:
        selected = option.state & QStyle.StateFlag.State_Selected
        hovered = option.state & QStyle.StateFlag.State_MouseOver
        painter.fillRect(option.rect, QColor(RAISED if selected or hovered else PANEL))
        if is_open:
            edge = QRect(option.rect.left(), option.rect.top(), 4, option.rect.height())
            painter.fillRect(edge, QColor(ACCENT))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(ACCENT))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(HOVER))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())


def _draw_line(painter: QPainter, area: QRect, text: str, colour: str) -> None:
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_badges(painter: QPainter, left: int, top: int, fitness: Fitness) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    painter.setFont(font)
    for purpose in PURPOSES:
        level = getattr(fitness, purpose.lower()).level
        text = f"{LEVEL_MARKS[level]} {purpose}"
        width = painter.fontMetrics().horizontalAdvance(text) + 16
        badge = QRect(left, top, width, BADGE_HEIGHT_PX)
        painter.setPen(QColor(LEVEL_COLOURS[level]))
        outline = QRectF(badge).translated(0.5, 0.5)  # through the middle of pixels: a sharp line
        painter.drawRoundedRect(outline, BADGE_HEIGHT_PX / 2, BADGE_HEIGHT_PX / 2)
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
        left += width + BADGE_GAP_PX
