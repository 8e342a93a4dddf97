"""The header of an NRRD file as a CT volume.

Format: teem.sourceforge.net/nrrd/format.html. Only three spatial axes with space directions and an
origin: nothing is guessed.
"""

import re

import numpy as np

from core.data.header_text import beside, numbers_in, whole_numbers_in
from core.data.volume_header import NotVolumeError, VolumeHeader
from core.geometry import Floats

TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
"""Signs of the axes of each named space in patient LPS."""

STORED_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "f4": ("float",),
    "f8": ("double",),
}
"""NumPy's codes and NRRD's names for them."""

ENCODINGS = {"raw": "", "gzip": "gzip", "gz": "gzip"}


def parse_nrrd(start: bytes, is_packed: bool) -> VolumeHeader | None:
    """Header at the start of a file; None where it is no NRRD file.

    Raises:
        NotVolumeError: An NRRD file that is not read; the message says why.
    """
    if not start.startswith(b"NRRD000"):
        return None
    end = re.search(rb"\r?\n\r?\n", start)
    if end is None and b"data file:" not in start.replace(b"datafile:", b"data file:"):
        raise NotVolumeError("truncated, or its header is too long")
    fields = _fields(start[: end.start()] if end else start)
    encoding = fields.get("encoding", "").lower()
    if fields.get("dimension") != "3":
        raise NotVolumeError("not three-dimensional: not read")
    if encoding not in ENCODINGS:
        raise NotVolumeError("its values are encoded in a way that is not read: export it as raw")
    values_file = beside(fields.get("data file", fields.get("datafile", "")))
    offset = 0 if values_file or end is None else end.end()
    columns, rows, slices = whole_numbers_in(fields.get("sizes", ""), 3)
    skip = whole_numbers_in(fields.get("byte skip", fields.get("byteskip", "0")), 1)[0]
    if whole_numbers_in(fields.get("line skip", fields.get("lineskip", "0")), 1)[0] != 0:
        raise NotVolumeError("lines are to be skipped before its values: not read")
    if skip < -1 or (skip and ENCODINGS[encoding]):
        raise NotVolumeError("bytes are to be skipped before its packed values: not read")
    return VolumeHeader(
        "nrrd",
        (slices, rows, columns),
        _affine(fields),
        _stored_type(fields),
        offset=None if skip == -1 else offset + skip,
        is_packed=is_packed,
        packing=ENCODINGS[encoding],
        values_file=values_file,
    )


def _fields(header: bytes) -> dict[str, str]:
    found = {}
    for line in header.decode("ascii", "replace").splitlines()[1:]:
        name, colon, value = line.partition(": ")
        if colon and not line.startswith("#"):
            found[name.strip().lower()] = value.strip()
    return found


def _stored_type(fields: dict[str, str]) -> np.dtype[np.generic]:
    name = fields.get("type", "").lower()
    code = next((code for code, names in STORED_TYPES.items() if name in names), None)
    if code is None:
        raise NotVolumeError("its values are no whole or real numbers: not read")
    endian = fields.get("endian", "little" if code.endswith("1") else "").lower()
    if endian not in ("little", "big"):
        raise NotVolumeError("it does not state the byte order of its values")
    return np.dtype(("<" if endian == "little" else ">") + code)


def _affine(fields: dict[str, str]) -> Floats:
    signs = TO_LPS.get(fields.get("space", "").lower())
    directions = re.findall(r"\(([^)]*)\)", fields.get("space directions", ""))
    origin = re.findall(r"\(([^)]*)\)", fields.get("space origin", ""))
    if signs is None or len(directions) != 3 or len(origin) != 1:
        raise NotVolumeError("does not say where it lies in the patient")
    units = fields.get("space units", "mm").replace('"', " ").split()
    if any(unit.lower() != "mm" for unit in units):
        raise NotVolumeError("its lengths are not in millimetres: not read")
    affine = np.eye(4)
    for index, axis in enumerate((2, 1, 0)):  # column, row, slice
        affine[:3, axis] = np.array(numbers_in(directions[index], 3)) * signs
    affine[:3, 3] = np.array(numbers_in(origin[0], 3)) * signs
    return affine
