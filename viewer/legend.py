"""The colour legend of the saliency overlay: method, scale from 0 to 1, the threshold's tick."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from core.views.overlay import OverlayStyle, overlay_colours
from core.volume import SaliencyMap
from viewer.plane_colours import TEXT, view_font

METHOD_NAMES = {"gradcam": "GradCAM", "gradient": "Gradient"}
BAR_PX = 10.0
TICK_PX = 4.0
FONT_PX = 11
COLOUR_STOPS = 24
BELOW_THRESHOLD = QColor("#101214")
FRAME = QColor("#6b7178")
BACKING = QColor(0, 0, 0, 120)


def paint_legend(
    painter: QPainter, rect: QRectF, style: OverlayStyle, saliency: SaliencyMap
) -> None:
    """Paint the legend into a rectangle: upright where it is taller than wide, else lying.

    Saliency below the threshold is not drawn in the views: the bar is dark there.

    Args:
        painter: Already begun; its state is kept.
        rect: At least about 60 x 90 px upright, 120 x 40 px lying.
        style: Threshold and colours of the overlay.
        saliency: Whose method is named.
    """
    painter.save()
    painter.setFont(view_font(FONT_PX))
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    metrics = QFontMetricsF(painter.font())
    painter.fillRect(rect.adjusted(-3, -2, 4, 2), BACKING)
    title = METHOD_NAMES.get(saliency.method, saliency.method)
    if rect.height() > rect.width():
        _paint_title(painter, rect, title, Qt.AlignmentFlag.AlignRight)
        bar = QRectF(
            rect.right() - BAR_PX,
            rect.top() + metrics.height() + 6,
            BAR_PX,
            rect.height() - 1.5 * metrics.height() - 6,
        )
        _paint_bar(painter, bar, style, (bar.bottomLeft(), bar.topLeft()))
    else:
        _paint_title(painter, rect, title, Qt.AlignmentFlag.AlignLeft)
        bar = QRectF(rect.left() + 6, rect.top() + metrics.height() + 4, rect.width() - 12, BAR_PX)
        _paint_bar(painter, bar, style, (bar.bottomLeft(), bar.bottomRight()))
    painter.restore()


def legend_marks(threshold: float) -> list[tuple[float, str]]:
    """Where the scale is labelled, and with what; the threshold pushes out an end it touches."""
    marks = [(0.0, "0"), (1.0, "1")]
    return [mark for mark in marks if abs(mark[0] - threshold) > 0.15] + [
        (threshold, f"{threshold:.2f}")
    ]


def _paint_title(painter: QPainter, rect: QRectF, title: str, side: Qt.AlignmentFlag) -> None:
    shadowed_text(painter, rect, side | Qt.AlignmentFlag.AlignTop, title)


def _paint_bar(
    painter: QPainter, bar: QRectF, style: OverlayStyle, ends: tuple[QPointF, QPointF]
) -> None:
    """Colours from the threshold to 1 between the ends (0 and 1), ticks and their labels."""
    gradient = QLinearGradient(ends[0], ends[1])
    gradient.setColorAt(0, BELOW_THRESHOLD)
    span = 1 - style.threshold
    gradient.setColorAt(max(style.threshold - 1e-4, 0), BELOW_THRESHOLD)
    for k, colour in enumerate(overlay_colours(style, COLOUR_STOPS)):
        stop = style.threshold + span * k / (COLOUR_STOPS - 1)
        gradient.setColorAt(min(stop, 1), QColor(*map(int, colour)))
    painter.setPen(QPen(FRAME, 1))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    upright = ends[0].x() == ends[1].x()
    for value, label in legend_marks(style.threshold):
        at = ends[0] + (ends[1] - ends[0]) * value
        _paint_mark(painter, at, label, upright)


def _paint_mark(painter: QPainter, at: QPointF, label: str, upright: bool) -> None:
    painter.setPen(QPen(TEXT, 1.5))
    height = QFontMetricsF(painter.font()).height()
    if upright:
        painter.drawLine(at, at - QPointF(TICK_PX, 0))
        box = QRectF(at.x() - TICK_PX - 60, at.y() - height / 2, 56, height)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    else:
        painter.drawLine(at, at + QPointF(0, TICK_PX))
        box = QRectF(at.x() - 30, at.y() + TICK_PX, 60, height)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    shadowed_text(painter, box, flags, label)


def shadowed_text(
    painter: QPainter,
    rect: QRectF,
    flags: Qt.AlignmentFlag,
    text: str,
    colour: QColor = TEXT,
) -> None:
    """Text that stays legible on any picture: a black rim, then the colour."""
    painter.setPen(QColor(0, 0, 0, 200))
    for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(rect.translated(x, y), flags, text)
    painter.setPen(colour)
    painter.drawText(rect, flags, text)
