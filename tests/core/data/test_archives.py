import io
import os
import stat
import struct
import zipfile
from collections import Counter

import numpy as np
import pytest

from core.data.archives import ArchiveError, members, open_member
from core.data.opened import open_source
from core.data.series_index import index
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
HU = np.arange(6 * 4 * 5, dtype=np.int16).reshape(6, 4, 5)
GEOMETRY = VolumeGeometry.from_axes((6, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")


@pytest.fixture
def scan(tmp_path):
    """Names and contents of the six files of a series."""
    paths = write_series(tmp_path / "made", HU, GEOMETRY)
    contents = {f"study/{path.name}": path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    (tmp_path / "made").rmdir()
    return contents


def pack(path, contents, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def reasons(found):
    return Counter(each.reason for each in found.unreadable)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_series_in_a_zip_archive_is_read_without_unpacking_it(tmp_path, scan, method):
    path = pack(tmp_path / "scan", {**scan, "study/notes.txt": "a note " * 50}, method)
    for root in (tmp_path, path):
        found = index(root)
        (record,) = found.series
        assert record.slice_count == 6
        assert {s.path for s in record.slices} == {path}
        assert reasons(found) == {"not a DICOM file": 1}
    for header in record.slices:
        with open_source(header) as file:
            assert file.read() == scan[header.member]
    assert sorted(tmp_path.iterdir()) == [path]


def test_members_that_are_not_read_are_named_and_the_rest_goes_on(tmp_path, scan):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep", b"deep")
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "scan.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in scan.items():
            archive.writestr(name, content)
        archive.writestr("../../outside", b"out")
        archive.writestr("/absolute", b"out")
        archive.writestr("C:\\windows", b"out")
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("bomb", bytes(30_000_000))
        archive.writestr(link, "/etc/hostname")
        archive.writestr("packed otherwise", b"x" * 500, zipfile.ZIP_LZMA)
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6]
    listed = reasons(found)
    for words, count in (
        ("leads out of the archive", 3), ("an archive", 1), ("zip bomb", 1),
        ("a link", 1), ("a method that is not read", 1),
    ):  # fmt: skip
        assert sum(n for reason, n in listed.items() if words in reason) >= count, words
    assert len(found.unreadable) == 7
    assert not (tmp_path.parent / "outside").exists()


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path):
    path = pack(tmp_path / "lying.zip", {"bomb": bytes(50_000_000)})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", content, content.index(signature) + offset, 1000)
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError, match="checksum"):
        open_member(path, "bomb")


def test_an_encrypted_member_says_so(tmp_path, scan):
    path = pack(tmp_path / "scan.zip", scan)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    found = index(tmp_path)
    assert found.series[0].slice_count == 5
    assert reasons(found) == {"encrypted: unpack the archive with its password first": 1}


@pytest.mark.parametrize("keep", [10, 300, -30])
def test_a_truncated_archive_is_refused_in_words(tmp_path, scan, keep):
    path = pack(tmp_path / "scan.zip", scan)
    path.write_bytes(path.read_bytes()[:keep])
    found = index(tmp_path)
    assert found.series == ()
    assert "damaged zip archive" in found.unreadable[0].reason


def test_damage_inside_a_member_is_seen(tmp_path, scan):
    path = pack(tmp_path / "scan.zip", scan, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"DICM") + 400] ^= 0xFF
    path.write_bytes(bytes(content))
    found = index(tmp_path)
    assert found.series[0].slice_count == 5
    assert reasons(found) == {"damaged inside the archive: its checksum is wrong": 1}


def test_an_archive_that_claims_too_much_is_refused_unread(tmp_path):
    path = tmp_path / "huge.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(str(number), b"x")
    content = bytearray(path.read_bytes())
    start = 0
    while (start := content.find(b"PK\x01\x02", start)) >= 0:
        struct.pack_into("<LL", content, start + 20, 1 << 28, 1 << 28)
        start += 4
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError, match="unpack it first"):
        members(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_both_accounted_for(tmp_path, scan):
    path = tmp_path / "scan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in scan.items():
            archive.writestr(name, content)
        archive.writestr(next(iter(scan)), b"another")
    found = index(path)
    assert found.series[0].slice_count == 6
    assert reasons(found) == {"a second member of the same name: not read": 1}
    assert open_member(path, next(iter(scan))).read() == scan[next(iter(scan))]


def test_an_archive_that_changed_is_read_anew(tmp_path):
    path = pack(tmp_path / "a.zip", {"one": b"1"})
    assert open_member(path, "one").read() == b"1"
    pack(path, {"one": b"22"})
    os.utime(path, ns=(1, 1))
    assert open_member(path, "one").read() == b"22"


def test_random_damage_never_breaks_the_walk(tmp_path, scan):
    good = pack(tmp_path / "good", scan).read_bytes()
    (tmp_path / "good").unlink()
    random = np.random.default_rng(3)
    for number in range(150):
        content = bytearray(good)
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        (tmp_path / f"damaged{number}").write_bytes(bytes(content))
    found = index(tmp_path)
    assert found.series or found.unreadable
