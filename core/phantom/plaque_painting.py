"""Paints plaques on the grid of a scan, each in its small box, and marks them in truth masks.

How slices and pixels happen to cut a plaque moves the score of a small one by half: chance in a
scanner, where no two scans of a patient lie alike. Of a few such positions, 1.5 mm apart at
most, the painter takes for each coronary plaque the one that keeps the running sum of expected
scores nearest to the intended; plaque, size and density stay the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats, VolumeGeometry
from core.phantom.kernels import SOFT_SIGMA_MM
from core.phantom.plaque import Plaque, Shares, Voxels, shares
from core.phantom.plaque_score import WALL_HU, agatston, picture
from core.phantom.subject import Finding

STANDARD_KVP = 120.0

CALCIUM_FINDINGS = (Finding.CORONARY_CALCIUM, Finding.AORTIC_CALCIUM, Finding.VALVE_CALCIUM)

CONTRAST: Mapping[float, float] = MappingProxyType(
    {70.0: 207 / 130, 80.0: 177 / 130, 100.0: 145 / 130, 120.0: 1.0, 135.0: 119 / 130}
)
"""Contrast of calcium against 120 kV: the ratio of published thresholds that make the scores of
other voltages alike. 80 kV: Gräni et al. 2018 (doi:10.1093/ehjci/jey019); the others: the table of
our conventions, 2.3. Phantoms with hydroxyapatite agree: 1.14 at 100 kV, 1.59 at 70 kV."""

SLICE_PHASES, PIXEL_PHASES = (0.0, -0.17, 0.17, -0.33, 0.33, 0.5), (0.0, 0.5, 0.25, 0.75)
"""Positions tried, in increments along the slices and in pixels along rows and columns."""

MOST_SHIFT_MM = 1.5
NEAR_ENOUGH = 0.04
"""Share of the intended sum that the sum so far may be off."""

BACKGROUNDS_HU = np.array((-3, 0, 3), np.float32)
"""What lies round a plaque is not quite known: a position must do for all of these."""

TRUE_FROM_SHARE = 0.25
"""A voxel is marked if so much of it is calcium, and the fullest voxel of a plaque always."""


@dataclass(frozen=True, eq=False)
class Cover:
    """A plaque on the grid of a scan.

    Attributes:
        plaque: As it lies in this scan.
        box: Slices, rows and columns that it reaches, all within the grid.
        filled: Share of each voxel of the box that it fills.
        wall: Share that it fills with its soft wall.
    """

    plaque: Plaque
    box: tuple[slice, slice, slice]
    filled: Shares
    wall: Shares


def calcium_contrast(kvp: float) -> float:
    """Factor on the contrast of calcium at a tube voltage of 70 to 140 kV, against 120 kV."""
    voltages = np.array(list(CONTRAST))
    logs = np.log(list(CONTRAST.values()))
    steep = (logs[-1] - logs[-2]) / (voltages[-1] - voltages[-2])
    beyond = max(kvp - voltages[-1], 0.0)
    return float(np.exp(np.interp(kvp, voltages, logs) + steep * beyond))


def covers(
    geometry: VolumeGeometry, plaques: Sequence[Plaque], slice_thickness_mm: float | None = None
) -> tuple[Cover, ...]:
    """Plaques on the grid of a scan.

    Args:
        geometry: Slices to the head, rows to the back, columns to the left.
        plaques: In patient LPS mm; those outside the grid are left out.
        slice_thickness_mm: Which each slice sees evenly; None: the distance of slices.
    """
    thickness_mm = slice_thickness_mm or geometry.spacing_mm[0]
    found, intended, scored = [], 0.0, 0.0
    for plaque in plaques:
        cover = _cover(geometry, plaque, thickness_mm)
        if cover is None:
            continue
        if plaque.agatston > 0:
            intended += plaque.agatston
            target = _Target(geometry, thickness_mm, intended - scored, NEAR_ENOUGH * intended)
            cover, points = _nearest(cover, target)
            scored += points
        found.append(cover)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Target:
    """The score that a plaque should have on a grid.

    Attributes:
        geometry: Of the scan.
        thickness_mm: Of its slices.
        owed: Points that are still missing, this plaque's among them.
        tolerance: Points that the sum may be off.
    """

    geometry: VolumeGeometry
    thickness_mm: float
    owed: float
    tolerance: float

    def off(self, points: Floats) -> float:
        """How far the worst of some scores is from what is owed."""
        return float(np.abs(points - self.owed).max())


def _nearest(cover: Cover, target: _Target) -> tuple[Cover, float]:
    """The plaque at the first of a few positions that scores what is owed, or nearly so."""
    best, points = cover, _points(cover, target.geometry)
    for shifted in _shifted(cover.plaque, target.geometry):
        off = target.off(points)
        if off <= target.tolerance:
            break
        other = _cover(target.geometry, shifted, target.thickness_mm)
        if other is None:
            continue
        scored = _points(other, target.geometry)
        if target.off(scored) < off:
            best, points = other, scored
    return best, float(points.mean())


def _shifted(plaque: Plaque, geometry: VolumeGeometry) -> Iterator[Plaque]:
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    x, y, z = plaque.centre_mm
    for along, down, up in product(PIXEL_PHASES, PIXEL_PHASES, SLICE_PHASES):
        shift = np.array((along * column_mm, down * row_mm, up * slice_mm))
        dx, dy, dz = np.clip(shift, -MOST_SHIFT_MM, MOST_SHIFT_MM).tolist()
        yield replace(plaque, centre_mm=(x + dx, y + dy, z + dz))


def _points(cover: Cover, geometry: VolumeGeometry) -> Floats:
    """Expected scores of a plaque as it lies on the grid, one for each of the backgrounds."""
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    seen = picture(cover.filled, cover.wall, cover.plaque.hu, SOFT_SIGMA_MM / row_mm)
    area_mm2 = row_mm * column_mm
    return np.array([agatston(seen + off, area_mm2, slice_mm) for off in BACKGROUNDS_HU])


def _cover(geometry: VolumeGeometry, plaque: Plaque, thickness_mm: float) -> Cover | None:
    """None where the box of the plaque does not lie wholly on the grid."""
    spacing = np.array(geometry.spacing_mm)
    index = geometry.to_index(plaque.centre_mm)
    seen_mm = np.array((thickness_mm / 2, 3 * SOFT_SIGMA_MM, 3 * SOFT_SIGMA_MM))
    reach = (plaque.reach_mm(plaque.wall_mm)[::-1] + seen_mm) / spacing
    low, high = np.floor(index - reach).astype(int), np.ceil(index + reach).astype(int) + 1
    if (low < 0).any() or (high > geometry.shape).any():
        return None
    z, y, x = (
        (np.arange(first, stop) - at) * step
        for first, stop, at, step in zip(low, high, index, spacing, strict=True)
    )
    voxels = Voxels(x, y, z, (spacing[1], spacing[2]), thickness_mm)
    filled = shares(plaque, voxels)
    wall = shares(plaque, voxels, grown_mm=plaque.wall_mm) if plaque.wall_mm else filled
    spans = [slice(int(first), int(stop)) for first, stop in zip(low, high, strict=True)]
    return Cover(plaque, (spans[0], spans[1], spans[2]), filled, wall)


def paint_slice(
    picture_hu: NDArray[np.float32],
    index: int,
    found: Sequence[Cover],
    *,
    kvp: float = STANDARD_KVP,
) -> None:
    """Paint what a slice sees of all plaques, before the blur of a scanner in the plane.

    Args:
        picture_hu: HU (row, column), changed in place; the slice's profile is in it already.
        index: Of the slice.
        found: Of `covers`.
        kvp: Tube voltage.
    """
    contrast = calcium_contrast(kvp)
    for cover in found:
        slices, rows, columns = cover.box
        if not slices.start <= index < slices.stop:
            continue
        part, at = picture_hu[rows, columns], index - slices.start
        bright_hu = np.float32(contrast * (cover.plaque.hu - WALL_HU))
        part += cover.wall[at] * (np.float32(WALL_HU) - part)
        part += cover.filled[at] * bright_hu


def paint_plaques(
    hu: NDArray[np.float32],
    geometry: VolumeGeometry,
    plaques: Sequence[Plaque],
    *,
    kvp: float = STANDARD_KVP,
    slice_thickness_mm: float | None = None,
) -> dict[Finding, NDArray[np.bool_]]:
    """Paint plaques into a whole volume, before the blur of a scanner in the plane.

    Args:
        hu: (slice, row, column), changed in place; the slices' profile is in it already.
        geometry: Of the volume.
        plaques: In patient LPS mm.
        kvp: Tube voltage.
        slice_thickness_mm: None: the distance of slices.

    Returns:
        Masks of the findings that the scan holds.
    """
    found = covers(geometry, plaques, slice_thickness_mm)
    for index in range(geometry.shape[0]):
        paint_slice(hu[index], index, found, kvp=kvp)
    return truth(geometry.shape, found)


def truth(shape: tuple[int, int, int], found: Sequence[Cover]) -> dict[Finding, NDArray[np.bool_]]:
    """Masks of the findings that covers belong to."""
    masks: dict[Finding, NDArray[np.bool_]] = {}
    for cover in found:
        mask = masks.setdefault(cover.plaque.finding, np.zeros(shape, np.bool_))
        mask[cover.box] |= cover.filled >= min(TRUE_FROM_SHARE, float(cover.filled.max()))
    return masks
