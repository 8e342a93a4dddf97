"""Fixtures that every room shares: where the real scans lie, and scans that were read once."""

import logging
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]
UNPACKED = ROOT / ".test-data"


def shared_folder() -> Path:
    """Folder of the real scans; a test that needs one fails in CI where it is missing."""
    folder = Path(os.environ.get("THORALENS_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = "The real scans are missing: set THORALENS_TEST_DATA to their folder."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return shared_folder()


@pytest.fixture(scope="session")
def lidc_folder(shared_data: Path) -> Path:
    """The 275 slices of lidc-0314, unpacked once into a folder that git ignores."""
    target = UNPACKED / "lidc-0314-whole"
    if target.exists():
        return target
    UNPACKED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=UNPACKED) as beside:
        with tarfile.open(shared_data / "lidc-0314" / "dicom.tar.xz") as archive:
            archive.extractall(Path(beside) / "unpacked", filter="data")
        with suppress(OSError):  # another process of the same tests was quicker
            (Path(beside) / "unpacked").rename(target)
    return target


PLANTED_WORDS = ("zzyzx", "qx77planted")
"""What the corpus plants as names and identifiers of patients (`tests.corpus`), lower case."""


class _NameFinder(logging.Handler):
    """Keeps the lines of a log in which somebody is named."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if any(word in line.lower() for word in PLANTED_WORDS):
            self.lines.append(line)


@pytest.fixture(scope="session", autouse=True)
def planted_names_stay_out_of_every_log() -> Iterator[None]:
    """Search the log of the whole test run, its tracebacks included, for the planted names."""
    finder = _NameFinder()
    logging.getLogger().addHandler(finder)
    yield
    logging.getLogger().removeHandler(finder)
    assert not finder.lines, finder.lines[:3]
