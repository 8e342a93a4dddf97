"""What the doctor says of machines that lack something."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.doctor import examine, package_fault

ROOT = Path(__file__).resolve().parents[2]

WITHOUT = """
import sys
for name in {names}:
    sys.modules[name] = None  # what import meets where a package is not there
from core.__main__ import main
sys.argv = ["thoralens-core", "doctor"]
main()
"""


def doctor_without(*names):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(names=names)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_a_machine_without_torch_is_told_so_and_everything_else():
    done = doctor_without("torch")
    assert done.returncode == 0, done.stderr
    assert "lacks  device: PyTorch does not start" in done.stdout
    assert "mortality-resnet3d-d" in done.stdout


def test_a_machine_without_a_small_package_is_told_so():
    done = doctor_without("platformdirs")
    assert done.returncode == 0, done.stderr
    assert "lacks  disk" in done.stdout
    assert "lacks  models: they cannot be read without" in done.stdout


def test_a_machine_without_the_window_learns_the_whole_command():
    done = doctor_without("PySide6.QtCore", "PySide6", "vtkmodules")
    assert "pip install .[viewer]" in done.stdout


def test_here_everything_is_there():
    lacking = [each for each in examine() if not each.is_well and each.topic != "window"]
    assert not lacking


@pytest.mark.parametrize(
    ("requirement", "fault"),
    [
        ("numpy>=2.0", ""),
        ("numpy", ""),
        ("numpy>=99.1", "is older than 99.1"),
        ("no-such-package-here>=1", "no-such-package-here missing"),
        ("no-such.package[extra]<3; python_version > '3'", "no-such.package missing"),
    ],
)
def test_a_package_is_missing_too_old_or_well(requirement, fault):
    assert package_fault(requirement).endswith(fault)
    assert bool(package_fault(requirement)) == bool(fault)
