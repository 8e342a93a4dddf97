"""What is written and drawn over a slice: edge letters, corner texts, crosshair, scale bar."""

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from core.data.series import Patient, SeriesRecord
from core.views.planes import Plane, SliceGeometry
from core.views.window import Window
from core.volume import Volume
from viewer.legend import shadowed_text
from viewer.plane_colours import LETTERS, PLANE_COLOURS, QUIET_TEXT, TEXT, view_font
from viewer.slice_placement import SlicePlacement
from viewer.view_state import PlaneView, Point

LETTER_PX, TEXT_PX = 20, 12
MARGIN_PX = 8.0
CROSSHAIR_GAP_PX = 14.0
SCALE_BARS_MM = (100, 50, 20, 10, 5, 2, 1)
LONGEST_SCALE_BAR = 0.28
"""Share of the view's width that the scale bar may take."""

_CROSSING = {
    Plane.AXIAL: (Plane.CORONAL, Plane.SAGITTAL),
    Plane.CORONAL: (Plane.AXIAL, Plane.SAGITTAL),
    Plane.SAGITTAL: (Plane.AXIAL, Plane.CORONAL),
}
"""Plane -> the planes whose slices are seen as its horizontal and its vertical line."""

_THROUGH = {
    Plane.AXIAL: (2, "H", "F"),
    Plane.CORONAL: (1, "P", "A"),
    Plane.SAGITTAL: (0, "L", "R"),
}
"""Plane -> LPS axis that it is stacked along, letters of its positive and negative side."""


@dataclass(frozen=True)
class Corner:
    """Lines of text in one corner of a view."""

    alignment: Qt.AlignmentFlag
    lines: tuple[str, ...]


def paint_edge_letters(painter: QPainter, size: QSizeF, place: SliceGeometry) -> None:
    """Patient directions in the middle of all four edges: always, larger than other text."""
    painter.setFont(view_font(LETTER_PX, strong=True))
    inside = QRectF(QPointF(0, 0), size).adjusted(MARGIN_PX, 4, -MARGIN_PX, -4)
    middle, centre = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignHCenter
    sides = {
        "left": Qt.AlignmentFlag.AlignLeft | middle,
        "right": Qt.AlignmentFlag.AlignRight | middle,
        "top": Qt.AlignmentFlag.AlignTop | centre,
        "bottom": Qt.AlignmentFlag.AlignBottom | centre,
    }
    for side, letters in place.edge_letters().items():
        shadowed_text(painter, inside, sides[side], letters, LETTERS)


def paint_corner(painter: QPainter, size: QSizeF, corner: Corner) -> None:
    """Lines of one corner, cut off before they would meet the other side's."""
    painter.setFont(view_font(TEXT_PX))
    metrics = QFontMetricsF(painter.font())
    inside = QRectF(QPointF(0, 0), size).adjusted(
        MARGIN_PX, MARGIN_PX - 2, -MARGIN_PX, 2 - MARGIN_PX
    )
    widest = inside.width() / 2 - LETTER_PX
    shown = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, widest) for line in corner.lines]
    for k, line in enumerate(shown):
        bottom = bool(corner.alignment & Qt.AlignmentFlag.AlignBottom)
        shift = (k - len(shown) + 1 if bottom else k) * metrics.lineSpacing()
        shadowed_text(painter, inside.translated(0, shift), corner.alignment, line)


def paint_crosshair(painter: QPainter, placement: SlicePlacement, point_mm: Point) -> None:
    """Two thin lines where the other planes cut this one, open around the point itself."""
    row, column = placement.place.to_pixel(point_mm)
    at = placement.to_screen((row, column))
    width, height = placement.size.width(), placement.size.height()
    across, along = _CROSSING[placement.place.plane]
    gap = CROSSHAIR_GAP_PX
    painter.setPen(_thin(PLANE_COLOURS[across]))
    painter.drawLine(QLineF(0, at.y(), at.x() - gap, at.y()))
    painter.drawLine(QLineF(at.x() + gap, at.y(), width, at.y()))
    painter.setPen(_thin(PLANE_COLOURS[along]))
    painter.drawLine(QLineF(at.x(), 0, at.x(), at.y() - gap))
    painter.drawLine(QLineF(at.x(), at.y() + gap, at.x(), height))


def _thin(colour: QColor) -> QPen:
    faint = QColor(colour)
    faint.setAlpha(150)
    pen = QPen(faint, 1)
    pen.setCosmetic(True)
    return pen


def scale_bar_mm(px_per_mm: float, longest_px: float) -> int:
    """Longest round length that fits; the shortest one where none does."""
    fitting = (length for length in SCALE_BARS_MM if length * px_per_mm <= longest_px)
    return next(fitting, SCALE_BARS_MM[-1])


