"""The colour legend of the saliency overlay: method, scale, the threshold with its value.

On the relative scale 1 is the map's unit (`SaliencyMap.unit_words`); on the absolute one the marks
are raw attributions.
A signed map runs from -1 to 1.
"""

from math import floor, log10

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from core.views.overlay import OverlayStyle, is_signed, overlay_colours
from core.volume import SaliencyMap
from viewer.method_names import method_name
from viewer.plane_colours import TEXT, view_font

BAR_PX = 10.0
TICK_PX = 4.0
FONT_PX = 11
COLOUR_STOPS = 24
HARD_EDGE = 1e-4
"""Share of the bar within which dark turns into colour."""
APART = 0.15
"""Marks nearer to each other than this share of the bar would overprint."""
LEAST_PLAIN = 0.001
"""Raw attributions below this are written with a power of ten, which saves room."""
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
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
    title = legend_title(style, saliency)
    top, left, right = (
        Qt.AlignmentFlag.AlignTop,
        Qt.AlignmentFlag.AlignLeft,
        Qt.AlignmentFlag.AlignRight,
    )
    if rect.height() > rect.width():
        flags = right | top | Qt.TextFlag.TextWordWrap
        used = metrics.boundingRect(rect, flags, title).height()
        shadowed_text(painter, rect, flags, title)
        high = rect.height() - used - 0.5 * metrics.height() - 6
        bar = QRectF(rect.right() - BAR_PX, rect.top() + used + 6, BAR_PX, high)
        _paint_bar(painter, bar, (bar.bottomLeft(), bar.topLeft()), style, saliency)
    else:
        shadowed_text(painter, rect, left | top, title)
        bar = QRectF(rect.left() + 6, rect.top() + metrics.height() + 4, rect.width() - 12, BAR_PX)
        _paint_bar(painter, bar, (bar.bottomLeft(), bar.bottomRight()), style, saliency)
    painter.restore()


def legend_title(style: OverlayStyle, saliency: SaliencyMap) -> str:
    """The method, and on the absolute scale the power of ten that the marks are given in."""
    power = _power_of_ten(style, saliency)
    digits = str(abs(power)).translate(SUPERSCRIPT)
    factor = f" ×10{'⁻' if power < 0 else ''}{digits}" if power else ""
    above = ": none above threshold" if style.of(saliency).draws_nothing else ""
    return f"{method_name(saliency.method)}{factor}{above}"


def legend_marks(style: OverlayStyle, saliency: SaliencyMap) -> list[tuple[float, str]]:
    """Where the bar is labelled (0..1 of its length) and with what.

    The threshold pushes out an end that it would touch; above the map's maximum it has no place.
    """
    shown = style.of(saliency)
    threshold = shown.threshold
    values = [-1.0, 1.0] if is_signed(saliency) else [0.0, 1.0]
    thresholds = [] if shown.draws_nothing else [threshold]
    if thresholds and is_signed(saliency) and threshold >= APART:  # else both on one spot
        thresholds = [-threshold, threshold]
    kept = [v for v in values if all(abs(_along(v - t, saliency)) > APART for t in thresholds)]
    return [
        (_position(value, saliency), _label(value, style, saliency, exact=value in thresholds))
        for value in (*kept, *thresholds)
    ]


def threshold_words(style: OverlayStyle) -> str:
    """The threshold as it was chosen: a share of the map's unit, or the raw attribution."""
    if style.raw_threshold is None:
        return f"{style.threshold:.2f}"
    return f"{style.raw_threshold:.3g}".replace("-", "−")


def _power_of_ten(style: OverlayStyle, saliency: SaliencyMap) -> int:
    """0 on the relative scale and for raw attributions near 1, else a multiple of 3."""
    unit = abs(saliency.unit_value)
    if style.raw_threshold is None or unit == 0 or LEAST_PLAIN <= unit < 1000:
        return 0
    return 3 * floor(log10(unit) / 3)


def _along(distance: float, saliency: SaliencyMap) -> float:
    """A distance of values as a share of the bar."""
    return distance / (2 if is_signed(saliency) else 1)


def _position(value: float, saliency: SaliencyMap) -> float:
    return (value + 1) / 2 if is_signed(saliency) else value


def _label(value: float, style: OverlayStyle, saliency: SaliencyMap, *, exact: bool) -> str:
    """The threshold with one digit more than the ends."""
    if style.raw_threshold is None:
        label = f"{value:.2f}" if exact else f"{value:g}"
    else:
        raw = value * saliency.unit_value / 10.0 ** _power_of_ten(style, saliency)
        label = f"{raw:.3g}" if exact else f"{raw:.2g}"
    return label.replace("-", "−")


def _paint_bar(
    painter: QPainter,
    bar: QRectF,
    ends: tuple[QPointF, QPointF],
    style: OverlayStyle,
    saliency: SaliencyMap,
) -> None:
    """Colours between the ends (lowest and highest value), ticks and their labels."""
    gradient = QLinearGradient(*ends)
    gradient.setStops(_stops(style.of(saliency), saliency))
    painter.setPen(QPen(FRAME, 1))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    upright = ends[0].x() == ends[1].x()
    for position, label in legend_marks(style, saliency):
        at = ends[0] + (ends[1] - ends[0]) * position
        _paint_mark(painter, at, label, upright=upright, within=bar)


def _stops(style: OverlayStyle, saliency: SaliencyMap) -> list[tuple[float, QColor]]:
    """Colour stops along the bar: dark up to the threshold, then from it to 1 on each side."""
    if style.draws_nothing:
        return [(0.0, BELOW_THRESHOLD), (1.0, BELOW_THRESHOLD)]
    signed = is_signed(saliency)
    stops = [] if signed else [(0.0, BELOW_THRESHOLD)]
    for sign in (-1, 1) if signed else (0,):
        edge = _position(max(style.threshold - HARD_EDGE, 0.0) * (sign or 1), saliency)
        stops.append((edge, BELOW_THRESHOLD))
        for k, colour in enumerate(overlay_colours(style, COLOUR_STOPS, sign=sign)):
            value = style.threshold + (1 - style.threshold) * k / (COLOUR_STOPS - 1)
            place = _position(value * (sign or 1), saliency)
            stops.append((min(max(place, 0.0), 1.0), QColor(*map(int, colour))))
    return sorted(stops, key=lambda stop: stop[0])


def _paint_mark(
    painter: QPainter, at: QPointF, label: str, *, upright: bool, within: QRectF
) -> None:
    painter.setPen(QPen(TEXT, 1.5))
    height = QFontMetricsF(painter.font()).height()
    if upright:
        painter.drawLine(at, at - QPointF(TICK_PX, 0))
        box = QRectF(at.x() - TICK_PX - 60, at.y() - height / 2, 56, height)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    else:
        painter.drawLine(at, at + QPointF(0, TICK_PX))
        half = QFontMetricsF(painter.font()).horizontalAdvance(label) / 2 + 2
        lowest, highest = within.left() + half - 6, within.right() - half + 6
        middle = min(max(at.x(), lowest), highest)
        box = QRectF(middle - half, at.y() + TICK_PX, 2 * half, height)
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
