"""A picture of the chest in three dimensions, without OpenGL: the same pixels on every machine.

The volume is brought to cubes along the patient's axes, every cube gets a colour and an opacity
(`core.views.tissue`), and the cubes are laid over each other from the front to the back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import affine_transform

from core.geometry import Floats, VolumeGeometry
from core.preprocessing.reorient import reorient
from core.views.overlay import OverlayStyle, overlay_colours
from core.views.planes import PARALLEL_TOLERANCE
from core.views.tissue import tissue_colours
from core.volume import Mask, SaliencyMap, Volume

Picture = NDArray[np.uint8]
Values = NDArray[np.float32]

CUBE_MM = 1.8
"""Edge of the cubes: finer shows noise rather than anatomy, and costs time by the third power."""

REGION_MARGIN_MM = 30.0
"""Ribs, breastbone and spine lie within this of the lungs; arms and table beyond it."""

BACKGROUND = np.array([11, 14, 19], np.float32) / np.float32(255)
GLOW_PER_MM = 0.05
"""Light that a cell of saliency 1 adds per millimetre of its depth."""

GLOW_THROUGH_TISSUE = 0.45
"""Share of the glow that the tissue in front of it cannot hide: what the model saw must show."""

DARKEST_DEPTH_CUE = 0.6

FAINTEST_SHOWN = 0.04
"""Opacity or light from which a pixel counts as filled when the picture is trimmed."""

ROOM_CUBES = 6


@dataclass(frozen=True)
class Viewpoint:
    """Where the eye stands: in front of the patient, turned to the patient's left.

    Attributes:
        azimuth_degrees: 0 is straight from the front, 90 from the patient's left.
    """

    azimuth_degrees: float = 25.0

    @property
    def right(self) -> Floats:
        """LPS direction of growing picture columns."""
        angle = np.deg2rad(self.azimuth_degrees)
        return np.array([np.cos(angle), np.sin(angle), 0.0])

    @property
    def down(self) -> Floats:
        """LPS direction of growing picture rows."""
        return np.array([0.0, 0.0, -1.0])

    @property
    def away(self) -> Floats:
        """LPS direction from the eye into the picture."""
        angle = np.deg2rad(self.azimuth_degrees)
        return np.array([-np.sin(angle), np.cos(angle), 0.0])


def volume_picture(
    volume: Volume,
    saliency: SaliencyMap | None,
    *,
    region: Mask | None = None,
    viewpoint: Viewpoint = Viewpoint(),
    style: OverlayStyle = OverlayStyle(),
    pixel_mm: float = 0.5,
) -> Picture:
    """Draw the chest with the thresholded saliency glowing in it.

    Args:
        volume: The CT in any storage order.
        saliency: On its own grid; thresholded at `style.threshold` before it is interpolated.
        region: Lungs and heart: soft tissue is drawn only inside, bone only near it. Without one,
            bone and air spaces of the whole volume are drawn.
        viewpoint: Where the eye stands.
        style: Threshold and colours of the saliency.
        pixel_mm: Size of a pixel of the picture.

    Returns:
        RGB uint8 (rows, columns, 3).
    """
    upright = reorient(volume)
    cubes = _cube_grid(upright.geometry if region is None else region.geometry, region)
    hu = _on_cubes(upright.hu, upright.geometry, cubes, outside=-1000.0)
    inside = None
    if region is not None:
        inside = _on_cubes(region.labels, region.geometry, cubes, outside=0.0) > 0.5
    rgba = tissue_colours(hu, inside, cube_mm=CUBE_MM, away=viewpoint.away)
    scene, transparency = _composite(rgba, viewpoint)
    picture: Values = scene + transparency[..., None] * BACKGROUND
    light = np.zeros_like(scene)
    if saliency is not None:
        kept = saliency.thresholded(style.threshold)
        heat = _on_cubes(kept.values, kept.geometry, cubes, outside=0.0)
        light = _glow(heat, rgba[..., 3], viewpoint, style)
    shown = _trimmed(_lighten(picture, light), np.maximum(1 - transparency, light.max(axis=2)))
    return _enlarged(shown, CUBE_MM / pixel_mm)


def _cube_grid(geometry: VolumeGeometry, region: Mask | None) -> VolumeGeometry:
    """Cubes along the patient's axes, index order (y to the back, x to the left, z to the feet)."""
    first, last = np.zeros(3), np.array(geometry.shape) - 1.0
    margin_mm = 0.0
    if region is not None and region.labels.any():
        margin_mm = REGION_MARGIN_MM
        for axis in range(3):
            others = tuple(k for k in range(3) if k != axis)
            filled = np.flatnonzero(region.labels.any(axis=others))
            first[axis], last[axis] = filled[0], filled[-1]
    corners = np.array(np.meshgrid(*np.stack([first, last], axis=1))).reshape(3, -1).T
    points = geometry.to_patient(corners)
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    size = np.ceil((high - low) / CUBE_MM).astype(int) + 1
    return VolumeGeometry.from_axes(
        (int(size[1]), int(size[0]), int(size[2])),
        (low[0], low[1], high[2]),
        ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
        (CUBE_MM,) * 3,
    )


