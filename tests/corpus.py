"""Generated folders with the verdict written beside each: what the intake must say of them.

Every case is written through pydicom (or byte by byte where pydicom refuses to write nonsense).
The patient's name in all of them is planted: it may never reach a log line or an exception.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.data.fitness import Level
from core.geometry import VolumeGeometry
from tests.corpus_archives import (
    BOMB_BYTES,
    encrypt,
    nested,
    understate,
    with_link,
    write_archive,
    write_directory,
)
from tests.corpus_objects import (
    contours,
    enhanced_ct,
    presentation_state,
    secondary_capture,
    structured_report,
)
from tests.phantoms import STORAGE_ORDERS, write_series

PLANTED_NAME = "Zzyzx^Planted"
PLANTED_ID = "QX77PLANTED"
AXIAL = STORAGE_ORDERS["axial to the head"]
SHAPE = (64, 20, 24)
SPACING_MM = (2.5, 15.0, 15.0)
"""Coarse pixels, so that 64 small files are a whole chest: 158 x 285 x 345 mm."""

PASS, WARN, BLOCK = Level.PASS, Level.WARN, Level.BLOCK


@dataclass(frozen=True)
class Expected:
    """What must be said of one series.

    Attributes:
        slices: Stored slices of it.
        view: Verdict; so are `model` and `calcium`.
        words: Each stands in one of the reasons.
    """

    slices: int
    view: Level = PASS
    model: Level = PASS
    calcium: Level = PASS
    words: tuple[str, ...] = ()


GOOD = Expected(64)
REFUSED = Expected(0, BLOCK, BLOCK, BLOCK)
INCOMPLETE = Expected(0, WARN, BLOCK, BLOCK)


@dataclass(frozen=True)
class Case:
    """A folder and its verdict.

    Attributes:
        name: As a sentence.
        build: Writes the folder.
        series: What is found, largest first.
        listed: One word or more of the reason of every file that is in no series.
        hu_is_exact: The first series, read, holds `hu()`.
        quarantined: Slices of the first series that are put aside when it is read; a word of the
            reason of each.
    """

    name: str
    build: Callable[[Path], Any]
    series: tuple[Expected, ...] = (GOOD,)
    listed: tuple[str, ...] = ()
    hu_is_exact: bool = False
    quarantined: tuple[str, ...] = ()


def hu(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.int16]:
    """Values that differ in every voxel's neighbourhood."""
    k, r, c = np.indices(shape)
    return (7 * k + 31 * r + 3 * c - 900).astype(np.int16)


def grid(
    axes: NDArray[np.float64] = AXIAL,
    shape: tuple[int, int, int] = SHAPE,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
) -> VolumeGeometry:
    """Where `hu` lies."""
    return VolumeGeometry.from_axes(shape, (-170, -140, 20), axes, spacing_mm, "1.2.9")


def series(folder: Path, **options: Any) -> list[Path]:
    """A good series of 64 slices, or with what the options change."""
    return write_series(folder, hu(), grid(), **_planted(options))


def _planted(options: dict[str, Any]) -> dict[str, Any]:
    return {"PatientName": PLANTED_NAME, "PatientID": PLANTED_ID, **options}


def edit(path: Path, **tags: Any) -> None:
    """Change elements of a written file; None removes one."""
    dataset = pydicom.dcmread(path)
    for keyword, value in tags.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)


def patch(path: Path, keyword: str, value: bytes) -> None:
    """Overwrite the bytes of an element, which pydicom would refuse to write."""
    tag = struct.pack("<HH", *divmod(int(pydicom.tag.Tag(keyword)), 0x10000))
    content = path.read_bytes()
    place = content.index(tag, 132)
    length = struct.unpack_from("<H", content, place + 6)[0]
    assert len(value) <= length
    path.write_bytes(content[: place + 8] + value.ljust(length) + content[place + 8 + length :])


def _storage_order(name: str) -> Case:
    axes = STORAGE_ORDERS[name]
    # 64 slices of 5 mm and 20 x 24 pixels of 10 mm: a chest in every direction.
    expected = Expected(64)
    along = int(np.abs(axes[0]).argmax())
    if name == "oblique":
        expected = replace(expected, model=WARN, calcium=WARN)
    elif along != 2:
        expected = replace(expected, model=WARN, calcium=BLOCK, words=("not axial",))
    else:
        expected = replace(expected, model=WARN, calcium=WARN, words=("5 mm thick",))
    return Case(
        f"storage order: {name}",
        lambda folder: write_series(
            folder, hu(), grid(axes, spacing_mm=(5.0, 10.0, 10.0)), **_planted({})
        ),
        (expected,),
    )


