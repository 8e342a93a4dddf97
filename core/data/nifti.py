"""NIfTI-1 files in patient space: what 3D Slicer and ITK-SNAP lay over the CT unaided.

NIfTI counts (column, row, slice) with the column running fastest, which is our array order, and its
axes are RAS where DICOM's are LPS. The header is written by hand: 348 bytes, exact, and a sheared
affine survives in the sform.
"""

import gzip
import io
import math
import struct
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import SeriesError
from core.geometry import Floats, VolumeGeometry
from core.whole_file import write_whole

DATA_TYPES: dict[np.dtype[Any], int] = {
    np.dtype(np.uint8): 2,
    np.dtype(np.int16): 4,
    np.dtype(np.float32): 16,
}
"""NIfTI-1 codes of the types that are written."""

Order = Literal["<", ">"]
HEADER_BYTES = 348
VALUES_OFFSET = 352
SCANNER_SPACE = 1
MILLIMETRES = 2
COMPRESSION_LEVEL = 1
"""A third larger than the default level and five times as fast."""

ORTHOGONAL_TOLERANCE = 1e-6
"""Cosine between axes below which the affine can be a quaternion as well."""

QUATERNION_ROUNDING = 1e-7
"""What float32 leaves of 1 - b2 - c2 - d2 where it should be 0."""

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
REVERSED = [2, 1, 0, 3]
"""(slice, row, column, 1) <-> (column, row, slice, 1)."""

# NIfTI-1 header after `sizeof_hdr`, in the order of nifti1.h; little endian.
HEADER_FORMAT = "<i10s18sihcB8h3f4h8f3fhBB4f2i80s24s2h6f12f16s4s"


def write_nifti(path: Path, values: NDArray[Any], geometry: VolumeGeometry) -> None:
    """Write a volume as NIfTI, whole or not at all; compressed where the name ends in ".gz".

    The affine stands in the sform, and in the qform too where its axes are perpendicular.

    Args:
        path: Ends in ".nii.gz" or ".nii".
        values: uint8, int16 or float32, (slice, row, column).
        geometry: Where the values lie, patient LPS mm.

    Raises:
        ReportError: The file cannot be written there.
        ValueError: Shape or type does not fit.
    """
    if values.shape != geometry.shape:
        raise ValueError(f"values must have the shape {geometry.shape}, got {values.shape}")
    if values.dtype not in DATA_TYPES:
        raise ValueError(f"values must be uint8, int16 or float32, got {values.dtype}")
    little_endian = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    if path.suffix != ".gz":
        write_whole(path, _header(values.dtype, geometry) + little_endian.tobytes())
        return
    content = io.BytesIO()
    # No name and no time inside: the same volume gives the same bytes.
    with gzip.GzipFile("", "wb", COMPRESSION_LEVEL, content, mtime=0) as file:
        file.write(_header(values.dtype, geometry))
        file.write(little_endian.data)
    write_whole(path, content.getvalue())


def _header(kind: np.dtype[Any], geometry: VolumeGeometry) -> bytes:
    affine = _to_ras(geometry.affine)
    quaternion = _quaternion(affine)
    qfac, parameters = (1.0, (0.0, 0.0, 0.0)) if quaternion is None else quaternion
    spacing = geometry.spacing_mm[::-1]
    fields = (
        HEADER_BYTES, b"", b"", 0, 0, b"r", 0,
        3, *geometry.shape[::-1], 1, 1, 1, 1,
        0.0, 0.0, 0.0, 0, DATA_TYPES[kind], 8 * kind.itemsize, 0,
        qfac, *spacing, 0.0, 0.0, 0.0, 0.0,
        float(VALUES_OFFSET), 1.0, 0.0, 0, 0, MILLIMETRES,
        0.0, 0.0, 0.0, 0.0, 0, 0,
        b"Research use only. Not for diagnosis or treatment.", b"",
        0 if quaternion is None else SCANNER_SPACE, SCANNER_SPACE,
        *parameters, *affine[:3, 3],
        *affine[:3].ravel(), b"", b"n+1\0",
    )  # fmt: skip
    return struct.pack(HEADER_FORMAT, *fields) + bytes(VALUES_OFFSET - HEADER_BYTES)


def _to_ras(affine: Floats) -> Floats:
    """Affine from (slice, row, column) to LPS -> from (column, row, slice) to RAS."""
    ras: Floats = (LPS_TO_RAS @ affine)[:, REVERSED]
    return ras