def paint_scale_bar(painter: QPainter, placement: SlicePlacement) -> None:
    """A ruler above the bottom letter, with a tick for each tenth (each cm of 10 cm)."""
    width, height = placement.size.width(), placement.size.height()
    length_mm = scale_bar_mm(placement.px_per_mm, width * LONGEST_SCALE_BAR)
    length = length_mm * placement.px_per_mm
    left, y = (width - length) / 2, height - 34.0
    ticks = 10 if length_mm in (100, 10) else 5
    lines = [QLineF(left, y, left + length, y)]
    for k in range(ticks + 1):
        x = left + length * k / ticks
        lines.append(QLineF(x, y, x, y - (6 if k in (0, ticks) else 3)))
    for colour, thickness in ((QColor(0, 0, 0, 200), 3.0), (TEXT, 1.2)):
        painter.setPen(QPen(colour, thickness))
        painter.drawLines(lines)
    painter.setFont(view_font(TEXT_PX - 1))
    label = f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm} mm"
    # Over the end of the ruler: beside it stand the corner's lines, in its middle the crosshair.
    box = QRectF(left + length - 60, y - 24, 60, 16)
    shadowed_text(painter, box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, label)


def paint_border(painter: QPainter, size: QSizeF, colour: QColor, *, focused: bool) -> None:
    """The plane's colour as a thin frame; thick and full while the view has the keyboard."""
    shade = QColor(colour)
    shade.setAlpha(255 if focused else 120)
    thickness = 2.0 if focused else 1.0
    width, height = size.width(), size.height()
    for side in (  # four fills: stroking a rectangle of this size takes ten times as long
        QRectF(0, 0, width, thickness),
        QRectF(0, height - thickness, width, thickness),
        QRectF(0, thickness, thickness, height - 2 * thickness),
        QRectF(width - thickness, thickness, thickness, height - 2 * thickness),
    ):
        painter.fillRect(side, shade)


def paint_quiet(painter: QPainter, size: QSizeF, text: str) -> None:
    """A sentence in the middle of an empty view."""
    painter.setFont(view_font(TEXT_PX + 1))
    painter.setPen(QUIET_TEXT)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(QRectF(QPointF(0, 0), size).adjusted(24, 24, -24, -24), flags, text)


def patient_lines(series: SeriesRecord) -> tuple[str, ...]:
    """Who and which study, as the headers say."""
    patient: Patient = series.patient
    name = " ".join(part for part in patient.name.replace("^", " ").split() if part)
    about = "  ".join(part for part in (patient.identifier, patient.sex, patient.age) if part)
    study = "  ".join(part for part in (series.study_description, _date(series.study_date)) if part)
    return tuple(line for line in (name, about, study) if line)


def _date(stored: str) -> str:
    digits = len(stored) == 8 and stored.isdigit()
    return f"{stored[:4]}-{stored[4:6]}-{stored[6:]}" if digits else stored


def series_lines(series: SeriesRecord, volume: Volume) -> tuple[str, ...]:
    """Series description, slice thickness and distance, kernel and tube voltage."""
    thickness = series.slices[0].thickness_mm if series.slices else None
    apart_mm = volume.geometry.spacing_mm[0]
    slices = f"{thickness:g} mm slices" if thickness else "slice thickness not stored"
    if thickness and abs(thickness - apart_mm) > 0.05:
        slices += f" every {apart_mm:.3g} mm"
    kvp = f"{series.kvp:g} kVp" if series.kvp else ""
    acquired = "  ".join(part for part in (series.kernel, kvp) if part)
    return tuple(line for line in (series.description, slices, acquired) if line)


def window_lines(
    window: Window, view: PlaneView, under: tuple[Point, int | None] | None
) -> tuple[str, ...]:
    """Width and level, zoom, and what lies under the cursor."""
    lines = [
        f"W {window.width_hu:.0f}  L {window.level_hu:.0f}",
        f"Zoom {view.zoom * 100:.0f} %",
    ]
    if under is not None:
        point, hu = under
        where = "  ".join(position_text(axis, point[axis]) for axis in range(3))
        lines = [hu_text(hu), f"{where} mm", *lines]
    return tuple(lines)


def hu_text(hu: int | None) -> str:
    """A measured value, or that there is none: padding of a missing slice is no measurement."""
    return "missing slice" if hu is None else f"{hu} HU"


def position_text(axis: int, value_mm: float) -> str:
    """One LPS coordinate with the letter of its side: -12.3 on axis 0 reads "R 12.3"."""
    positive, negative = ("LR", "PA", "HF")[axis]
    return f"{positive if value_mm >= 0 else negative} {abs(value_mm):.1f}"


def slice_lines(place: SliceGeometry, volume: Volume, number: int) -> tuple[str, ...]:
    """Number of the slice among all, and its position through the patient."""
    count = volume.geometry.shape[place.plane.axis]
    axis, _, _ = _THROUGH[place.plane]
    rows, columns = place.shape
    middle = place.to_patient(((rows - 1) / 2, (columns - 1) / 2))
    position = position_text(axis, float(middle[axis]))
    return (f"{place.plane.value.capitalize()} {number} / {count}", f"{position} mm")
