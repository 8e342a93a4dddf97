"""Small files that promise, or unpack to, far more than they hold cost little memory and time."""

import gzip
import time
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.geometry import VolumeGeometry
from tests.fuzz.reading import forget_peak, peak_bytes, take_in
from tests.fuzz.seeds import meta_header, nifti_bytes, nrrd_header
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
LARGEST_BYTES = 1 << 30
SWOLLEN_BYTES = 3 << 30
LONGEST_S = 20.0
"""Of processor time, on a busy machine; what is measured takes a second or two."""


def zeros_deflated(count, wbits):
    packer = zlib.compressobj(1, zlib.DEFLATED, wbits)
    block = bytes(1 << 24)
    parts = [packer.compress(block) for _ in range(count >> 24)]
    return b"".join([*parts, packer.flush()])


def slices(folder, **options):
    geometry = VolumeGeometry.from_axes((4, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")
    return write_series(folder, np.zeros((4, 4, 5), np.int16), geometry, **options)


def deflated_slice(folder):
    """Pixels as they should be, then three gigabytes of nothing."""
    path = slices(folder, transfer_syntax="1.2.840.10008.1.2.1.99")[2]
    content = path.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    inner = zlib.decompress(content[start:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(inner) + packer.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(content[:start] + head + zeros_deflated(SWOLLEN_BYTES, -zlib.MAX_WBITS))


def gzipped_nifti(folder):
    (folder / "bomb.nii.gz").write_bytes(
        gzip.compress(nifti_bytes()) + zeros_deflated(SWOLLEN_BYTES, 31)
    )


def gzipped_nrrd(folder):
    (folder / "bomb.nrrd").write_bytes(nrrd_header("gzip") + zeros_deflated(SWOLLEN_BYTES, 31))


def compressed_mha(folder):
    header = meta_header(compressed=True)
    (folder / "bomb.mha").write_bytes(header + zeros_deflated(SWOLLEN_BYTES, zlib.MAX_WBITS))


def promising_mha(folder):
    header = meta_header().replace(b"40 32 4", b"65535 65535 65535")
    (folder / "large.mha").write_bytes(header + bytes(1000))


def promising_nrrd(folder):
    header = nrrd_header("gzip").replace(b"40 32 4", b"65535 65535 65535")
    (folder / "large.nrrd").write_bytes(header + gzip.compress(bytes(1000)))


def promising_slices(folder):
    """JPEG 2000 slices whose headers speak of four gigapixels each."""
    for path in slices(folder, transfer_syntax="1.2.840.10008.1.2.1"):
        dataset = pydicom.dcmread(path)
        dataset.Rows = dataset.Columns = 65535
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
        dataset.save_as(path)


def promising_frames(folder):
    (path, *_) = slices(folder)
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = 2_000_000_000
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    dataset.save_as(path)


BOMBS = (
    deflated_slice, gzipped_nifti, gzipped_nrrd, compressed_mha, promising_mha, promising_nrrd,
    promising_slices, promising_frames,
)  # fmt: skip


@pytest.mark.parametrize("write", BOMBS, ids=lambda write: write.__name__)
def test_a_file_that_swells_is_read_or_refused_within_its_limits(tmp_path, write):
    folder = Path(tmp_path / "scan")
    folder.mkdir()
    write(folder)
    forget_peak()
    before, started = peak_bytes(), time.process_time()
    assert take_in(folder)["outcome"] in ("read", "listed")
    assert peak_bytes() - before < LARGEST_BYTES
    assert time.process_time() - started < LONGEST_S