def _doubled_with_other_pixels(folder: Path) -> None:
    """Two whole reconstructions under one UID, told apart by nothing but their instance numbers."""
    first = series(folder / "a", shuffle_names=False, KVP=120)
    second = write_series(folder / "b", hu() + 1, grid(), **_planted({"shuffle_names": False}))
    for number, path in enumerate([*first, *second], start=1):
        edit(path, InstanceNumber=number, SOPInstanceUID=f"1.2.77.{number}")


def _some_doubled_with_other_pixels(folder: Path) -> None:
    paths = series(folder, double=(10, 11))
    for path in paths[-2:]:
        dataset = pydicom.dcmread(path)
        edit(path, PixelData=bytes(len(dataset.PixelData)))


def _localizer_inside(folder: Path) -> None:
    paths = series(folder)
    dataset = pydicom.dcmread(paths[0])
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.66.1"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    dataset.save_as(folder / "localizer")


def _mixed_matrix(folder: Path) -> None:
    series(folder / "a")
    geometry = VolumeGeometry.from_axes((20, 10, 12), (-170, -140, 20), AXIAL, (2.5, 30, 30), "")
    write_series(folder / "b", hu((20, 10, 12)), geometry, **_planted({}))


def _two_kinds(**tags: tuple[Any, Any]) -> Callable[[Path], None]:
    """Two whole stacks at the same positions under one UID that differ in the given elements."""

    def build(folder: Path) -> None:
        for number in (0, 1):
            options = {keyword: values[number] for keyword, values in tags.items()}
            write_series(folder / f"s{number}", hu() + number, grid(), **_planted(options))

    return build


def _truncated(share: float) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        path = series(folder)[20]
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return build


def _private_of_undefined_length(folder: Path) -> None:
    """As old scanners write: a private sequence of undefined length, called UN."""
    for path in series(folder):
        content = path.read_bytes()
        place = content.index(struct.pack("<HH", 0x0010, 0x0010), 132)
        item = struct.pack("<HHL", 0xFFFE, 0xE000, 8) + bytes(8)
        end = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        creator = struct.pack("<HH2sH", 0x0009, 0x0010, b"LO", 4) + b"ACME"
        head = struct.pack("<HH2sHL", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFF)
        path.write_bytes(content[:place] + creator + head + item + end + content[place:])


def _cut_pixels(share: float) -> Callable[[Path], None]:
    """One file whose pixel element is shorter or longer than its matrix."""

    def build(folder: Path) -> None:
        path = series(folder)[20]
        pixels = pydicom.dcmread(path).PixelData
        edit(path, PixelData=(pixels * 2)[: int(len(pixels) * share)])

    return build


def _spoiled(index: int = 20, **values: bytes) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        path = series(folder)[index]
        for keyword, value in values.items():
            patch(path, keyword, value)

    return build


def _edited(index: int = 20, **tags: Any) -> Callable[[Path], None]:
    return lambda folder: edit(series(folder)[index], **tags)


def _object_beside(make: Callable[[], Dataset]) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        series(folder)
        make().save_as(folder / "object", enforce_file_format=True)

    return build


def _enhanced(folder: Path) -> None:
    folder.mkdir(parents=True)
    enhanced_ct(hu(), grid()).save_as(folder / "one file", enforce_file_format=True)


def _litter(folder: Path) -> None:
    series(folder)
    (folder / "notes.txt").write_text("a note " * 100)
    (folder / "empty").touch()
    (folder / "DICM.dcm").write_bytes(bytes(128) + b"DICM")
    (folder / "noise").write_bytes(np.random.default_rng(1).bytes(4000))


def _link_loops(folder: Path) -> None:
    series(folder / "a")
    os.symlink(folder, folder / "a" / "up", target_is_directory=True)
    os.symlink("itself", folder / "itself")
    os.symlink(folder / "nowhere", folder / "dangling")


def _unstated_units(folder: Path) -> None:
    for path in series(folder):
        edit(path, RescaleSlope=None, RescaleIntercept=None, RescaleType=None)


def _packed(
    change: Callable[[Path], None] = lambda path: None, **extra: bytes
) -> Callable[[Path], None]:
    """The good series in an archive, beside the `extra` members, after a change of the archive."""

    def build(folder: Path) -> None:
        files = series(folder / "source")
        write_archive(folder / "scan.zip", files, extra)
        for path in files:
            path.unlink()
        (folder / "source").rmdir()
        change(folder / "scan.zip")

    return build


