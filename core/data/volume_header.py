"""What the header of a volume file says, whatever its format, and whether that can be a CT."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.data.series import VOLUME_KINDS
from core.data.series_header import (
    FURTHEST_MM,
    LARGEST_SPACING_MM,
    SMALLEST_SPACING_MM,
    are_perpendicular_units,
)
from core.geometry import Floats

LARGEST_VALUES_BYTES = 1 << 32
"""4 GiB: 4000 slices of 512 x 512 in double precision. Larger volumes are refused unread."""

LONGEST_SIDE = 16384
"""Of the grid, in voxels."""

VolumeKind = Literal["nifti", "nrrd", "meta"]
AIR_HU = -900
"""Values that cannot go down to this cannot be a CT of a chest."""


VOLUME_SYNTAXES = frozenset(VOLUME_KINDS)
"""What stands in `SliceHeader.transfer_syntax_uid` for a slice of a volume file."""


class NotVolumeError(ValueError):
    """A volume file that is not read; the message says why, without its name."""


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """What the header of a volume file says.

    Attributes:
        kind: The format.
        shape: (slices, rows, columns), the column running fastest in the file.
        affine: 4 x 4, from (slice, row, column, 1) of a voxel centre to LPS mm.
        stored_type: Of the values, with their byte order.
        slope: A value is the stored one times this ...
        intercept: ... plus this.
        offset: Of the first value, in the file as `open_source` gives it, after unpacking where
            `is_packed`; None: the values end the file.
        is_packed: The whole file is gzip, header and values.
        packing: Of the values alone: "", "gzip" or "zlib".
        values_file: Name of the file beside it that holds the values; "" for the file itself.
    """

    kind: VolumeKind
    shape: tuple[int, int, int]
    affine: Floats
    stored_type: np.dtype[Any]
    slope: float = 1.0
    intercept: float = 0.0
    offset: int | None = 0
    is_packed: bool = False
    packing: str = ""
    values_file: str = ""

    @property
    def values_bytes(self) -> int:
        """Size of the values once they are unpacked."""
        return math.prod(self.shape) * self.stored_type.itemsize


def require_ct(header: VolumeHeader) -> None:
    """Look at what the header says before anything is read.

    Raises:
        NotVolumeError: It cannot be a CT in hounsfield units, or not one that can be placed.
    """
    if min(header.shape) < 1 or max(header.shape) > LONGEST_SIDE:
        raise NotVolumeError("its size is not that of a volume")
    if header.values_bytes > LARGEST_VALUES_BYTES:
        raise NotVolumeError(f"larger than {LARGEST_VALUES_BYTES >> 30} GB: not read")
    if header.stored_type.itemsize == 1:
        raise NotVolumeError("8-bit values: a label map or picture, not hounsfield units")
    if header.stored_type.kind == "u" and header.slope > 0 and header.intercept > AIR_HU:
        raise NotVolumeError("values without a sign: a label map or picture, not hounsfield units")
    steps = header.affine[:3, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        determinant = abs(float(np.linalg.det(steps)))
    if not np.isfinite(header.affine).all() or not 1e-12 <= determinant < math.inf:
        raise NotVolumeError("its place in the patient cannot be computed")
    if not (math.isfinite(header.slope) and math.isfinite(header.intercept)) or header.slope == 0:
        raise NotVolumeError("its slope and intercept are no usable numbers")
    lengths = np.linalg.norm(steps, axis=0)
    is_usual = lengths.min() >= SMALLEST_SPACING_MM and lengths.max() <= LARGEST_SPACING_MM
    if not is_usual or np.abs(header.affine).max() > FURTHEST_MM:
        raise NotVolumeError("its position or spacing is not that of a patient")
    if not are_perpendicular_units((*(steps[:, 2] / lengths[2]), *(steps[:, 1] / lengths[1]))):
        raise NotVolumeError("its rows and columns are not perpendicular")