def _on_cubes(
    values: NDArray[np.generic], geometry: VolumeGeometry, cubes: VolumeGeometry, *, outside: float
) -> Values:
    """Any array of `geometry` at the centres of the cubes; averaged first where it is finer."""
    factors = [max(1, int(CUBE_MM / spacing)) for spacing in geometry.spacing_mm]
    coarse = _block_means(values, factors)
    scale = np.diag([*factors, 1.0]).astype(float)
    scale[:3, 3] = (np.array(factors) - 1) / 2
    to_coarse = np.linalg.inv(geometry.affine @ scale) @ cubes.affine
    order = np.argmax(np.abs(to_coarse[:3, :3]), axis=0)
    matrix, offset = to_coarse[:3, :3], to_coarse[:3, 3]
    if sorted(order) == [0, 1, 2]:
        coarse, matrix, offset = coarse.transpose(order), matrix[order], offset[order]
        if np.abs(matrix - np.diag(np.diag(matrix))).max() < PARALLEL_TOLERANCE:
            matrix = np.diag(matrix)  # parallel axes: SciPy then interpolates axis by axis
    resampled: Values = affine_transform(
        coarse,
        matrix,
        offset,
        output_shape=cubes.shape,
        output=np.float32,
        order=1,
        mode="grid-constant",
        cval=outside,
    )
    return resampled


