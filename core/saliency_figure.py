"""Phantoms beside their maps as one picture: scan, painted cause, where the model looked."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from core.prognosis import RESEARCH_USE_ONLY
from core.report.words import method_name
from core.views.lettering import AMBER, GREY, WHITE, write
from core.views.overlay import OverlayStyle, blend, is_signed
from core.views.planes import Plane, SliceGeometry, reslice, slice_geometry, slice_values
from core.views.window import LUNG, MEDIASTINUM, Window, lookup_table, to_grey
from core.volume import Mask, SaliencyMap, Volume

CELL_PX = (236, 190)
"""Width and height of one picture."""
LABEL_PX, TITLE_PX, FOOTER_PX, GAP_PX = 150, 54, 34, 6
TEXT_PX, SMALL_PX = 17, 14
ROOM_MM = 12.0
"""Shown round the region that the model sees."""
BACKGROUND, OUTLINE = (11, 14, 19), (86, 180, 233)
SCAN_ROW = "Scan"
CAUSE_ROW = "Cause, as painted"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Heading:
    """What stands over a column.

    Attributes:
        name: Of the disease.
        numbers: What it does to the true risk, and what the model says.
        in_lung: Whether it is seen in the lung window.
    """

    name: str
    numbers: str
    in_lung: bool


@dataclass(frozen=True, eq=False)
class FigureColumn:
    """One phantom: row name to picture, RGB (rows, columns, 3) with square pixels."""

    heading: Heading
    pictures: dict[str, Picture]


def figure_column(
    heading: Heading, volume: Volume, truth: Mask, region: Mask, maps: Sequence[SaliencyMap]
) -> FigureColumn:
    """The axial slice that shows most of the cause, plain, outlined and under each map.

    Args:
        heading: Of the column.
        volume: Reoriented.
        truth: Labels > 0 are the cause; on the volume's grid.
        region: Labels > 0 are what the model is shown; on the same grid.
        maps: Not thresholded; drawn from their own thresholds up.
    """
    shown = (truth.labels > 0) & (region.labels > 0)
    index = int(shown.sum(axis=(1, 2)).argmax())
    place = slice_geometry(volume.geometry, Plane.AXIAL, index)
    crop = _crop(slice_values(region.labels, Plane.AXIAL, index) > 0, place)
    window = LUNG if heading.in_lung else MEDIASTINUM
    grey = _grey(volume, index, window)
    cause = slice_values(shown, Plane.AXIAL, index)
    pictures = {SCAN_ROW: _fitted(np.repeat(grey[:, :, None], 3, axis=2)[crop], place)}
    pictures[CAUSE_ROW] = _fitted(_outlined(grey, cause)[crop], place)
    for saliency in maps:
        style = OverlayStyle(opacity=0.65, threshold=saliency.threshold)
        values = reslice(saliency.thresholded(), place)
        picture = blend(grey, values, style, signed=is_signed(saliency))
        pictures[method_name(saliency.method)] = _fitted(picture[crop], place)
    return FigureColumn(heading, pictures)


def draw_figure(columns: Sequence[FigureColumn], footer: str) -> bytes:
    """PNG: a column for each phantom, a row for the scan, the cause and each map.

    Args:
        columns: At least one; all with the same rows.
        footer: Which model it is.
    """
    rows = list(columns[0].pictures)
    width, height = (side + GAP_PX for side in CELL_PX)
    size = (LABEL_PX + width * len(columns), TITLE_PX + height * len(rows) + FOOTER_PX)
    canvas = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    for number, column in enumerate(columns):
        x = LABEL_PX + width * number
        write(draw, (x + 4, 8), column.heading.name, size_px=TEXT_PX, bold=True)
        write(draw, (x + 4, 30), column.heading.numbers, size_px=SMALL_PX, colour=GREY)
        for k, name in enumerate(rows):
            picture = Image.fromarray(column.pictures[name])
            corner = (
                x + (CELL_PX[0] - picture.width) // 2,
                TITLE_PX + height * k + (CELL_PX[1] - picture.height) // 2,
            )
            canvas.paste(picture, corner)
    for k, name in enumerate(rows):
        middle = TITLE_PX + height * k + CELL_PX[1] / 2
        write(draw, (10, middle), name, size_px=TEXT_PX - 2, anchor="lm", colour=WHITE)
    baseline = size[1] - FOOTER_PX / 2
    write(draw, (10, baseline), RESEARCH_USE_ONLY, size_px=SMALL_PX, anchor="lm", colour=AMBER)
    write(draw, (size[0] - 10, baseline), footer, size_px=SMALL_PX, anchor="rm", colour=GREY)
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()


def _grey(volume: Volume, index: int, window: Window) -> Picture:
    hu = np.ascontiguousarray(slice_values(volume.hu, Plane.AXIAL, index))
    return to_grey(hu, lookup_table(window))


def _crop(region: NDArray[np.bool_], place: SliceGeometry) -> tuple[slice, slice]:
    """Rows and columns of the region and some room round it."""
    found = []
    for axis, pixel_mm in enumerate(place.pixel_mm):
        where = np.flatnonzero(region.any(axis=1 - axis))
        room = int(ROOM_MM / pixel_mm)
        found.append(slice(max(int(where[0]) - room, 0), int(where[-1]) + room + 1))
    return found[0], found[1]


def _outlined(grey: Picture, cause: NDArray[np.bool_]) -> Picture:
    """With the edge of the cause in a colour that every eye tells from grey."""
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    rgb[cause & ~binary_erosion(cause)] = OUTLINE
    return rgb


def _fitted(picture: Picture, place: SliceGeometry) -> Picture:
    """As large as the cell holds, pixels square."""
    down_mm, right_mm = (side * mm for side, mm in zip(picture.shape, place.pixel_mm, strict=False))
    factor = min(CELL_PX[0] / right_mm, CELL_PX[1] / down_mm)
    size = (max(round(right_mm * factor), 1), max(round(down_mm * factor), 1))
    image = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image)
