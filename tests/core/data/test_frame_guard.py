import io
import os
import resource
import time

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, get_frame

from core.data.frame_codecs import decode_frame
from core.data.frame_guard import FrameGuard
from core.data.pixel_encoding import PixelEncoding
from core.data.read_series import POOL_FROM_SLICES, read_with_report
from core.data.series_index import index
from core.errors import SeriesError
from tests.fuzz.seeds import Seed, jpeg_ls_seed, jpeg_seeds


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("seeds")
    return {seed.name: seed for seed in [*jpeg_seeds(scratch), jpeg_ls_seed(scratch)]}


@pytest.fixture(scope="module")
def guard():
    with FrameGuard() as guard:
        yield guard


def frame_of(seed):
    dataset = pydicom.dcmread(io.BytesIO(seed.content))
    encoding = PixelEncoding(
        rows=dataset.Rows,
        columns=dataset.Columns,
        bits_allocated=dataset.BitsAllocated,
        bits_stored=dataset.BitsStored,
        high_bit=dataset.HighBit,
        is_signed=False,
    )
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    return frame, str(dataset.file_meta.TransferSyntaxUID), encoding


NAMES = ("JPEGLosslessProcess14_1", "JPEGExtendedProcess2_4", "JPEG baseline", "JPEG-LS")


@pytest.mark.parametrize("name", NAMES)
def test_a_guarded_frame_is_the_frame_itself(guard, seeds, name):
    frame, syntax, encoding = frame_of(seeds[name])
    np.testing.assert_array_equal(
        guard.decode(frame, syntax, encoding), decode_frame(frame, syntax, encoding)
    )


def test_a_stream_that_ends_the_decoder_costs_that_frame_alone(guard, seeds):
    frame, syntax, encoding = frame_of(seeds["JPEGLosslessProcess14_1"])
    with pytest.raises((SeriesError, RuntimeError)):
        guard.decode(spoiled(frame, "JPEG"), syntax, encoding)
    assert guard.decode(frame, syntax, encoding).shape == (encoding.rows, encoding.columns)


def test_a_truncated_jpeg_ls_stream_does_not_hang(guard, seeds):
    frame, syntax, encoding = frame_of(seeds["JPEG-LS"])
    started = time.monotonic()
    with pytest.raises((SeriesError, RuntimeError)):
        guard.decode(spoiled(frame, "JPEG-LS"), syntax, encoding)
    assert time.monotonic() - started < 10
    assert guard.decode(frame, syntax, encoding).shape == (encoding.rows, encoding.columns)


def test_another_matrix_is_refused_in_the_words_of_the_codec(guard, seeds):
    frame, syntax, _ = frame_of(seeds["JPEG-LS"])
    larger = PixelEncoding(64, 40, 16, 16, 15, is_signed=False)
    with pytest.raises(SeriesError, match="64 x 40 pixels were expected"):
        guard.decode(frame, syntax, larger)


def test_a_process_that_cannot_be_started_is_an_error_and_the_next_frame_tries_again(seeds):
    frame, syntax, encoding = frame_of(seeds["JPEG-LS"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with FrameGuard() as guard:
        pair = os.pipe()  # the next numbers that are free
        os.close(pair[0])
        os.close(pair[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(pair) + 2, hard))  # no room for a start
        try:
            with pytest.raises(SeriesError, match="could not be started"):
                guard.decode(frame, syntax, encoding)
            guard.close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert guard.decode(frame, syntax, encoding).shape == (encoding.rows, encoding.columns)


def test_the_library_prints_nothing_where_it_tries_8_bits_first(shared_data, capfd):
    """GDCM's "Unsupported JPEG data precision 12", though it then reads the picture."""
    (path,) = (shared_data / "transfer-syntaxes").glob("CTImage.dcm_*_1.2.840.10008.1.2.4.51.dcm")
    frame, syntax, encoding = frame_of(Seed("12 bits", path.read_bytes()))
    assert np.ptp(decode_frame(frame, syntax, encoding)) > 255
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


@pytest.mark.parametrize("name", ["JPEGLosslessProcess14_1", "JPEG-LS"])
@pytest.mark.parametrize("count", [12, POOL_FROM_SLICES + 12])
def test_a_series_is_read_without_the_slice_that_kills_or_hangs_its_decoder(
    seeds, tmp_path, name, count
):
    dataset = pydicom.dcmread(io.BytesIO(seeds[name].content))
    frame, _, _ = frame_of(seeds[name])
    for k in range(count):
        dataset.ImagePositionPatient = [0, 0, 2 * k]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.{k + 1}"
        own = spoiled(frame, name) if k == 3 else frame
        dataset.PixelData = encapsulate([own])
        dataset.save_as(tmp_path / str(k))
    record = index(tmp_path).series[0]
    result = read_with_report(record)
    assert result.volume.missing_slices == (3,)
    assert len(result.quarantined) == 1
    good = [k for k in range(count) if k != 3]
    assert np.ptp(result.volume.hu[good], axis=0).max() == 0


def spoiled(frame, name):
    if name == "JPEG-LS":
        return frame[:50]
    table = frame.index(b"\xff\xc4")
    return frame[:table] + b"\x80\x00\xc4" + frame[table + 2 :]
