"""Key images of a calcium reading: slices with the marked lesions outlined, lettered and numbered.

Outlines run along the edges of the voxels that count, so that what was scored can be checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.calcium.marking import MarkedLesion
from core.calcium.reading import Reading
from core.calcium.vessel_colours import VESSEL_COLOURS
from core.views.lettering import AMBER, BLACK, GREY, width_px, write
from core.views.planes import Plane, slice_number
from core.views.window import PRESETS, lookup_table, to_grey
from core.volume import Volume

Picture = NDArray[np.uint8]

MOST_IMAGES = 8
PIXEL_MM = 0.2
"""Size of a pixel of the key images, the same along both edges."""
LEAST_SIDE_MM = 120.0
"""At least this much is shown: the heart with what lies round it."""
MARGIN_MM = 20.0
"""Round the marked lesions."""
OUTLINE_PX = 3
LETTERS_PX, TITLE_PX, TITLE_BAND_PX = 34, 28, 40
CALCIUM = next(preset.window for preset in PRESETS if preset.name == "Calcium")


@dataclass(frozen=True, eq=False)
class KeyImage:
    """One slice.

    Attributes:
        slice_index: Of the reoriented volume.
        lesions: Numbers, from 1, of the lesions outlined on it.
        pixels: RGB uint8 (rows, columns, 3), square pixels of `PIXEL_MM`, under a title band.
    """

    slice_index: int
    lesions: tuple[int, ...]
    pixels: Picture


@dataclass(frozen=True)
class _Crop:
    """Rows and columns of a slice that are shown, and pixels of the picture for each of them."""

    top: int
    left: int
    rows: int
    columns: int
    row_px: float
    column_px: float

    def corner(self, row: float, column: float) -> tuple[int, int]:
        """(x, y) in the picture of the upper left corner of a voxel."""
        return round((column - self.left) * self.column_px), round((row - self.top) * self.row_px)


def key_images(reading: Reading) -> tuple[KeyImage, ...]:
    """The fewest slices that show every marked lesion, at most `MOST_IMAGES`, in scan order.

    Args:
        reading: With its edits; nothing marked gives no image.
    """
    lesions = reading.marks.lesions
    if not lesions:
        return ()
    crop = _crop(reading.volume, lesions)
    images = []
    for index in sorted(_slices(lesions)):
        shown = tuple(
            number
            for number, lesion in enumerate(lesions, start=1)
            if (lesion.voxels[:, 0] == index).any()
        )
        images.append(KeyImage(index, shown, _drawn(reading, index, shown, crop)))
    return tuple(images)


def _slices(lesions: Sequence[MarkedLesion]) -> list[int]:
    """Each time the slice that shows most voxels of lesions that no slice before has shown.

    Coronary lesions come first.
    """
    unseen = [lesion for lesion in lesions if lesion.vessel.is_coronary]
    others = [lesion for lesion in lesions if not lesion.vessel.is_coronary]
    chosen: list[int] = []
    while (unseen or others) and len(chosen) < MOST_IMAGES:
        if not unseen:
            unseen, others = others, []
            continue
        of_slice = np.bincount(np.concatenate([lesion.voxels[:, 0] for lesion in unseen]))
        index = int(of_slice.argmax())
        chosen.append(index)
        unseen, others = (
            [lesion for lesion in group if not (lesion.voxels[:, 0] == index).any()]
            for group in (unseen, others)
        )
    return chosen


def _crop(volume: Volume, lesions: Sequence[MarkedLesion]) -> _Crop:
    """The same square for all images, so that the eye finds its way from one to the next."""
    counted = [lesion for lesion in lesions if lesion.vessel.is_coronary] or lesions
    places = np.concatenate([lesion.voxels[:, 1:] for lesion in counted])
    spacing = np.array(volume.geometry.spacing_mm[1:])
    shape = np.array(volume.geometry.shape[1:])
    low, high = places.min(axis=0), places.max(axis=0) + 1
    side_mm = max(float(((high - low) * spacing).max()) + 2 * MARGIN_MM, LEAST_SIDE_MM)
    size = np.minimum(np.rint(side_mm / spacing).astype(int), shape)
    first = np.clip(np.rint((low + high - size) / 2).astype(int), 0, shape - size)
    row_px, column_px = spacing / PIXEL_MM
    return _Crop(
        int(first[0]), int(first[1]), int(size[0]), int(size[1]), float(row_px), float(column_px)
    )


def _drawn(reading: Reading, index: int, shown: Sequence[int], crop: _Crop) -> Picture:
    stop_row, stop_column = crop.top + crop.rows, crop.left + crop.columns
    hu = reading.volume.hu[index, crop.top : stop_row, crop.left : stop_column]
    grey = to_grey(np.ascontiguousarray(hu), lookup_table(CALCIUM))
    size = crop.corner(stop_row, stop_column)
    large = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    draw = ImageDraw.Draw(large)
    taken: list[tuple[float, float, float, float]] = []
    for number in shown:
        lesion = reading.marks.lesions[number - 1]
        _outline(draw, lesion, index, crop)
    for number in shown:
        _letters(draw, (reading.marks.lesions[number - 1], number), index, crop, taken)
    _edges(draw, size)
    return np.vstack((_title(reading.volume, index, size[0]), np.array(large)))


def _outline(draw: ImageDraw.ImageDraw, lesion: MarkedLesion, index: int, crop: _Crop) -> None:
    voxels = lesion.voxels[lesion.voxels[:, 0] == index][:, 1:]
    held = {(int(row), int(column)) for row, column in voxels}
    colour = VESSEL_COLOURS[lesion.vessel]
    for row, column in held:
        edges = {
            (row - 1, column): ((row, column), (row, column + 1)),
            (row + 1, column): ((row + 1, column), (row + 1, column + 1)),
            (row, column - 1): ((row, column), (row + 1, column)),
            (row, column + 1): ((row, column + 1), (row + 1, column + 1)),
        }
        for neighbour, (start, end) in edges.items():
            if neighbour not in held:
                line = (*crop.corner(*start), *crop.corner(*end))
                draw.line(line, fill=colour, width=OUTLINE_PX)


def _letters(
    draw: ImageDraw.ImageDraw,
    numbered: tuple[MarkedLesion, int],
    index: int,
    crop: _Crop,
    taken: list[tuple[float, float, float, float]],
) -> None:
    """Vessel and number to the right of the lesion, below what stands there already."""
    lesion, number = numbered
    voxels = lesion.voxels[lesion.voxels[:, 0] == index][:, 1:]
    right, _ = crop.corner(0, int(voxels[:, 1].max()) + 1)
    _, middle = crop.corner(float(voxels[:, 0].mean()) + 0.5, 0)
    text = f"{lesion.vessel.value} {number}"
    width = width_px(text, LETTERS_PX, bold=True)
    edge = crop.columns * crop.column_px
    left = min(right + 8.0, edge - width - 4)
    top = max(middle - LETTERS_PX / 2, 0.0)
    while any(
        left < other[2]
        and other[0] < left + width
        and top < other[3]
        and other[1] < top + LETTERS_PX
        for other in taken
    ):
        top += LETTERS_PX
    taken.append((left, top, left + width, top + LETTERS_PX))
    write(
        draw,
        (left, top + LETTERS_PX / 2),
        text,
        size_px=LETTERS_PX,
        anchor="lm",
        bold=True,
        colour=VESSEL_COLOURS[lesion.vessel],
    )


def _title(volume: Volume, index: int, width: int) -> Picture:
    """A band with the place of the slice, to stand above the picture: nothing is hidden by it."""
    count = volume.geometry.shape[0]
    z_mm = float(volume.geometry.to_patient((index, 0, 0))[2])
    number = slice_number(Plane.AXIAL, index, count)
    text = f"Slice {number} of {count}, z {z_mm:.1f} mm".replace("-", "\N{MINUS SIGN}")
    band = Image.new("RGB", (width, TITLE_BAND_PX), BLACK)
    write(ImageDraw.Draw(band), (10, TITLE_BAND_PX / 2), text, size_px=TITLE_PX, anchor="lm")
    return np.array(band)


def _edges(draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """Which side is which, and how long 20 mm are."""
    write(draw, (10, size[1] / 2), "R", size_px=LETTERS_PX, anchor="lm", colour=AMBER, bold=True)
    write(
        draw,
        (size[0] - 10, size[1] / 2),
        "L",
        size_px=LETTERS_PX,
        anchor="rm",
        colour=AMBER,
        bold=True,
    )
    bar_px = round(20 / PIXEL_MM)
    draw.line((10, size[1] - 14, 10 + bar_px, size[1] - 14), fill=GREY, width=4)
    write(draw, (18 + bar_px, size[1] - 14), "20 mm", size_px=TITLE_PX, anchor="lm", colour=GREY)
