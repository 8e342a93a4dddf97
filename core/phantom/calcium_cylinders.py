"""Nine calcified cylinders in soft tissue: a phantom whose calcium score can be worked out.

Diameters of 5, 3 and 1.5 mm at 200, 400 and 800 HU on 40 HU, as in the phantoms of scanner makers
and of section 2.5 of our conventions. Cylinders stand along the slices. A voxel holds the value of
its centre in plane, and along the slices the share of the slice that the cylinder fills: without
noise every score follows from counting.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.volume import Volume

DIAMETERS_MM = (5.0, 3.0, 1.5)
DENSITIES_HU = (200, 400, 800)
TISSUE_HU = 40
HEIGHT_MM = 9.0
DISTANCE_MM = 14.0
"""Between the axes of neighbouring cylinders: none touches another."""
FIELD_MM = 56.0
LENGTH_MM = 36.0
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@dataclass(frozen=True)
class CylinderScan:
    """How the phantom is scanned.

    Attributes:
        thickness_mm: Of a slice.
        increment_mm: Distance of the slices; less than the thickness where they overlap.
        pixel_mm: In plane.
        noise_hu: Standard deviation in a slice of 3 mm; thinner slices are noisier by the root.
        start_mm: Where the first slice begins, 0 to the increment.
        seed: Of the noise.
    """

    thickness_mm: float = 3.0
    increment_mm: float = 3.0
    pixel_mm: float = 0.75
    noise_hu: float = 0.0
    start_mm: float = 0.0
    seed: int = 1


def cylinder_phantom(scan: CylinderScan) -> Volume:
    """The phantom as a volume: (LENGTH / increment, FIELD / pixel, FIELD / pixel) voxels."""
    rows = round(FIELD_MM / scan.pixel_mm)
    slices = int((LENGTH_MM - scan.start_mm) / scan.increment_mm)
    share = _share_of_slice(scan, slices)
    hu = np.full((slices, rows, rows), float(TISSUE_HU))
    for density_hu, disc in _discs(scan.pixel_mm, rows):
        hu += share[:, None, None] * disc * (density_hu - TISSUE_HU)
    rng = np.random.default_rng(scan.seed)
    hu += rng.normal(0.0, scan.noise_hu, hu.shape) if scan.noise_hu else 0.0
    origin_mm = (
        -FIELD_MM / 2,
        -FIELD_MM / 2,
        scan.start_mm + scan.thickness_mm / 2 - LENGTH_MM / 2,
    )
    spacing_mm = (scan.increment_mm, scan.pixel_mm, scan.pixel_mm)
    geometry = VolumeGeometry.from_axes(hu.shape, origin_mm, AXIAL, spacing_mm)
    return Volume(np.rint(hu).astype(np.int16), geometry)


def _share_of_slice(scan: CylinderScan, slices: int) -> NDArray[np.float64]:
    """Share of each slice's thickness that lies within the height of the cylinders."""
    start = scan.start_mm + np.arange(slices) * scan.increment_mm
    low, high = (LENGTH_MM - HEIGHT_MM) / 2, (LENGTH_MM + HEIGHT_MM) / 2
    inside = np.minimum(start + scan.thickness_mm, high) - np.maximum(start, low)
    share: NDArray[np.float64] = np.clip(inside / scan.thickness_mm, 0, 1)
    return share


def _discs(pixel_mm: float, rows: int) -> list[tuple[int, NDArray[np.bool_]]]:
    """Density and pixels of each cylinder."""
    place_mm = np.arange(rows) * pixel_mm - FIELD_MM / 2
    y, x = place_mm[:, None], place_mm[None]
    centres = [DISTANCE_MM * (k - 1) for k in range(len(DIAMETERS_MM))]
    return [
        (density, np.hypot(y - row, x - column) <= diameter / 2)
        for diameter, row in zip(DIAMETERS_MM, centres, strict=True)
        for density, column in zip(DENSITIES_HU, centres, strict=True)
    ]
