"""What `thoralens-core train` does: read the configuration, train, say where the results lie."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.console import progress_on_stderr
from core.progress import Progress, Silent

PATIENT_THREADS = ("OMP_WAIT_POLICY", "PASSIVE")
"""Threads that wait for each other sleep: where others use the processor as well, spinning made
training two to four times slower."""

LINE_EVERY_S = 20.0
"""Where standard error is no terminal, progress is a line at most this often."""


def train(path: Path) -> Path:
    """Train as a configuration says, or go on with it.

    Args:
        path: TOML file (`core.training.configuration`).

    Returns:
        The output folder.

    Raises:
        ThoralensError: Configuration, cohort, folds or scans cannot be used.
    """
    os.environ.setdefault(*PATIENT_THREADS)  # before torch is loaded, or it is not heard
    from core.training.configuration import NETWORK, read_configuration

    configuration = read_configuration(path)
    with training_progress() as progress:
        if configuration.model.kind == NETWORK:
            from core.training.cross_validation import train_network

            return _told_who_was_left_out(train_network(configuration, progress))
        from core.training.clinical_training import train_clinical

        return train_clinical(
            configuration.cohort.csv,
            configuration.cohort.folds,
            configuration.model.kind,
            configuration.clinical,
            output=configuration.output.folder,
            seed=configuration.training.seed,
            progress=progress,
        ).parent


def _told_who_was_left_out(folder: Path) -> Path:
    """Say it on standard error: numbers of a run are those of the scans that it used."""
    from core.training.preparing import LEFT_OUT_FILE

    path = folder / LEFT_OUT_FILE
    if os.environ.get("RANK", "0") == "0" and path.exists():
        count = len(path.read_text("utf-8").splitlines()) - 1
        sys.stderr.write(f"{count} scans of the cohort were left out: see {LEFT_OUT_FILE}.\n")
    return folder


@contextmanager
def training_progress() -> Iterator[Progress]:
    """A bar where standard error is a terminal, now and then a line elsewhere.

    Of several processes only the first shows anything.
    """
    if os.environ.get("RANK", "0") != "0":
        yield Silent()
    elif sys.stderr.isatty():
        with progress_on_stderr() as progress:
            yield progress
    else:
        yield _LinesNowAndThen()


class _LinesNowAndThen:
    """Prints a line where the last one is old enough."""

    def __init__(self) -> None:
        self._last_s = -LINE_EVERY_S

    def step(self, fraction: float, message: str) -> None:
        """Print, or keep quiet."""
        now_s = time.monotonic()
        if now_s - self._last_s >= LINE_EVERY_S or fraction >= 1:
            self._last_s = now_s
            sys.stderr.write(f"{fraction:6.1%}  {message}\n")
            sys.stderr.flush()
