"""A calcified plaque: an ellipsoid in the patient, and the share of each voxel that it fills."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.subject import Finding, Vessel

Shares = NDArray[np.float32]
Triple = tuple[float, float, float]

SUBPIXELS = 3
"""Lines along the slices' normal through a pixel, per row and per column."""


@dataclass(frozen=True)
class Plaque:
    """One plaque of one person.

    Attributes:
        finding: Coronary, aortic or valve calcium.
        vessel: Coronary artery; None elsewhere.
        centre_mm: LPS, in the patient.
        radii_mm: Along each of the axes, in the patient.
        axes: Unit vectors of the radii, the first along the vessel.
        hu: Of its substance at 120 kV, from 200 to 1200.
        agatston: Its part of the intended score; 0 for what is not coronary.
        wall_mm: Thickness of the soft wall round it.
    """

    finding: Finding
    vessel: Vessel | None
    centre_mm: Triple
    radii_mm: Triple
    axes: tuple[Triple, Triple, Triple]
    hu: float
    agatston: float = 0.0
    wall_mm: float = 0.0

    @property
    def volume_mm3(self) -> float:
        """Of the ellipsoid."""
        return float(4 / 3 * np.pi * np.prod(self.radii_mm))

    def reach_mm(self, grown_mm: float = 0.0) -> Floats:
        """How far it reaches from its centre along x, y and z, (3,)."""
        radii = np.array(self.radii_mm) + grown_mm
        reach: Floats = np.sqrt(((np.array(self.axes) * radii[:, None]) ** 2).sum(0))
        return reach


@dataclass(frozen=True, eq=False)
class Voxels:
    """Voxels round a plaque, relative to its centre.

    Attributes:
        x_mm, y_mm, z_mm: Their centres along each axis, (columns,), (rows,), (slices,).
        pixel_mm: Distance of rows and of columns.
        thickness_mm: Of a slice, which sees all of it evenly.
    """

    x_mm: Floats
    y_mm: Floats
    z_mm: Floats
    pixel_mm: tuple[float, float]
    thickness_mm: float


def shares(plaque: Plaque, voxels: Voxels, *, grown_mm: float = 0.0) -> Shares:
    """Share 0..1 of each voxel (slice, row, column) that the plaque fills.

    Along the slices' normal it is exact: a line through an ellipsoid lies in it between the two
    roots of a quadratic, and a slice sees what of that chord falls into its thickness. In the plane
    nine lines stand for a pixel.

    Args:
        plaque: Its centre lies at 0, 0, 0 of the voxels.
        voxels: An axis-parallel grid.
        grown_mm: Added to all radii.
    """
    row_mm, column_mm = voxels.pixel_mm
    sub = (np.arange(SUBPIXELS) + 0.5) / SUBPIXELS - 0.5
    y = (voxels.y_mm[:, None] + sub * row_mm).reshape(-1, 1)
    x = (voxels.x_mm[:, None] + sub * column_mm).reshape(1, -1)
    scaled = np.array(plaque.axes) / (np.array(plaque.radii_mm) + grown_mm)[:, None]
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = scaled.T @ scaled
    slope = (xz * x + yz * y) / zz
    rest = (xx * x * x + 2 * xy * x * y + yy * y * y - 1) / zz
    half = np.sqrt(np.maximum(slope**2 - rest, 0))
    edge = (voxels.z_mm + voxels.thickness_mm / 2)[:, None, None]
    top = np.minimum(half - slope, edge)
    chord = top - np.maximum(-half - slope, edge - voxels.thickness_mm)
    filled = np.maximum(chord, 0) / voxels.thickness_mm
    blocks = (len(voxels.z_mm), len(voxels.y_mm), SUBPIXELS, len(voxels.x_mm), SUBPIXELS)
    mean: Shares = filled.reshape(blocks).mean(axis=(2, 4)).astype(np.float32)
    return mean
