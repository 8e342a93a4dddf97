"""Missing slices in the volume view: empty, but they must not cut the body into pieces.

What hides the chest cavity is found on a volume whose missing slices are bridged by their nearest
neighbours; afterwards they are made air, so that nothing is drawn where nothing was measured.
"""

from dataclasses import replace

import numpy as np

from core.volume import Volume

AIR_HU = np.int16(-1024)


def bridged(volume: Volume) -> Volume:
    """The volume with each missing slice a copy of the nearest stored one; never to be measured."""
    if not volume.missing_slices:
        return volume
    count = volume.geometry.shape[volume.missing_axis]
    stored = np.setdiff1d(np.arange(count), volume.missing_slices)
    hu = np.moveaxis(volume.hu.copy(), volume.missing_axis, 0)
    for k in volume.missing_slices:
        hu[k] = hu[stored[np.argmin(np.abs(stored - k))]]
    return replace(volume, hu=np.moveaxis(hu, 0, volume.missing_axis))


def emptied(drawn: Volume, volume: Volume) -> Volume:
    """A volume made for drawing, with air where slices of `volume` are missing.

    Args:
        drawn: Perhaps on a coarser grid than `volume`.
        volume: Which slices are missing.
    """
    if not volume.missing_slices:
        return drawn
    axis = volume.missing_axis
    missing = np.zeros((len(volume.missing_slices), 3))
    missing[:, axis] = volume.missing_slices
    places = np.rint(drawn.geometry.to_index(volume.geometry.to_patient(missing))[:, axis])
    places = places[(places >= 0) & (places < drawn.geometry.shape[axis])].astype(int)
    hu = drawn.hu.copy()
    np.moveaxis(hu, axis, 0)[places] = AIR_HU
    return replace(drawn, hu=hu)
