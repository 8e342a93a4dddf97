"""The header of a NIfTI-1 or NIfTI-2 file as a CT volume.

Formats: nifti1.h (Cox et al. 2004) and nifti2.h (2011), which has the same fields wider and in
another order; read with the affine rules of `core.data.nifti`: sform before qform, and no guess
where neither is there.
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

SECOND_BYTES = 540
SECOND_MAGIC = b"n+2\0\r\n\x1a\n"
SECOND_FORMAT = "i8s2h8q3d8dq6d2q80s24s2i6d12d3i16s16s"
"""NIfTI-2 header in the order of nifti2.h; its values begin behind it and four more bytes."""

FIELDS = 66
"""Of the NIfTI-1 header."""

Fields = tuple[Any, ...]
"""Header fields in the order of nifti1.h."""


def parse_nifti(start: bytes, is_packed: bool) -> VolumeHeader | None:
    """Header at the start of a file; None where it is no NIfTI file.

    Raises:
        NotVolumeError: A NIfTI file that is not read; the message says why.
    """
    order = _byte_order(start, HEADER_BYTES)
    if order and len(start) >= VALUES_OFFSET:
        if start[MAGIC_OFFSET : MAGIC_OFFSET + 3] != b"n+1":
            raise NotVolumeError(
                "a NIfTI or Analyze header whose values lie in another file: export it as one .nii "
                "file"
            )
        fields = struct.unpack_from(order + HEADER_FORMAT[1:], start)
        return _volume_header(fields, order, VALUES_OFFSET, is_packed=is_packed)
    order = _byte_order(start, SECOND_BYTES)
    if order and start[4:12] == SECOND_MAGIC and len(start) >= SECOND_BYTES:
        fields = _as_first_version(struct.unpack_from(order + SECOND_FORMAT, start))
        return _volume_header(fields, order, SECOND_BYTES, is_packed=is_packed)
    return None


def _byte_order(start: bytes, header_bytes: int) -> str:
    """Of a header that begins with its own size; "" where it does not."""
    return next((o for o in "<>" if start[:4] == struct.pack(f"{o}i", header_bytes)), "")


def _as_first_version(second: Fields) -> Fields:
    """Fields of a NIfTI-2 header where NIfTI-1 has them; what is not read is 0."""
    fields: list[Any] = [0] * FIELDS
    fields[7:15] = second[4:12]  # dim
    fields[18], fields[19] = second[56], second[2]  # intent_code, datatype
    fields[22:30] = second[15:23]  # pixdim
    fields[30:33] = second[23:26]  # vox_offset, scl_slope, scl_inter
    fields[35] = second[55]  # xyzt_units
    fields[44:46] = second[34:36]  # qform_code, sform_code
    fields[46:64] = second[36:54]  # quatern, qoffset, srow
    return tuple(fields)


def _volume_header(
    fields: Fields, order: str, header_bytes: int, *, is_packed: bool
) -> VolumeHeader:
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
    if not header_bytes <= offset < 1 << 31:
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


def _require_numbers(fields: Fields) -> None:
    dimensions, code, intent = fields[7:15], fields[19], fields[18]
    is_flat = 3 <= dimensions[0] <= 7 and all(n <= 1 for n in dimensions[4 : dimensions[0] + 1])
    if not is_flat:
        raise NotVolumeError("not three-dimensional: not read")
    if intent == LABELS:
        raise NotVolumeError("a label map, not hounsfield units")
    if code not in STORED_TYPES:
        raise NotVolumeError(f"its values are of type {code}, no whole or real numbers: not read")
