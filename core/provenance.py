"""How a result was made: versions, digests, steps and their times."""

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol
from uuid import uuid4

from core.analysis_result import AnalysisRequest, Provenance

PACKAGES = (
    "thoralens",
    "torch",
    "openvino",
    "numpy",
    "scipy",
    "connected-components-3d",
    "pydicom",
)


class StepTimes:
    """Wall time of each named step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        yield  # a step that fails or is cancelled has no time
        self.seconds[name] = round(time.perf_counter() - start, 3)


class Machine(Protocol):
    """Where the network ran (`core.inference.Engine`)."""

    @property
    def device_name(self) -> str:
        """The device in words."""

    @property
    def precision(self) -> str:
        """Either fp32 or bf16."""

    @property
    def note(self) -> str:
        """Why this device and precision."""


def provenance(
    request: AnalysisRequest,
    weights_sha256: str,
    machine: Machine,
    steps: tuple[str, ...],
    times: StepTimes,
) -> Provenance:
    """The record of one run, stamped with the present time."""
    return Provenance(
        versions=versions(),
        weights_sha256=weights_sha256,
        series_uid=request.series.uid,
        device=machine.device_name,
        precision=machine.precision,
        steps=steps,
        seconds=dict(times.seconds),
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        run_id=uuid4().hex,
        note=machine.note,
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that make the numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
