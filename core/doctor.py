"""What this machine has and lacks for Thoralens, in words.

Imports no package that a broken installation may lack: those are what is looked for.
"""

import ctypes.util
import importlib
import importlib.util
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from core.errors import WeightsError

NEEDED_MEMORY_GB = 6.0
NEEDED_DISK_GB = 1.0
REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*(?:>=\s*([\d.]+))?")
"""Name, extras, least version."""

LINUX_LIBRARIES = {"EGL": "libegl1", "GL": "libgl1", "xkbcommon": "libxkbcommon0"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: What was looked at.
        is_well: False where something is lacking.
        text: What was found and, where it lacks, what to do.
    """

    topic: str
    is_well: bool
    text: str


def examine() -> tuple[Finding, ...]:
    """Look at Python, packages, device, memory, disk, screen libraries and models."""
    return (
        _python(),
        _packages(),
        _device(),
        _memory(),
        _disk(),
        *_window(),
        *_models(),
    )


def _python() -> Finding:
    is_well = sys.version_info >= (3, 11)
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("Python", is_well, text if is_well else f"{text}: 3.11 or newer is needed")


def _packages() -> Finding:
    try:
        needed = [line for line in requires("thoralens") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        return Finding("packages", False, "Thoralens is not installed: bash packaging/run.sh")
    faults = [fault for fault in map(package_fault, needed) if fault]
    if faults:
        text = f"{', '.join(faults)}. Run bash packaging/run.sh"
        return Finding("packages", False, text)
    return Finding("packages", True, f"all {len(needed)} are installed; torch {version('torch')}")


def package_fault(requirement: str) -> str:
    """What is wrong with one package; "" where it is installed and new enough.

    Args:
        requirement: As in pyproject.toml: a name, and ">=" with the least version.
    """
    name, least = REQUIREMENT.match(requirement).groups()  # type: ignore[union-attr] # all match
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} missing"
    is_new_enough = least is None or _numbers(found) >= _numbers(least)
    return "" if is_new_enough else f"{name} {found} is older than {least}"


def _numbers(version_text: str) -> tuple[int, ...]:
    """Leading numbers of a version: 2.13.0+cpu gives (2, 13, 0)."""
    leading = re.match(r"\d+(\.\d+)*", version_text)
    return tuple(map(int, leading[0].split("."))) if leading else ()


def _device() -> Finding:
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:  # OSError: one of its libraries does not load
        return Finding(
            "device", False, f"PyTorch does not start ({type(error).__name__}): packaging/run.sh"
        )
    if torch.cuda.is_available():
        return Finding("device", True, f"GPU: {torch.cuda.get_device_name()}")
    threads = torch.get_num_threads()
    text = f"no GPU seen; the model runs on {threads} CPU threads"
    return Finding("device", True, f"{text}, {_openvino()}")


def _openvino() -> str:
    try:
        return f"forward by OpenVINO {version('openvino')}"
    except PackageNotFoundError:
        return "without OpenVINO, which would halve its time (pip install .[openvino])"


def _memory() -> Finding:
    pages, size = "SC_PHYS_PAGES", "SC_PAGE_SIZE"
    if not hasattr(os, "sysconf") or pages not in os.sysconf_names:
        return Finding("memory", True, "not known on this system; 6 GB are needed")
    total_gb = os.sysconf(pages) * os.sysconf(size) / 1e9
    is_well = total_gb >= NEEDED_MEMORY_GB
    text = f"{total_gb:.0f} GB"
    if not is_well:
        text += f": the model with its maps needs a machine of {NEEDED_MEMORY_GB:.0f} GB"
    return Finding("memory", is_well, text)


def _disk() -> Finding:
    try:
        platformdirs = importlib.import_module("platformdirs")
    except ImportError:
        return Finding("disk", False, "the cache's place is not known without platformdirs")
    folder = Path(platformdirs.user_cache_dir("thoralens", appauthor=False))
    while not os.path.isdir(folder):  # Path.exists raises where a folder may not be entered
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / 1e9
    is_well = free_gb >= NEEDED_DISK_GB
    text = f"{free_gb:.0f} GB free for the cache"
    return Finding("disk", is_well, text if is_well else f"{text}: 1 GB is needed")


def _window() -> tuple[Finding, ...]:
    packages = [name for name in ("PySide6", "vtkmodules") if not importlib.util.find_spec(name)]
    if packages:
        return (Finding("window", False, f"{', '.join(packages)} missing: pip install .[viewer]"),)
    if sys.platform != "linux":
        return (Finding("window", True, "Qt and VTK are installed"),)
    lacking = [
        package for name, package in LINUX_LIBRARIES.items() if not ctypes.util.find_library(name)
    ]
    if lacking:
        remedy = f"sudo apt-get install {' '.join(lacking)}"
        return (Finding("window", False, f"system libraries missing: {remedy}"),)
    screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    words = "a screen is there" if screen else "no screen here: use thoralens-core analyse"
    return (Finding("window", True, f"Qt and VTK are installed; {words}"),)


def _models() -> tuple[Finding, ...]:
    try:
        from core.models.bundle_folders import bundles

        found = bundles()
    except ImportError as error:
        return (Finding("models", False, f"they cannot be read without {error.name}"),)
    except WeightsError as error:
        return (Finding("models", False, str(error)),)
    return tuple(
        Finding(
            f"model {bundle.card.id}",
            bundle.weights in {"present", "seed"},
            bundle.state_in_words,
        )
        for bundle in found
    )
