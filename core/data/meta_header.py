"""The header of a MetaImage file (MHA, MHD) as a CT volume.

Format: itk.org/Wiki/MetaIO/Documentation. Its patient space is LPS, as ITK reads it; each row of
TransformMatrix is the direction of one axis.
"""

import re

import numpy as np

from core.data.header_text import beside, numbers_in, whole_numbers_in
from core.data.volume_header import NotVolumeError, VolumeHeader
from core.geometry import Floats

STORED_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip

OTHER_NAMES = {
    "Orientation": "TransformMatrix", "Rotation": "TransformMatrix", "Position": "Offset",
    "Origin": "Offset", "ElementByteOrderMSB": "BinaryDataByteOrderMSB",
}  # fmt: skip

_LINE = re.compile(rb"([A-Za-z]\w*)[ \t]*=[ \t]*([^\r\n]*)\r?\n")


def parse_meta(start: bytes, is_packed: bool) -> VolumeHeader | None:
    """Header at the start of a file; None where it is no MetaImage.

    Raises:
        NotVolumeError: A MetaImage that is not read; the message says why.
    """
    if not re.match(rb"(ObjectType|NDims|Comment)[ \t]*=", start):
        return None
    fields, end = _fields(start)
    if "ElementDataFile" not in fields:
        raise NotVolumeError("truncated, or its header is too long")
    if fields.get("NDims") != "3" or fields.get("ElementNumberOfChannels", "1") != "1":
        raise NotVolumeError("not three-dimensional: not read")
    if fields.get("BinaryData", "True") != "True":
        raise NotVolumeError("its values are written as text: not read")
    code = STORED_TYPES.get(fields.get("ElementType", ""))
    if code is None:
        raise NotVolumeError("its values are no whole or real numbers: not read")
    is_local = fields["ElementDataFile"].upper() == "LOCAL"
    columns, rows, slices = whole_numbers_in(fields.get("DimSize", ""), 3)
    skip = whole_numbers_in(fields.get("HeaderSize", "0"), 1)[0]
    is_big_endian = fields.get("BinaryDataByteOrderMSB", "False") == "True"
    return VolumeHeader(
        "meta",
        (slices, rows, columns),
        _affine(fields),
        np.dtype((">" if is_big_endian else "<") + code),
        offset=end if is_local else (None if skip < 0 else skip),
        is_packed=is_packed,
        packing="zlib" if fields.get("CompressedData", "False") == "True" else "",
        values_file="" if is_local else beside(fields["ElementDataFile"]),
    )


def _fields(start: bytes) -> tuple[dict[str, str], int]:
    """Fields by their usual names, and where the header ends (after ElementDataFile)."""
    found: dict[str, str] = {}
    place = 0
    while (line := _LINE.match(start, place)) is not None:
        name, value = line[1].decode("ascii"), line[2].decode("ascii", "replace").strip()
        found[OTHER_NAMES.get(name, name)] = value
        place = line.end()
        if name == "ElementDataFile":
            break
    return found, place


def _affine(fields: dict[str, str]) -> Floats:
    if not {"TransformMatrix", "Offset", "ElementSpacing"} <= set(fields):
        raise NotVolumeError("does not say where it lies in the patient")
    axes = np.array(numbers_in(fields["TransformMatrix"], 9)).reshape(3, 3)
    spacing = numbers_in(fields["ElementSpacing"], 3)
    affine = np.eye(4)
    for index, axis in enumerate((2, 1, 0)):  # column, row, slice
        affine[:3, axis] = axes[index] * spacing[index]
    affine[:3, 3] = numbers_in(fields["Offset"], 3)
    return affine
