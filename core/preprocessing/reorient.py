"""Bring any storage order into the one in which we show and compute.

Permutes and flips only: no voxel is interpolated. Afterwards slices grow towards the head, rows
towards the back and columns towards the patient's left, as nearly as the scan's axes allow.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np

from core.geometry import VolumeGeometry
from core.volume import Mask, Volume

HEAD_BACK_LEFT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""LPS direction of growing slice, row and column after reorientation."""


def reorient(volume: Volume) -> Volume:
    """The same voxels with slices to the head, rows to the back, columns to the patient's left.

    Oblique scans keep their own axes: each goes to the patient axis that it is nearest to, the
    three chosen together.

    Returns:
        A volume whose `hu` is C-contiguous; the input itself if nothing had to move.
    """
    order, flips = _nearest_order(volume.geometry)
    if order == (0, 1, 2) and not any(flips):
        return volume
    geometry = _moved(volume.geometry, order, flips)
    step = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    hu = np.ascontiguousarray(volume.hu.transpose(order)[step])
    padding = volume.padding
    if padding is not None:
        padding = np.ascontiguousarray(padding.transpose(order)[step])
    axis = order.index(volume.missing_axis)
    last = geometry.shape[axis] - 1
    missing = sorted(last - k if flips[axis] else k for k in volume.missing_slices)
    return replace(
        volume,
        hu=hu,
        geometry=geometry,
        padding=padding,
        missing_slices=tuple(missing),
        missing_axis=axis,
    )


def in_stored_order(mask: Mask, stored: VolumeGeometry) -> Mask:
    """Labels of a reoriented scan in the order in which the scan was stored.

    Args:
        mask: On the geometry that `reorient` gives.
        stored: Geometry of the scan before it was reoriented.
    """
    order, flips = _nearest_order(stored)
    step = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    back = tuple(order.index(axis) for axis in range(3))
    return Mask(np.ascontiguousarray(mask.labels[step].transpose(back)), stored)


def _nearest_order(
    geometry: VolumeGeometry,
) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Which index becomes slice, row and column, and which of them then run backwards."""
    cosines = HEAD_BACK_LEFT @ geometry.axes.T  # [patient direction, stored index]
    order = max(permutations(range(3)), key=lambda p: sum(abs(cosines[k, p[k]]) for k in range(3)))
    flips = [bool(cosines[k, order[k]] < 0) for k in range(3)]
    return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])


def _moved(
    geometry: VolumeGeometry, order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> VolumeGeometry:
    shape = (geometry.shape[order[0]], geometry.shape[order[1]], geometry.shape[order[2]])
    affine = np.array(geometry.affine)
    affine[:3, :3] = geometry.affine[:3, list(order)]
    for k, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, k] * (shape[k] - 1)
            affine[:3, k] *= -1
    return VolumeGeometry(shape, affine, geometry.frame_of_reference_uid)
