import struct

import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame

from core.data.run_lengths import decode_run_lengths


def stream(*segments):
    offsets = np.cumsum([64, *(len(each) for each in segments[:-1])]).tolist()
    header = [len(segments), *offsets, *[0] * (15 - len(segments))]
    return struct.pack("<16L", *header) + b"".join(segments)


def test_literal_and_repeated_bytes_become_pixels_high_byte_first():
    high = b"\x01\x01\x02" + b"\xff\x03"  # 1, 2 as they are; then 3 twice
    low = b"\xfd\x04"  # 4 four times
    values = decode_run_lengths(stream(high, low), pixels=4, bits_allocated=16)
    np.testing.assert_array_equal(values, [0x0104, 0x0204, 0x0304, 0x0304])


def test_a_byte_that_makes_the_length_even_is_passed_over():
    values = decode_run_lengths(stream(b"\x00\x09\x00\x00"), pixels=1, bits_allocated=8)
    np.testing.assert_array_equal(values, [9])


def test_a_real_slice_equals_its_uncompressed_copy(shared_data):
    folder = shared_data / "transfer-syntaxes"
    plain = pydicom.dcmread(folder / "CTImage.dcm").pixel_array
    packed = pydicom.dcmread(next(folder.glob("*RLELossless*")))
    frame = get_frame(packed.PixelData, 0, number_of_frames=1)
    values = decode_run_lengths(frame, pixels=plain.size, bits_allocated=16)
    np.testing.assert_array_equal(values.view(np.int16).reshape(plain.shape), plain)


@pytest.mark.parametrize(
    "content",
    [
        stream(b"\xfd\x04"),  # one segment for two bytes
        stream(b"\xfd\x04", b"\xfe\x04"),  # three pixels of four
        stream(b"\xfd\x04", b"\x7f\x04"),  # ends within a run
        stream(b"\xfd\x04", b""),
        struct.pack("<16L", 2, 64, 9000, *[0] * 13) + bytes(50),
        struct.pack("<16L", 2, 0, 10, *[0] * 13) + bytes(50),
        b"\x02\x00",
        b"",
    ],
)
def test_damaged_streams_are_refused_by_an_ordinary_exception(content):
    with pytest.raises((ValueError, struct.error)):
        decode_run_lengths(content, pixels=4, bits_allocated=16)


def test_more_pixels_than_the_slice_has_are_cut_off():
    values = decode_run_lengths(stream(b"\x81\x07"), pixels=4, bits_allocated=8)
    np.testing.assert_array_equal(values, [7] * 4)
