"""Paints one series of the list: picture, description, slices, three fitness badges, verdicts."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.data.fitness import Fitness, Level
from core.data.series import SeriesRecord
from viewer.panels.series_order import ListedSeries, best_words, series_title
from viewer.theme import (
    ACCENT,
    BORDER,
    HOVER,
    LEVEL_COLOURS,
    LEVEL_MARKS,
    MUTED,
    PANEL,
    RAISED,
    RED,
    TEXT,
)

LISTED_ROLE = Qt.ItemDataRole.UserRole
OPEN_ROLE = Qt.ItemDataRole.UserRole + 1
PICTURE_ROLE = Qt.ItemDataRole.UserRole + 2

MARGIN_PX = 12
PADDING_PX = 9
PICTURE_PX = 48
PART_INDENT_PX = 16
BADGE_HEIGHT_PX = 22
BADGE_GAP_PX = 6
LINE_GAP_PX = 3
REFUSAL_LINES = 2
PURPOSES = ("View", "Model", "Calcium")


def series_line(record: SeriesRecord) -> str:
    """Slices, thickness and kernel of a series in one line; what is not stored is left out."""
    thickness = record.slices[0].thickness_mm if record.slices else None
    parts = [f"{record.slice_count} slices" if record.slice_count != 1 else "1 slice"]
    if thickness is not None:
        parts.append(f"{thickness:.1f} mm")
    if record.kernel:
        parts.append(record.kernel)
    return " · ".join(parts)


def fitness_words(fitness: Fitness) -> str:
    """Verdicts with every reason, a line each: for tool tips and screen readers."""
    lines = []
    for purpose in PURPOSES:
        verdict = getattr(fitness, purpose.lower())
        lines.append(f"{purpose}: {verdict.level.word}")
        lines.extend(f"   {reason.text} {reason.remedy}".rstrip() for reason in verdict.reasons)
    return "\n".join(lines)


def refusal_words(fitness: Fitness) -> str:
    """Why a series cannot even be viewed; empty where it can."""
    worst = fitness.view.worst
    return worst.text if worst is not None and worst.level is Level.BLOCK else ""


class SeriesDelegate(QStyledItemDelegate):
    """Draws a series as a card; the open one has a bar at its left edge."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Picture, badges, and what is said below them; as wide as the list."""
        listed: ListedSeries = index.data(LISTED_ROLE)
        metrics = QFontMetrics(option.font)
        height = 2 * PADDING_PX + PICTURE_PX + 8 + BADGE_HEIGHT_PX
        if listed.best_for:
            height += metrics.height() + 6
        if refusal_words(listed.fitness):
            height += REFUSAL_LINES * metrics.height() + 6
        return QSize(option.rect.width(), height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one series."""
        listed: ListedSeries = index.data(LISTED_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, is_open=bool(index.data(OPEN_ROLE)))
        area = option.rect.adjusted(MARGIN_PX + 2, PADDING_PX, -MARGIN_PX, -PADDING_PX)
        if listed.is_part:
            _draw_elbow(painter, area)
            area.adjust(PART_INDENT_PX, 0, 0, 0)
        self._paint_head(painter, option, area, listed, index.data(PICTURE_ROLE))
        top = area.top() + PICTURE_PX + 8
        _draw_badges(painter, area.left(), top, listed.fitness)
        painter.setFont(option.font)
        self._paint_words(painter, area, top + BADGE_HEIGHT_PX + 6, listed)
        painter.restore()

    def _paint_head(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        area: QRect,
        listed: ListedSeries,
        picture: QImage | None,
    ) -> None:
        """The picture, and beside it description, slices and why it was split off."""
        _draw_picture(painter, QRect(area.left(), area.top(), PICTURE_PX, PICTURE_PX), picture)
        left, height = area.left() + PICTURE_PX + 10, painter.fontMetrics().height()
        record = listed.record
        lines = [series_title(record), series_line(record)]
        if record.split_by:
            lines.append(f"split by {record.split_by}")
        step = min(height + LINE_GAP_PX, (PICTURE_PX + LINE_GAP_PX) // len(lines))
        top = area.top() + (PICTURE_PX - step * len(lines) + LINE_GAP_PX) // 2
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        for k, text in enumerate(lines):
            painter.setFont(bold if k == 0 else option.font)
            line = QRect(left, top + k * step, area.right() - left + 1, height)
            _draw_line(painter, line, text, TEXT if k == 0 else MUTED)

    def _paint_words(self, painter: QPainter, area: QRect, top: int, listed: ListedSeries) -> None:
        """What it is the best for; or why it cannot be viewed, in at most two lines."""
        height = painter.fontMetrics().height()
        if listed.best_for:
            line = QRect(area.left(), top, area.width(), height)
            _draw_line(painter, line, f"★  {best_words(listed.best_for)}", ACCENT)
            top += height + 6
        refusal = refusal_words(listed.fitness)
        if refusal:
            painter.setPen(QColor(RED))
            box = QRect(area.left(), top, area.width(), REFUSAL_LINES * height)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            shown = _shortened(painter.fontMetrics(), refusal, area.width())
            painter.drawText(box, flags | Qt.TextFlag.TextWordWrap, shown)

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


def _shortened(metrics: QFontMetrics, text: str, width: int) -> str:
    """As much as two lines hold for certain: words are broken at spaces."""
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(REFUSAL_LINES * width * 0.9))


def _draw_line(painter: QPainter, area: QRect, text: str, colour: str) -> None:
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_picture(painter: QPainter, area: QRect, picture: QImage | None) -> None:
    """The middle slice; until it is made, an empty frame of its size."""
    painter.fillRect(area, QColor("#000000"))
    if picture is None:
        painter.setPen(QColor(BORDER))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        inner = area.adjusted(12, 17, -12, -17)
        painter.drawEllipse(inner)
        return
    size = picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(area.topLeft(), size)
    place.moveCenter(area.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, picture)


def _draw_elbow(painter: QPainter, area: QRect) -> None:
    """From the series above to the part that was split off from it."""
    painter.setPen(QPen(QColor(BORDER), 1.5))
    x, y = area.left() + 4, area.top() + PICTURE_PX // 2
    painter.drawLine(x, area.top() - PADDING_PX, x, y)
    painter.drawLine(x, y, x + PART_INDENT_PX - 7, y)


def _draw_badges(painter: QPainter, left: int, top: int, fitness: Fitness) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    font.setWeight(QFont.Weight.Normal)
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
