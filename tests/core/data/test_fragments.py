import io
import struct

import pytest
from pydicom.encaps import encapsulate

from core.data.fragments import frame_pieces, joined
from core.errors import SeriesError

FRAMES = [b"\xff\xd8" + bytes([k]) * (10 + 2 * k) + b"\xff\xd9" for k in range(4)]


def frames_of(content, count, start=0):
    file = io.BytesIO(content)
    return [joined(file, pieces).rstrip(b"\0") for pieces in frame_pieces(file, start, count)]


@pytest.mark.parametrize("fragments", [1, 2, 3])
@pytest.mark.parametrize("has_table", [True, False])
def test_frames_come_back_from_their_fragments(fragments, has_table):
    content = encapsulate(FRAMES, fragments_per_frame=fragments, has_bot=has_table)
    assert frames_of(b"12345" + content, 4, start=5) == FRAMES


def test_one_frame_takes_every_fragment():
    content = encapsulate(FRAMES[:1], fragments_per_frame=3, has_bot=False)
    assert frames_of(content, 1) == FRAMES[:1]


def test_frames_that_cannot_be_told_apart_are_an_error():
    content = encapsulate(FRAMES, fragments_per_frame=2, has_bot=False)
    with pytest.raises(SeriesError, match="5 frames cannot be told apart: 4 were found"):
        frames_of(content, 5)


def test_a_length_beyond_the_file_asks_for_no_more_than_the_file_holds():
    content = struct.pack("<HHL", 0xFFFE, 0xE000, 0) + struct.pack(
        "<HHL", 0xFFFE, 0xE000, 2**32 - 2
    )
    ((piece,),) = frame_pieces(io.BytesIO(content + b"rest"), 0, 1)
    assert piece == (16, 4)


def test_nothing_behind_the_header_is_no_frame():
    assert frame_pieces(io.BytesIO(b""), 0, 1) == ((),)
