"""Fixtures that every room shares: where the real scans lie, and scans that were read once."""

import os
import tarfile
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
    target = UNPACKED / "lidc-0314"
    if not (target / "complete").exists():
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(shared_data / "lidc-0314" / "dicom.tar.xz") as archive:
            archive.extractall(target, filter="data")
        (target / "complete").touch()
    return target
