"""What the volume view draws: a smaller volume, and a saliency map fit for smooth surfaces."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from core.geometry import VolumeGeometry
from core.volume import SaliencyMap, Volume

LARGEST_SIDE = 256
"""Voxels along one axis of the drawn volume: what software rendering can turn."""

LARGEST_MAP_SIDE = 64
"""Cells along one axis of a map before surfaces are drawn round it."""

SMALLEST_MAP_SIDE = 48
"""A coarser map is interpolated until its axes have about as many points."""

SMOOTHING_SHARE = 0.12
"""Width of the smoothing of an interpolated map, as a share of its cells."""


def reduced(volume: Volume, largest: int = LARGEST_SIDE) -> Volume:
    """The volume by block means, at most `largest` voxels along each axis.

    Voxels at the far end that do not fill a block are left out.
    """
    factors = tuple(-(-count // largest) for count in volume.geometry.shape)
    if factors == (1, 1, 1):
        return volume
    shape = tuple(n // f for n, f in zip(volume.geometry.shape, factors, strict=True))
    total = np.zeros(shape, dtype=np.int32)
    for start in np.ndindex(factors):
        ranges = zip(start, factors, shape, strict=True)
        total += volume.hu[tuple(slice(s, s + f * n, f) for s, f, n in ranges)]
    total //= int(np.prod(factors))
    return Volume(total.astype(np.int16), _blocks(volume.geometry, shape, factors))


def for_surfaces(saliency: SaliencyMap, threshold: float) -> SaliencyMap:
    """The thresholded map on a grid of a size that gives smooth, light surfaces.

    A fine map is reduced to blocks of which as many stay as its hot cells would fill: what is
    scattered over the slices does not become a solid body. A coarse one is interpolated linearly
    and smoothed by less than its cells. A rim of zeros closes surfaces at the border.
    """
    kept = saliency.thresholded(threshold)
    values, geometry = _densest_blocks(kept)
    values, geometry = _rimmed(values, geometry)
    values, geometry = _interpolated(values, geometry)
    return SaliencyMap(values, geometry, saliency.method, saliency.target, threshold)


def _densest_blocks(saliency: SaliencyMap) -> tuple[NDArray[np.float32], VolumeGeometry]:
    """Blocks of a thresholded map: those with the most saliency keep the mean of their hot cells.

    Their number is that of the hot cells over that of the cells of a block, rounded up.
    """
    factors = tuple(-(-count // LARGEST_MAP_SIDE) for count in saliency.geometry.shape)
    shape = tuple(n // f for n, f in zip(saliency.geometry.shape, factors, strict=True))
    whole = tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))
    (d, h, w), (a, b, c) = shape, factors
    blocks = saliency.values[whole].reshape(d, a, h, b, w, c)
    sums = blocks.sum(axis=(1, 3, 5))
    hot = np.count_nonzero(blocks, axis=(1, 3, 5))
    count = -(-int(hot.sum()) // int(np.prod(factors)))
    densest = np.argsort(sums, axis=None, kind="stable")[sums.size - count :]
    values = np.zeros(shape, dtype=np.float32)
    values.flat[densest] = sums.flat[densest] / np.maximum(hot.flat[densest], 1)
    return values, _blocks(saliency.geometry, shape, factors)


def _rimmed(
    values: NDArray[np.float32], geometry: VolumeGeometry
) -> tuple[NDArray[np.float32], VolumeGeometry]:
    rimmed = np.pad(values, 1)
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.to_patient((-1, -1, -1))
    return rimmed, VolumeGeometry(rimmed.shape, affine, geometry.frame_of_reference_uid)


def _interpolated(
    values: NDArray[np.float32], geometry: VolumeGeometry
) -> tuple[NDArray[np.float32], VolumeGeometry]:
    """Linear interpolation between cells, then a slight smoothing of its creases."""
    factors = tuple(max(1, round(SMALLEST_MAP_SIDE / count)) for count in values.shape)
    affine = geometry.affine.copy()
    for axis, factor in enumerate(factors):
        positions = np.arange((values.shape[axis] - 1) * factor + 1) / factor
        below = np.minimum(positions.astype(int), values.shape[axis] - 1)
        above = np.minimum(below + 1, values.shape[axis] - 1)
        share = (positions - below).astype(np.float32)
        share = share.reshape([-1 if k == axis else 1 for k in range(3)])
        values = np.take(values, below, axis) * (1 - share) + np.take(values, above, axis) * share
        affine[:3, axis] /= factor
    if max(factors) > 1:
        values = gaussian_filter(values, [SMOOTHING_SHARE * f * (f > 1) for f in factors])
    return values, VolumeGeometry(values.shape, affine, geometry.frame_of_reference_uid)


def _blocks(
    geometry: VolumeGeometry, shape: tuple[int, ...], factors: tuple[int, ...]
) -> VolumeGeometry:
    """Geometry of blocks of voxels: the centre of a block is the mean of its voxels' centres."""
    affine = geometry.affine.copy()
    affine[:3, :3] = geometry.affine[:3, :3] * np.array(factors)
    affine[:3, 3] = geometry.to_patient((np.array(factors) - 1) / 2)
    return VolumeGeometry((shape[0], shape[1], shape[2]), affine, geometry.frame_of_reference_uid)
