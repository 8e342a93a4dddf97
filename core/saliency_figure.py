"""Phantoms beside their maps as one picture: scan, painted cause, where the model looked."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from core.prognosis import RESEARCH_USE_ONLY
from core.report.words import method_name
from core.saliency.truth_scores import highest_place
from core.views.lettering import AMBER, GREY, WHITE, write
from core.views.overlay import OverlayStyle, blend, is_signed
from core.views.planes import Plane, SliceGeometry, reslice, slice_geometry, slice_values
from core.views.window import LUNG, MEDIASTINUM, lookup_table, to_grey
from core.volume import Mask, SaliencyMap, Volume

CELL_PX = (236, 190)
"""Width and height of one picture."""
LABEL_PX, TITLE_PX, FOOTER_PX, GAP_PX = 150, 54, 58, 6
TEXT_PX, SMALL_PX = 17, 14
ROOM_MM = 12.0
"""Shown round the region that the model sees."""
BACKGROUND, OUTLINE = (11, 14, 19), (86, 180, 233)
SCAN_ROW = "Scan"
CAUSE_ROW = "Cause, as painted"
LEGEND = (
    "Synthetic phantoms. Blue: the disease as painted. Maps: from their thresholds up. "
    "Last row: the slice with the first map's highest place, ringed."
)
HIGHEST_ROW = "Slice of its highest"
RING_PX, RING_WIDTH_PX = 11, 2

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

    A last row has the slice with the first map's highest place in the region, ringed, and the
    cause outlined over the map: what the pointing game asks for. A map that is empty there has no
    highest place and no ring.

    Args:
        heading: Of the column.
        volume: Reoriented.
        truth: Labels > 0 are the cause; on the volume's grid.
        region: Labels > 0 are what the model is shown; on the same grid.
        maps: At least one; not thresholded, drawn from their own thresholds up.
    """
    shown = (truth.labels > 0) & (region.labels > 0)
    most = _Drawn(volume, shown, region, int(shown.sum(axis=(1, 2)).argmax()), heading.in_lung)
    pictures = {SCAN_ROW: most.fitted(most.plain())}
    pictures[CAUSE_ROW] = most.fitted(most.outlined(most.plain()))
    for saliency in maps:
        pictures[method_name(saliency.method)] = most.fitted(most.under(saliency))
    pictures[HIGHEST_ROW] = _highest(most, maps[0])
    return FigureColumn(heading, pictures)


def _highest(most: "_Drawn", saliency: SaliencyMap) -> Picture:
    """The slice of the map's highest place, outlined and ringed; that of most cause without one."""
    place = highest_place(saliency, most.region)
    if place is None:
        return most.fitted(most.outlined(most.plain()))
    index, row, column = place
    drawn = replace(most, index=index)
    return drawn.ringed(drawn.outlined(drawn.under(saliency)), row, column)


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
    baseline = size[1] - FOOTER_PX / 4
    above = size[1] - 3 * FOOTER_PX / 4
    write(draw, (10, above), LEGEND, size_px=SMALL_PX, anchor="lm", colour=GREY)
    write(draw, (10, baseline), RESEARCH_USE_ONLY, size_px=SMALL_PX, anchor="lm", colour=AMBER)
    write(draw, (size[0] - 10, baseline), footer, size_px=SMALL_PX, anchor="rm", colour=GREY)
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One axial slice, cropped to what the model is shown of it.

    Attributes:
        volume: Of the scan.
        cause: True in the cause, on the volume's grid.
        region: What the model is shown.
        index: Of the slice.
        in_lung: In the lung window, else in the mediastinal one.
    """

    volume: Volume
    cause: NDArray[np.bool_]
    region: Mask
    index: int
    in_lung: bool

    @cached_property
    def _place(self) -> SliceGeometry:
        return slice_geometry(self.volume.geometry, Plane.AXIAL, self.index)

    @cached_property
    def _crop(self) -> tuple[slice, slice]:
        return _crop(slice_values(self.region.labels, Plane.AXIAL, self.index) > 0, self._place)

    @cached_property
    def _grey(self) -> Picture:
        hu = np.ascontiguousarray(slice_values(self.volume.hu, Plane.AXIAL, self.index))
        return to_grey(hu, lookup_table(LUNG if self.in_lung else MEDIASTINUM))

    def plain(self) -> Picture:
        """Grey as RGB."""
        return np.repeat(self._grey[:, :, None], 3, axis=2)

    def under(self, saliency: SaliencyMap) -> Picture:
        """The slice with a map over it."""
        style = OverlayStyle(opacity=0.65, threshold=saliency.threshold)
        values = reslice(saliency.thresholded(), self._place)
        return blend(self._grey, values, style, signed=is_signed(saliency))

    def outlined(self, picture: Picture) -> Picture:
        """With the edge of the cause in a colour that every eye tells from grey and from heat."""
        cause = slice_values(self.cause, Plane.AXIAL, self.index)
        drawn = picture.copy()
        drawn[cause & ~binary_erosion(cause)] = OUTLINE
        return drawn

    def fitted(self, picture: Picture) -> Picture:
        """Cropped, as large as the cell holds, pixels square."""
        return _fitted(picture[self._crop], self._place)

    def ringed(self, picture: Picture, row: int, column: int) -> Picture:
        """Cropped and fitted, with a ring round a pixel of the slice."""
        down, right = self._crop
        image = Image.fromarray(self.fitted(picture))
        y = (row - down.start + 0.5) * image.height / (down.stop - down.start)
        x = (column - right.start + 0.5) * image.width / (right.stop - right.start)
        box = (x - RING_PX, y - RING_PX, x + RING_PX, y + RING_PX)
        ImageDraw.Draw(image).ellipse(box, outline=WHITE, width=RING_WIDTH_PX)
        return np.asarray(image)


def _crop(region: NDArray[np.bool_], place: SliceGeometry) -> tuple[slice, slice]:
    """Rows and columns of the region and some room round it."""
    found = []
    for axis, pixel_mm in enumerate(place.pixel_mm):
        where = np.flatnonzero(region.any(axis=1 - axis))
        room = int(ROOM_MM / pixel_mm)
        last = min(int(where[-1]) + room + 1, region.shape[axis])
        found.append(slice(max(int(where[0]) - room, 0), last))
    return found[0], found[1]


def _fitted(picture: Picture, place: SliceGeometry) -> Picture:
    """As large as the cell holds, pixels square."""
    down_mm, right_mm = (side * mm for side, mm in zip(picture.shape, place.pixel_mm, strict=False))
    factor = min(CELL_PX[0] / right_mm, CELL_PX[1] / down_mm)
    size = (max(round(right_mm * factor), 1), max(round(down_mm * factor), 1))
    image = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image)
