"""A chest of plain bodies in coarse voxels, of which every volume is known."""

import numpy as np
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.volume import Mask, Volume

SPACING_MM = (3.0, 3.0, 3.0)
SHAPE = (100, 100, 140)
LUNG_RADII_MM = (110.0, 75.0, 55.0)
RIGHT_CENTRE_MM = (0.0, 0.0, -75.0)
LEFT_CENTRE_MM = (0.0, 0.0, 75.0)
AIR_HU, LUNG_HU, TISSUE_HU = -1000, -850, 40


def millimetres(shape=SHAPE, spacing_mm=SPACING_MM):
    """Distance of every voxel from the middle, along (slice, row, column)."""
    axes = [(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, spacing_mm, strict=True)]
    return np.meshgrid(*axes, indexing="ij")


def ellipsoid(centre_mm, radii_mm, shape=SHAPE, spacing_mm=SPACING_MM) -> NDArray[np.bool_]:
    grid = millimetres(shape, spacing_mm)
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre_mm, radii_mm, strict=True)) <= 1


def right_lung(**grid):
    return ellipsoid(RIGHT_CENTRE_MM, LUNG_RADII_MM, **grid)


def left_lung(**grid):
    return ellipsoid(LEFT_CENTRE_MM, LUNG_RADII_MM, **grid)


def chest(*lungs, shape=SHAPE, spacing_mm=SPACING_MM) -> NDArray[np.int16]:
    """HU of a body in air that fills the volume from the first slice to the last."""
    _, y, x = millimetres(shape, spacing_mm)
    hu = np.where((y / 120) ** 2 + (x / 175) ** 2 <= 1, TISSUE_HU, AIR_HU).astype(np.int16)
    for lung in lungs:
        hu[lung] = LUNG_HU
    return hu


def geometry(shape=SHAPE, spacing_mm=SPACING_MM, **more) -> VolumeGeometry:
    return VolumeGeometry.from_axes(
        shape, (-10.0, 20.0, -300.0), HEAD_BACK_LEFT, spacing_mm, **more
    )


def volume(hu, spacing_mm=SPACING_MM) -> Volume:
    return Volume(hu, geometry(hu.shape, spacing_mm))


def mask(inside, spacing_mm=SPACING_MM) -> Mask:
    return Mask(inside.astype(np.uint8), geometry(inside.shape, spacing_mm))


def oblique_geometry(shape, spacing_mm=(2.5, 0.8, 0.7)) -> VolumeGeometry:
    """Axes turned by 20 degrees about x and 15 degrees about z."""
    a, b = np.deg2rad((20.0, 15.0))
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    axes = HEAD_BACK_LEFT @ (about_z @ about_x).T
    return VolumeGeometry.from_axes(shape, (12.0, -34.0, 56.0), axes, spacing_mm, "1.2.3")
