"""A volume handed to another process through shared memory, without going through a pipe."""

import shutil
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ResourcesError
from core.geometry import VolumeGeometry
from core.volume import Volume

_LINUX_SHARED_FOLDER = Path("/dev/shm")
_REMEDY = (
    "Close other programs, then try again. In a container, give it more shared memory "
    "(for Docker: --shm-size=4g)."
)


@dataclass(frozen=True)
class SharedVolume:
    """Where another process finds the voxels, and everything else of the volume.

    The block holds the HU (int16, C order), then the padding mask (one byte a voxel) if any.

    Attributes:
        block_name: Name of the shared memory block.
        geometry: Of the volume.
        series_uid: Of the volume.
        has_padding: True if a padding mask follows the HU.
        missing_slices: Of the volume.
        missing_axis: Of the volume.
    """

    block_name: str
    geometry: VolumeGeometry
    series_uid: str
    has_padding: bool
    missing_slices: tuple[int, ...] = ()
    missing_axis: int = 0

    def copy(self) -> Volume:
        """The volume in this process's own memory; the block is not needed afterwards."""
        block = SharedMemory(self.block_name)
        try:
            hu, padding = _arrays(block, self.geometry.shape, has_padding=self.has_padding)
            own_padding = None if padding is None else padding.copy()
            own_hu = hu.copy()
            del hu, padding  # views of the block keep it from closing
        finally:
            block.close()
        return Volume(
            own_hu,
            self.geometry,
            self.series_uid,
            own_padding,
            missing_slices=self.missing_slices,
            missing_axis=self.missing_axis,
        )


def share(volume: Volume) -> tuple[SharedMemory, SharedVolume]:
    """Copy a volume into a new shared block.

    Returns:
        The block, which the caller must `release`, and what the other process needs.

    Raises:
        ResourcesError: The machine has too little shared memory.
    """
    has_padding = volume.padding is not None
    size_bytes = volume.hu.size * (3 if has_padding else 2)
    _check_room(size_bytes)
    try:
        block = SharedMemory(create=True, size=size_bytes)
    except OSError as error:
        raise _too_little(size_bytes, error.strerror or "refused") from None
    hu, padding = _arrays(block, volume.geometry.shape, has_padding=has_padding)
    hu[...] = volume.hu
    if padding is not None:
        padding[...] = volume.padding
    shared = SharedVolume(
        block.name,
        volume.geometry,
        volume.series_uid,
        has_padding,
        missing_slices=volume.missing_slices,
        missing_axis=volume.missing_axis,
    )
    return block, shared


def release(block: SharedMemory) -> None:
    """Give the block back to the system."""
    block.close()
    block.unlink()


def _arrays(
    block: SharedMemory, shape: tuple[int, int, int], *, has_padding: bool
) -> tuple[NDArray[np.int16], NDArray[np.bool_] | None]:
    """Views of the block: HU, and padding if any."""
    hu: NDArray[np.int16] = np.ndarray(shape, np.int16, buffer=block.buf)
    if not has_padding:
        return hu, None
    return hu, np.ndarray(shape, np.bool_, buffer=block.buf, offset=hu.nbytes)


def _check_room(size_bytes: int) -> None:
    # Linux grants a block beyond what it has, and kills the process that then writes into it.
    if not _LINUX_SHARED_FOLDER.is_dir():
        return
    free_bytes = shutil.disk_usage(_LINUX_SHARED_FOLDER).free
    if free_bytes < size_bytes:
        raise _too_little(size_bytes, f"{free_bytes / 1e6:.0f} MB are free")


def _too_little(size_bytes: int, found: str) -> ResourcesError:
    return ResourcesError(
        f"Handing the scan to the analysis takes {size_bytes / 1e6:.0f} MB of shared memory; "
        f"{found}.",
        _REMEDY,
    )