def _quaternion(affine: Floats) -> tuple[float, tuple[float, float, float]] | None:
    """(qfac, (b, c, d)) of perpendicular axes as nifti1.h defines them, None for others."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > ORTHOGONAL_TOLERANCE:
        return None
    qfac = 1.0 if np.linalg.det(axes) > 0 else -1.0
    rotation = axes * [1.0, 1.0, qfac]
    # Eigenvector of the largest eigenvalue (Bar-Itzhack 2000): stable for every rotation.
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    matrix = np.array(
        [
            [xx - yy - zz, 0, 0, 0],
            [yx + xy, yy - xx - zz, 0, 0],
            [zx + xz, zy + yz, zz - xx - yy, 0],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    b, c, d, a = np.linalg.eigh(matrix, UPLO="L")[1][:, -1]
    sign = -1.0 if a < 0 else 1.0
    return qfac, (float(sign * b), float(sign * c), float(sign * d))


def read_nifti(path: Path) -> tuple[NDArray[Any], VolumeGeometry]:
    """Read a three-dimensional NIfTI-1 file of one of the types that `write_nifti` writes.

    Returns:
        Values (slice, row, column), multiplied and shifted as the header says (float32 where it
        does), and their geometry in patient LPS mm, from the sform or else the qform.

    Raises:
        SeriesError: Not such a file, damaged, or without a place in the patient.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error):
        raise _unreadable("cannot be read or unpacked") from None
    if len(content) < VALUES_OFFSET or content[344:347] != b"n+1":
        raise _unreadable("is no NIfTI-1 file with header and values in one")
    order: Order = "<" if struct.unpack_from("<i", content)[0] == HEADER_BYTES else ">"
    fields = struct.unpack_from(order + HEADER_FORMAT[1:], content)
    values = _values(content, order, fields)
    affine = affine_of(fields)
    lps = (LPS_TO_RAS @ affine)[:, REVERSED]
    return values, VolumeGeometry((values.shape[0], values.shape[1], values.shape[2]), lps)


def _unreadable(what: str) -> SeriesError:
    return SeriesError(f"The NIfTI file {what}.", "Export it again as a 3D .nii or .nii.gz file.")


def _values(content: bytes, order: Order, fields: tuple[Any, ...]) -> NDArray[Any]:
    dimensions, code = fields[7:15], fields[19]
    kinds = {number: kind for kind, number in DATA_TYPES.items()}
    shape = tuple(dimensions[3:0:-1])
    if dimensions[0] < 3 or any(n > 1 for n in dimensions[4 : dimensions[0] + 1]) or min(shape) < 1:
        raise _unreadable("is not three-dimensional")
    if code not in kinds:
        raise _unreadable(f"holds values of type {code}, not uint8, int16 or float32")
    kind = kinds[code].newbyteorder(order)
    offset, count = int(fields[30]), math.prod(shape)
    if len(content) < offset + count * kind.itemsize:
        raise _unreadable("is truncated")
    values = np.frombuffer(content, kind, count, offset).reshape(shape)
    slope, intercept = fields[31], fields[32]
    if slope not in (0.0, 1.0) or (slope == 1.0 and intercept != 0.0):
        rescaled: NDArray[Any] = values * np.float32(slope) + np.float32(intercept)
        return rescaled.astype(np.float32)
    return values.astype(kinds[code])


def affine_of(fields: tuple[Any, ...]) -> Floats:
    """Affine from (column, row, slice) to RAS, of the sform or else the qform.

    Raises:
        SeriesError: Neither is there, or it cannot be inverted.
    """
    qform_code, sform_code = fields[44], fields[45]
    affine = np.eye(4)
    if sform_code > 0:
        affine[:3] = np.array(fields[52:64]).reshape(3, 4)
    elif qform_code > 0:
        b, c, d = fields[46:49]
        length = math.hypot(b, c, d)
        if 1 - length * length < QUATERNION_ROUNDING:  # half a turn: a is 0, as in nifti1_io.c
            a, b, c, d = 0.0, b / length, c / length, d / length
        else:
            a = math.sqrt(1 - length * length)
        qfac = -1.0 if fields[22] < 0 else 1.0
        affine[:3, :3] = _rotation(a, b, c, d) * (np.array(fields[23:26]) * [1, 1, qfac])
        affine[:3, 3] = fields[49:52]
    else:
        raise _unreadable("does not say where it lies in the patient")
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
        raise _unreadable("has an affine that cannot be inverted")
    return affine


def _rotation(a: float, b: float, c: float, d: float) -> Floats:
    """Rotation matrix of the unit quaternion a + bi + cj + dk."""
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
