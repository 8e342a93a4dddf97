"""The header of a NIfTI-1 file as a CT volume.

Format: nifti1.h (Cox et al. 2004), read with the affine rules of `core.data.nifti`: sform before
qform, and no guess where neither is there.
"""

import struct
from typing import Any

import numpy as np

from core.data.nifti import (
    HEADER_BYTES,
    HEADER_FORMAT,
    LPS_TO_RAS,
    REVERSED,
    VALUES_OFFSET,
    affine_of,
)
from core.data.volume_header import NotVolumeError, VolumeHeader
from core.errors import SeriesError

STORED_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4",
}  # fmt: skip
"""NIfTI-1 codes of the values that can be hounsfield units, and of label maps."""

LABELS = 1002
"""Intent code of label maps."""

MILLIMETRES_OF = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Of a unit of length: unknown (taken for mm), metre, millimetre, micrometre."""

MAGIC_OFFSET = 344


def parse_nifti(start: bytes, is_packed: bool) -> VolumeHeader | None:
    """Header at the start of a file; None where it is no NIfTI file.

    Raises:
        NotVolumeError: A NIfTI file that is not read; the message says why.
    """
    if len(start) < 4:
        return None
    order = "<" if start[:4] == struct.pack("<i", HEADER_BYTES) else ">"
    if start[:4] in (struct.pack("<i", 540), struct.pack(">i", 540)) and start[4:7] == b"n+2":
        raise NotVolumeError("a NIfTI-2 file: only NIfTI-1 is read")
    if start[:4] != struct.pack(order + "i", HEADER_BYTES):
        return None
    magic = start[MAGIC_OFFSET : MAGIC_OFFSET + 4]
    if magic[:3] != b"n+1":
        raise NotVolumeError(
            "a NIfTI or Analyze header whose values lie in another file: export it as one .nii file"
        )
    fields = struct.unpack_from(order + HEADER_FORMAT[1:], start)
    _require_numbers(fields)
    dimensions = fields[7:15]
    slope, intercept = float(fields[31]), float(fields[32])
    if slope == 0:  # nifti1.h: then neither is meant
        slope, intercept = 1.0, 0.0
    try:
        ras = affine_of(fields)
    except SeriesError:
        raise NotVolumeError("does not say where it lies in the patient") from None
    affine = (LPS_TO_RAS @ ras)[:, REVERSED]
    affine[:3] *= MILLIMETRES_OF.get(fields[35] & 7, 1.0)
    offset = float(fields[30])
    if not VALUES_OFFSET <= offset < 1 << 31:
        raise NotVolumeError("its values begin nowhere in the file")
    return VolumeHeader(
        "nifti",
        (int(dimensions[3]), int(dimensions[2]), int(dimensions[1])),
        affine,
        np.dtype(order + STORED_TYPES[fields[19]]),
        slope=slope,
        intercept=intercept,
        offset=int(offset),
        is_packed=is_packed,
    )


def _require_numbers(fields: tuple[Any, ...]) -> None:
    dimensions, code, intent = fields[7:15], fields[19], fields[18]
    is_flat = 3 <= dimensions[0] <= 7 and all(n <= 1 for n in dimensions[4 : dimensions[0] + 1])
    if not is_flat:
        raise NotVolumeError("not three-dimensional: not read")
    if intent == LABELS:
        raise NotVolumeError("a label map, not hounsfield units")
    if code not in STORED_TYPES:
        raise NotVolumeError(f"its values are of type {code}, no whole or real numbers: not read")
