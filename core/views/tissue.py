"""Colour and opacity of tissue for the projection: what can be told from HU and the lungs' hull."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, gaussian_filter1d

from core.geometry import Floats

Values = NDArray[np.float32]
Inside = NDArray[np.bool_]

# Colour, HU between which the tissue appears, HU between which it gives way, opacity per mm.
BONE = ((0.98, 0.93, 0.83), (120, 330), (9000, 9001), 0.30)
SOFT = ((0.78, 0.26, 0.21), (-120, -20), (120, 330), 0.12)
VESSEL = ((0.90, 0.47, 0.45), (-720, -350), (-120, -20), 0.045)
LUNG = ((0.45, 0.62, 0.82), (-1000, -900), (-720, -350), 0.0022)

LOWEST_HU, HIGHEST_HU = -1024, 1023

LUNG_DEPTH_MM = (8.0, 16.0)
"""The hull holds a rim of the chest wall: tissue is drawn from this depth within it."""

BONE_REACH_MM = (18.0, 34.0)
"""Bone fades out between these distances from the hull: arms and shoulder blades are left out."""

AIR_HU = -500.0
CHEST_AIR_SHARE = (0.30, 0.70)
"""Levels of the hull with less air than this are liver and bowel, which would hide the heart."""

INTERIOR_SHARE = 0.12
"""Opacity of the inside of an organ beside that of its surface: what glows in it must show."""

AMBIENT_LIGHT, GLOSS, UNSHADED_LIGHT = 0.42, 0.35, 0.75
LIGHT_FROM_ABOVE = 0.55
SHARPEST_STEP_HU = 80.0
"""Gradient per cube above which a surface is fully shaded; below it noise has no direction."""


def tissue_colours(hu: Values, inside: Inside | None, *, cube_mm: float, away: Floats) -> Values:
    """Colour every cube.

    Args:
        hu: (y to the back, x to the left, z to the feet).
        inside: True within the hull of lungs and heart; None where nobody found it.
        cube_mm: Edge of a cube.
        away: LPS direction from the eye into the picture.

    Returns:
        (y, x, z, 4): RGB multiplied by opacity, and opacity, 0..1.
    """
    chest_share, bone_share = _shares(hu, inside, cube_mm)
    level = np.clip(hu, LOWEST_HU, HIGHEST_HU).astype(np.int16) - LOWEST_HU
    bone, chest = _table(BONE), _table(SOFT) + _table(VESSEL) + _table(LUNG)
    filled = (chest_share > 0) | ((bone_share > 0) & (level > BONE[1][0] - LOWEST_HU))
    where = np.flatnonzero(filled)
    level = level.ravel()[where]
    drawn = bone[level] * bone_share.ravel()[where, None]
    drawn += chest[level] * chest_share.ravel()[where, None]
    light, surface = _light(hu, where, away)
    drawn *= (INTERIOR_SHARE + (1 - INTERIOR_SHARE) * surface)[:, None]
    density = drawn[:, 3]
    opacity = 1 - np.exp(-density * cube_mm)
    drawn[:, :3] *= (light * opacity / np.maximum(density, 1e-9))[:, None]
    drawn[:, 3] = opacity
    rgba = np.zeros((hu.size, 4), np.float32)
    rgba[where] = drawn
    return rgba.reshape(*hu.shape, 4)


def _table(
    tissue: tuple[tuple[float, float, float], tuple[int, int], tuple[int, int], float],
) -> Values:
    """(HU - lowest, 4): colour times opacity per mm, and opacity per mm, of one tissue."""
    colour, rising, falling, per_mm = tissue
    hu = np.arange(LOWEST_HU, HIGHEST_HU + 1, dtype=np.float32)
    amount = _ramp(hu, rising) * (1 - _ramp(hu, falling)) * per_mm
    return amount[:, None] * np.array((*colour, 1.0), np.float32)


def _ramp(values: Values, between: tuple[float, float]) -> Values:
    """0 below, 1 above, smooth between."""
    share = np.clip((values - between[0]) / (between[1] - between[0]), 0, 1)
    smooth: Values = share * share * (3 - 2 * share)
    return smooth


def _shares(hu: Values, inside: Inside | None, cube_mm: float) -> tuple[Values, Values]:
    """How much of the chest's content and of bone is drawn in each cube, 0..1."""
    if inside is None or not inside.any():
        return np.zeros(hu.shape, np.float32), np.ones(hu.shape, np.float32)
    coarse = inside[::2, ::2, ::2]  # distances are smooth: an eighth of the cubes is enough
    depth_mm, reach_mm = (
        distance_transform_edt(mask, sampling=2 * cube_mm).astype(np.float32)
        for mask in (coarse, ~coarse)
    )
    air = ((hu[::2, ::2, ::2] < AIR_HU) & coarse).sum(axis=(0, 1))
    air_share = (air / np.maximum(coarse.sum(axis=(0, 1)), 1)).astype(np.float32)
    is_chest = _ramp(gaussian_filter1d(air_share, 5 / cube_mm), CHEST_AIR_SHARE) ** 2
    chest, bone = _ramp(depth_mm, LUNG_DEPTH_MM) * is_chest, 1 - _ramp(reach_mm, BONE_REACH_MM)
    return _doubled(chest, hu.shape), _doubled(bone, hu.shape)


def _doubled(values: Values, shape: tuple[int, ...]) -> Values:
    for axis in range(3):
        values = np.repeat(values, 2, axis=axis)
    return values[: shape[0], : shape[1], : shape[2]]


def _light(hu: Values, where: NDArray[np.intp], away: Floats) -> tuple[Values, Values]:
    """Light on the cubes at `where`, from the eye and from above it; how much they are surface."""
    smooth = gaussian_filter(np.clip(hu, -1000, 600), 0.8, truncate=2.5)
    steps = [step.ravel()[where] for step in np.gradient(smooth)]
    length = np.sqrt(steps[0] ** 2 + steps[1] ** 2 + steps[2] ** 2)
    lamp = np.array([away[1], away[0], LIGHT_FROM_ABOVE])  # y, x, z to the feet
    lamp /= np.linalg.norm(lamp)
    # HU grows into a surface: seen against the lamp, its gradient runs along with the light.
    along = steps[0] * float(lamp[0]) + steps[1] * float(lamp[1]) + steps[2] * float(lamp[2])
    facing = np.clip(along / np.maximum(length, 1e-3), 0, 1)
    surface = np.clip(length / SHARPEST_STEP_HU, 0, 1)
    shaded = AMBIENT_LIGHT + (1 - AMBIENT_LIGHT) * facing + GLOSS * facing**24
    light: Values = surface * shaded + (1 - surface) * UNSHADED_LIGHT
    return light, surface