def _block_means(values: NDArray[np.generic], factors: list[int]) -> NDArray[np.generic]:
    """Mean over blocks of `factors` voxels; the rest of an incomplete block is left out."""
    if max(factors) == 1:
        return values
    counts = [count // factor for count, factor in zip(values.shape, factors, strict=True)]
    total: Values = np.zeros(counts, np.float32)
    for start in np.ndindex(*factors):
        every = [
            slice(first, first + count * factor, factor)
            for first, count, factor in zip(start, counts, factors, strict=True)
        ]
        total += np.asarray(values[tuple(every)], np.float32)
    return total / np.float32(np.prod(factors))


def _composite(rgba: Values, viewpoint: Viewpoint) -> tuple[Values, Values]:
    """Lay the cubes over each other, front to back.

    Args:
        rgba: (y, x, z, 4), colours multiplied by opacity.
        viewpoint: Where the eye stands.

    Returns:
        Colour (rows, columns, 3) and what is left of the background (rows, columns).
    """
    layers = list(_layers(rgba.shape[:2], viewpoint))
    columns, rows = len(layers[0][0]), rgba.shape[2]
    colour = np.zeros((columns, rows, 3), np.float32)
    left = np.ones((columns, rows), np.float32)
    for number, layer in enumerate(layers):
        sample = _gather(rgba, layer)
        if sample is None:
            continue
        cue = 1 - (1 - DARKEST_DEPTH_CUE) * number / len(layers)
        colour += left[..., None] * sample[..., :3] * cue
        left *= 1 - sample[..., 3]
    return colour.swapaxes(0, 1), left.T


def _glow(heat: Values, opacity: Values, viewpoint: Viewpoint, style: OverlayStyle) -> Values:
    """Light of the saliency, partly hidden by the tissue before it; RGB (rows, columns, 3)."""
    table = overlay_colours(style).astype(np.float32) / 255
    light = np.zeros((*_picture_shape(heat.shape, viewpoint), 3), np.float32)
    left = np.ones(light.shape[:2], np.float32)
    pair = np.stack([heat, opacity], axis=-1)
    floor = style.threshold / 2
    for layer in _layers(heat.shape[:2], viewpoint):
        sample = _gather(pair, layer)
        if sample is None:
            continue
        value = sample[..., 0]
        strength = np.clip((value - floor) / max(1 - floor, 1e-6), 0, 1)
        level = np.clip((value - style.threshold) / max(1 - style.threshold, 1e-6), 0, 1)
        seen = GLOW_THROUGH_TISSUE + (1 - GLOW_THROUGH_TISSUE) * left
        amount = strength * seen * (GLOW_PER_MM * CUBE_MM)
        light += amount[..., None] * table[(level * 255).astype(np.intp)]
        left *= 1 - sample[..., 1]
    return light.swapaxes(0, 1)


def _picture_shape(shape: tuple[int, ...], viewpoint: Viewpoint) -> tuple[int, int]:
    """(columns, rows) of the picture in cubes."""
    return len(next(iter(_layers(shape[:2], viewpoint)))[0]), shape[2]


def _layers(shape: tuple[int, ...], viewpoint: Viewpoint) -> "list[tuple[Values, Values]]":
    """(y, x) indices of every picture column, for each layer from the front to the back."""
    right, away = viewpoint.right, viewpoint.away
    half_y, half_x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    half_width = abs(right[0]) * half_x + abs(right[1]) * half_y
    half_depth = abs(away[0]) * half_x + abs(away[1]) * half_y
    across = np.arange(-half_width, half_width + 1)
    return [
        (
            (half_y + right[1] * across + away[1] * depth).astype(np.float32),
            (half_x + right[0] * across + away[0] * depth).astype(np.float32),
        )
        for depth in np.arange(-half_depth, half_depth + 1)
    ]


def _gather(values: Values, layer: tuple[Values, Values]) -> Values | None:
    """Columns (z, channels) of `values` (y, x, z, channels), linear in y and x, 0 outside."""
    y, x = layer
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    within = (y0 >= 0) & (x0 >= 0) & (y0 < values.shape[0] - 1) & (x0 < values.shape[1] - 1)
    if not within.any():
        return None
    y0, x0 = y0[within], x0[within]
    part_y, part_x = ((part[within] - low)[:, None, None] for part, low in ((y, y0), (x, x0)))
    upper = values[y0, x0] * (1 - part_x) + values[y0, x0 + 1] * part_x
    lower = values[y0 + 1, x0] * (1 - part_x) + values[y0 + 1, x0 + 1] * part_x
    sample = np.zeros((len(y), *values.shape[2:]), np.float32)
    sample[within] = upper * (1 - part_y) + lower * part_y
    return sample


def _lighten(picture: Values, light: Values) -> Values:
    """Add light to a picture without ever burning out to more than white."""
    lit: Values = 1 - (1 - np.clip(picture, 0, 1)) * np.exp(-light)
    return lit


def _trimmed(picture: Values, filled: Values) -> Values:
    """The part of the picture that shows something, with a little room around it."""
    rows, columns = (np.flatnonzero(filled.max(axis=k) > FAINTEST_SHOWN) for k in (1, 0))
    if not len(rows):
        return picture
    top, left = max(rows[0] - ROOM_CUBES, 0), max(columns[0] - ROOM_CUBES, 0)
    return picture[top : rows[-1] + ROOM_CUBES + 1, left : columns[-1] + ROOM_CUBES + 1]


def _enlarged(picture: Values, factor: float) -> Picture:
    height, width = (round(count * factor) for count in picture.shape[:2])
    rounded = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.array(Image.fromarray(rounded).resize((width, height), Image.Resampling.BICUBIC))
