"""A picture of the chest in three dimensions, without OpenGL: the same pixels on every machine.

The volume is brought to cubes along the patient's axes, every cube gets a colour and an opacity
(`core.views.tissue`), and the cubes are laid over each other from the front to the back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.geometry import Floats
from core.preprocessing.reorient import reorient
from core.views.cubes import CUBE_MM, cube_grid, on_cubes
from core.views.overlay import OverlayStyle, overlay_colours
from core.views.tissue import tissue_colours
from core.volume import Mask, SaliencyMap, Volume

Picture = NDArray[np.uint8]
Values = NDArray[np.float32]

BACKGROUND = np.array([11, 14, 19], np.float32) / np.float32(255)
GLOW_PER_MM = 0.03
"""How fast a glow of saliency 1 covers what lies behind it."""

GLOW_COVERS = 0.8
"""Share of the tissue's own light that the strongest glow takes away."""

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
    cubes = cube_grid(upright.geometry if region is None else region.geometry, region)
    hu = on_cubes(upright.hu, upright.geometry, cubes, outside=-1000.0)
    inside = None
    if region is not None:
        inside = on_cubes(region.labels, region.geometry, cubes, outside=0.0) > 0.5
    rgba = tissue_colours(hu, inside, cube_mm=CUBE_MM, away=viewpoint.away)
    scene, transparency = _composite(rgba, viewpoint)
    picture: Values = scene + transparency[..., None] * BACKGROUND
    filled = 1 - transparency
    if saliency is not None:
        kept = saliency.thresholded(style.threshold)
        heat = on_cubes(kept.values, kept.geometry, cubes, outside=0.0)
        glow = _glow(heat, rgba[..., 3], viewpoint, style)
        picture, filled = _lit(picture, glow), np.maximum(filled, glow[..., 3])
    shown = _trimmed(picture, filled)
    return _enlarged(shown, CUBE_MM / pixel_mm)


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
    """Light of the saliency, partly hidden by the tissue before it.

    Its colour is that of the greatest value on the line of sight, so that the legend holds; how
    strongly it covers the tissue grows with the depth of what glows.

    Returns:
        (rows, columns, 4): RGB and strength, 0..1.
    """
    columns, rows = _picture_shape(heat.shape, viewpoint)
    greatest = np.zeros((columns, rows), np.float32)
    amount = np.zeros((columns, rows), np.float32)
    left = np.ones((columns, rows), np.float32)
    pair = np.stack([heat, opacity], axis=-1)
    floor = style.threshold / 2
    for layer in _layers(heat.shape[:2], viewpoint):
        sample = _gather(pair, layer)
        if sample is None:
            continue
        greatest = np.maximum(greatest, sample[..., 0])
        seen = GLOW_THROUGH_TISSUE + (1 - GLOW_THROUGH_TISSUE) * left
        amount += seen * np.clip((sample[..., 0] - floor) / max(1 - floor, 1e-6), 0, 1)
        left *= 1 - sample[..., 1]
    level = np.clip((greatest - style.threshold) / max(1 - style.threshold, 1e-6), 0, 1)
    glow = np.empty((rows, columns, 4), np.float32)
    glow[..., :3] = overlay_colours(style)[(level.T * 255).astype(np.intp)] / np.float32(255)
    glow[..., 3] = 1 - np.exp(-amount.T * (GLOW_PER_MM * CUBE_MM))
    return glow


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


def _lit(picture: Values, glow: Values) -> Values:
    """The glow over the picture; the shape of the tissue stays to be seen in it."""
    strength = glow[..., 3:]
    lit: Values = picture * (1 - GLOW_COVERS * strength) + glow[..., :3] * strength
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
