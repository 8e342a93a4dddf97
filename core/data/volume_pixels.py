"""Hounsfield units of a volume file (NIfTI, NRRD, MetaImage), converted in the memory it fills."""

import numpy as np
from numpy.typing import NDArray

from core.data.archives import ArchiveError
from core.data.hounsfield import Padding, to_hu
from core.data.pixel_encoding import PixelEncoding
from core.data.series import SeriesRecord
from core.data.volume_files import read_values
from core.data.volume_header import NotVolumeError, VolumeHeader
from core.errors import SeriesError
from core.progress import Progress

MESSAGE = "Reading slices"


def read_volume_file(record: SeriesRecord, progress: Progress) -> tuple[NDArray[np.int16], Padding]:
    """Read a series whose slices are those of one volume file.

    Values of 16 bits are converted where they lie; others slice by slice.

    Returns:
        HU (slice, row, column) in the order of `record.slices`, and where nothing was measured.

    Raises:
        SeriesError: The file is gone, damaged or not the one that was indexed.
    """
    progress.step(0.0, MESSAGE)
    header, values = _values(record)
    frames = [one.frame or 0 for one in record.slices]
    is_in_place = values.dtype.kind in "iu" and values.dtype.itemsize == 2
    hu = values.view(np.int16) if is_in_place else np.empty(values.shape, np.int16)
    padding: Padding = None
    encoding = _encoding(header)
    for k in range(len(values)):
        progress.step(k / len(values), MESSAGE)
        stored = values[k] if values.dtype.isnative else values[k].astype(_native(values.dtype))
        found = to_hu(stored, encoding, hu[k])
        if found is not None:
            padding = np.zeros(hu.shape, np.bool_) if padding is None else padding
            padding[k] = found
    if frames == list(range(len(values)))[::-1]:
        _turn_round(hu)
        if padding is not None:
            _turn_round(padding)
    progress.step(1.0, MESSAGE)
    return hu, padding


def _values(record: SeriesRecord) -> tuple[VolumeHeader, NDArray[np.generic]]:
    again = "Open the folder again; if that does not help, export the file again."
    try:
        header, values = read_values(record.slices[0])
    except FileNotFoundError:
        raise SeriesError("The file of the volume is no longer there.", again) from None
    except (NotVolumeError, ArchiveError) as error:
        raise SeriesError(f"The volume cannot be read: {error}.", again) from None
    except OSError as error:
        raise SeriesError(f"The volume cannot be read: {error.strerror}.", again) from None
    first = record.slices[0]
    if values.shape != (record.slice_count, first.rows, first.columns):
        raise SeriesError("The volume is not the one that was indexed.", again)
    return header, values


def _encoding(header: VolumeHeader) -> PixelEncoding:
    bits = 8 * header.stored_type.itemsize
    return PixelEncoding(
        rows=header.shape[1],
        columns=header.shape[2],
        bits_allocated=bits,
        bits_stored=bits,
        high_bit=bits - 1,
        is_signed=header.stored_type.kind == "i",
        slope=header.slope,
        intercept=header.intercept,
    )


def _native(kind: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return kind.newbyteorder("=")


def _turn_round(slices: NDArray[np.int16] | NDArray[np.bool_]) -> None:
    """Reverse the order of slices in place: a copy would take the memory twice."""
    for k in range(len(slices) // 2):
        held = slices[k].copy()
        slices[k] = slices[-1 - k]
        slices[-1 - k] = held