def _directory_beside(folder: Path) -> None:
    files = series(folder / "source")
    write_directory(folder / "disc", files)
    for path in files:
        path.unlink()


CASES: tuple[Case, ...] = (
    *(_storage_order(name) for name in STORAGE_ORDERS),
    Case("a good series in shuffled files", series, hu_is_exact=True),
    Case("each slice has its own intercept", lambda folder: series(
        folder, intercept=[-1024 - 3 * (k % 5) for k in range(64)]), hu_is_exact=True),
    Case("each slice has its own slope", lambda folder: series(
        folder, slope=[1 / (1 + k % 2) for k in range(64)]), hu_is_exact=True),
    Case("a file holds half its pixels", _cut_pixels(0.5),
         quarantined=("960 bytes of pixels were expected",)),
    Case("a file holds two rows too many", _cut_pixels(1.1),
         quarantined=("row or more too many",)),
    Case("the slices overlap", lambda folder: series(folder, SliceThickness="5"), (
        Expected(64, PASS, WARN, WARN, ("overlap",)),)),
    Case("the field of view cuts the lungs", lambda folder: write_series(
        folder, hu(), grid(spacing_mm=(2.5, 8, 8)), **_planted({})), (
            Expected(64, PASS, WARN, PASS, ("lungs may be cut",)),)),
    Case("lossy compression", lambda folder: series(folder, LossyImageCompression="01"), (
        Expected(64, WARN, WARN, WARN, ("lossy",)),)),
    Case("the unit is not hounsfield", lambda folder: series(folder, RescaleType="US"), (
        Expected(64, WARN, BLOCK, BLOCK, ("Hounsfield",)),)),
    Case("two phases a minute apart", _two_kinds(ContentTime=("101000", "101100")), (
        GOOD, GOOD)),
    Case("a tube voltage of 80 kV", lambda folder: series(folder, KVP=80), (
        Expected(64, PASS, PASS, WARN, ("80 kVp",)),)),
    Case("the thickness is not stated", lambda folder: series(folder, SliceThickness=None)),
    Case("slices are 8 mm thick", lambda folder: write_series(
        folder, hu(), grid(spacing_mm=(8, 15, 15)), **_planted({})), (
            Expected(64, PASS, BLOCK, BLOCK, ("8 mm thick",)),)),
    Case("one slice is missing", lambda folder: series(folder, drop=[30]), (
        replace(INCOMPLETE, slices=63, words=("One slice is missing", "33", "35")),)),
    Case("three slices are missing at two places",
         lambda folder: series(folder, drop=[10, 11, 40]), (
             replace(INCOMPLETE, slices=61, words=("missing", "3 are missing in all")),)),
    Case("identical slices come twice", lambda folder: series(folder, double=[5, 6]),
         listed=("same", "same"), hu_is_exact=True),
    Case("two reconstructions at the same places", _doubled_with_other_pixels, (GOOD, GOOD)),
    Case("two slices are doubled with other pixels", _some_doubled_with_other_pixels, (
        replace(INCOMPLETE, slices=64, words=("At 2 places lie two slices",)),),
        listed=("at the place of another", "at the place of another")),
    Case("a localizer is inside the series", _localizer_inside, (
        GOOD, replace(REFUSED, slices=1, words=("localizer",))), hu_is_exact=True),
    Case("two matrices under one UID", _mixed_matrix, (
        GOOD, Expected(20, PASS, WARN, PASS, ("cover",)))),
    Case("two kernels under one UID", _two_kinds(ConvolutionKernel=("B30f", "B50f")),
         (GOOD, Expected(64, PASS, WARN, WARN, ("sharp kernel",)))),
    Case("two acquisitions under one UID", _two_kinds(AcquisitionNumber=(1, 2)), (GOOD, GOOD)),
    Case("two image types under one UID", _two_kinds(ImageType=(
        ["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "PRIMARY", "AXIAL"])), (GOOD, GOOD)),
    Case("the gantry is tilted without its tag", lambda folder: series(
        folder, tilt_degrees=12.0), (
            replace(INCOMPLETE, slices=64, words=("tilted by 12.0 degrees",)),)),
    Case("a file is cut within its pixels", _truncated(0.9), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("truncated",)),
    Case("a file is cut within its header", _truncated(0.4), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("truncated",)),
    Case("private elements have undefined length", _private_of_undefined_length,
         hu_is_exact=True),
    Case("a file holds no pixel bytes", _edited(PixelData=b""), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("pixel",)),
    Case("a position is not a number", _spoiled(ImagePositionPatient=b"nan\\nan\\nan"), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("position",)),
    Case("a position is infinite", _spoiled(ImagePositionPatient=b"inf\\0\\0"), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("position",)),
    Case("a position is left out", _edited(ImagePositionPatient=None), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("position",)),
    Case("the pixel spacing of a slice is zero", _spoiled(PixelSpacing=b"0\\0"), (
        replace(INCOMPLETE, slices=63, words=("missing",)),), ("spacing",)),
    Case("an orientation is no pair of directions", _spoiled(
        ImageOrientationPatient=b"1\\0\\0\\1\\0\\0"), (
            replace(INCOMPLETE, slices=63, words=("missing",)),), ("orientation",)),
    Case("an enhanced CT", _enhanced, (GOOD,), hu_is_exact=True),
    Case("a structured report lies beside", _object_beside(structured_report),
         listed=("report",)),
    Case("contours lie beside", _object_beside(contours), listed=("contours",)),
    Case("a presentation state lies beside", _object_beside(presentation_state),
         listed=("presentation",)),
    Case("a screenshot lies beside", _object_beside(secondary_capture),
         listed=("secondary capture",)),
    Case("a colour picture lies beside", _object_beside(
        lambda: secondary_capture(colour=True)), listed=("secondary capture",)),
    Case("a directory file lists the slices", _directory_beside, listed=("directory",),
         hu_is_exact=True),
    Case("an archive", _packed(), hu_is_exact=True),
    Case("an archive with names that lead out of it", _packed(
        **{"../../evil.dcm": b"x", "/etc/evil": b"x", "C:\\evil": b"x"}),
        listed=("out of the archive",) * 3),
    Case("an archive with a link", _packed(lambda path: with_link(path, "link", "/etc/passwd")),
         listed=("link",)),
    Case("an archive with a member that swells", _packed(bomb=bytes(BOMB_BYTES)),
         listed=("bomb",)),
    Case("an archive that understates what it holds", _packed(
        lambda path: understate(path, 4000), bomb=bytes(BOMB_BYTES)), listed=("damaged",)),
    Case("an archive under a password", _packed(encrypt), (), ("encrypted",) * 64),
    Case("an archive in an archive", _packed(**{"inner.zip": nested(3)}), listed=("archive",)),
    Case("a damaged archive", _packed(
        lambda path: path.write_bytes(path.read_bytes()[:-300])), (), ("damaged",)),
    Case("text, nothing, noise", _litter, listed=("not", "empty", "", "not")),
    Case("links that lead round in circles", _link_loops, listed=("link", "link")),
    Case("the units are not stated", _unstated_units, (
        Expected(64, WARN, BLOCK, BLOCK, ("Hounsfield",)),)),
    Case("too few slices", lambda folder: [p.unlink() for p in series(folder)[2:]], (
        Expected(2, WARN, BLOCK, BLOCK, ("3 slices",)),)),
    Case("another modality", lambda folder: series(folder, Modality="MR"), (),
         ("MR",) * 64),
    Case("contrast agent was given", lambda folder: series(folder, ContrastBolusAgent="X 300"), (
        Expected(64, PASS, WARN, BLOCK, ("Contrast",)),)),
)  # fmt: skip


def write_large_folder(folder: Path) -> dict[str, int]:
    """Ten thousand files in a hundred folders, of which the 300 slices of one series matter.

    Returns:
        A word of the reason of the other files -> how many there are.
    """
    shape = (300, 8, 10)
    geometry = grid(shape=shape, spacing_mm=(1.0, 40.0, 40.0))
    slices = write_series(folder / "slices", hu(shape), geometry, **_planted({}))
    report = folder / "report"
    structured_report().save_as(report, enforce_file_format=True)
    others = {
        "not a DICOM file": b"a note " * 100,
        "empty file": b"",
        "structured report": report.read_bytes(),
        "truncated": slices[0].read_bytes()[:-30],
        "modality MR": _another_modality(slices[0]),
    }
    report.unlink()
    for number in range(100):
        (folder / str(number)).mkdir()
    for number, path in enumerate(slices):
        path.rename(folder / str(number % 100) / f"{number * 31}")
    counts = dict.fromkeys(others, 0)
    for number in range(9_700):
        word = list(others)[number % len(others)]
        counts[word] += 1
        (folder / str(number % 100) / f"other{number}.dcm").write_bytes(others[word])
    return counts


def _another_modality(path: Path) -> bytes:
    return path.read_bytes().replace(b"CS\x02\x00CT", b"CS\x02\x00MR")
