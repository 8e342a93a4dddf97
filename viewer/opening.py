"""From a folder to an open scan: index, choose, read, reorient, and only then swap it in.

Whatever fails on the way, the scan that was open stays open and a message says what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.data.fitness import Fitness, Level
from core.data.series import SeriesIndex, SeriesRecord
from core.progress import Progress, Span
from core.views.window import MEDIASTINUM, Window
from core.volume import Volume
from viewer.jobs import JobRunner
from viewer.messages import Message, MessageLevel, Messages
from viewer.session import Session
from viewer.view_changes import opened
from viewer.view_state import ViewState

READING_SHARE = 0.9
"""Of the time from headers to an open scan, the part that reading the pixels takes."""


@dataclass(frozen=True)
class FoundFolder:
    """What a folder holds.

    Attributes:
        folder: Which one.
        index: Its series and unreadable files.
        fitness: Verdicts by series UID.
        series: The one to open, None if none can be viewed.
        reason: Why this one, or why none, in words.
    """

    folder: Path
    index: SeriesIndex
    fitness: dict[str, Fitness]
    series: SeriesRecord | None
    reason: str


def look_through(folder: Path, progress: Progress) -> FoundFolder:
    """Index a folder, judge every series and choose the one to open."""
    from core.data.choice import best_for_model
    from core.data.geometry_gate import fitness_of
    from core.data.series_index import index

    found = index(folder, progress)
    fitness = {record.uid: fitness_of(record) for record in found.series}
    choice = best_for_model(found, fitness)
    if choice is None or fitness[choice.record.uid].view.level is Level.BLOCK:
        return FoundFolder(folder, found, fitness, None, _why_none(found, fitness))
    return FoundFolder(folder, found, fitness, choice.record, choice.reason)


def read_reoriented(record: SeriesRecord, progress: Progress) -> Volume:
    """Pixels of a series in the order in which we show and compute."""
    from core.data.read_series import read
    from core.preprocessing.reorient import reorient

    volume = read(record, Span(progress, 0.0, READING_SHARE))
    progress.step(READING_SHARE, "Bringing the slices into order")
    return reorient(volume)


class Opener(QObject):
    """Opens folders, series and the sample.

    Args:
        session: Receives what was opened.
        jobs: Runs the work.
        messages: Is told what the user should know.
        first_window: Window in which a series is first shown.

    Signals:
        folder_opened: A `Path` whose scan is open now (not the sample's).
    """

    folder_opened = Signal(object)

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        *,
        messages: Messages,
        first_window: Callable[[], Window] = lambda: MEDIASTINUM,
    ) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._messages = messages
        self._first_window = first_window

    def open_folder(self, folder: Path) -> None:
        """Open the best series of a folder."""
        self._look_through(folder, is_sample=False)

    def open_sample(self) -> None:
        """Open the synthetic sample; it is made on first use."""
        from core.phantom.sample import sample_folder

        self._jobs.start(
            "sample",
            sample_folder,
            on_done=lambda folder: self._look_through(folder, is_sample=True),
            label="Preparing the sample",
        )

    def open_series(self, record: SeriesRecord) -> None:
        """Open another series of the folder that is open; a refused one only says why."""
        state = self._session.state
        if record is state.series:
            return
        fitness = (state.fitness or {}).get(record.uid, Fitness())
        if fitness.view.level is Level.BLOCK:
            worst = fitness.view.worst
            self._messages.post(Message(MessageLevel.WARNING, worst.text, worst.remedy))
            return
        self._read(record, lambda volume: self._swap_series(record, volume))

    def close(self) -> None:
        """Let go of the scan: back to the start page."""
        for group in ("sample", "index", "load"):
            self._jobs.cancel(group)
        view = replace(self._session.state.view, overlay_method=None, maximised=None)
        self._session.replace(
            series_index=None, fitness=None, series=None, volume=None, result=None, view=view
        )

    def _look_through(self, folder: Path, *, is_sample: bool) -> None:
        self._jobs.cancel("load")
        self._jobs.start(
            "index",
            lambda progress: look_through(folder, progress),
            on_done=lambda found: self._open_found(found, is_sample=is_sample),
            label="Looking through the folder",
        )

    def _open_found(self, found: FoundFolder, *, is_sample: bool) -> None:
        if found.series is None:
            self._refuse(found)
            return
        self._read(found.series, lambda volume: self._swap(found, volume, is_sample=is_sample))

    def _refuse(self, found: FoundFolder) -> None:
        """Nothing can be viewed: say why; with nothing open, list the series and their reasons."""
        self._messages.post(
            Message(MessageLevel.WARNING, found.reason, "Choose another folder or series.")
        )
        if self._session.state.volume is None and found.index.series:
            self._session.replace(series_index=found.index, fitness=found.fitness, series=None)

    def _read(self, record: SeriesRecord, on_done: Callable[[Volume], None]) -> None:
        self._jobs.start(
            "load",
            lambda progress: read_reoriented(record, progress),
            on_done=on_done,
            label="Reading the series",
        )

    def _swap(self, found: FoundFolder, volume: Volume, *, is_sample: bool) -> None:
        self._session.replace(
            series_index=found.index,
            fitness=found.fitness,
            series=found.series,
            volume=volume,
            result=None,
            view=self._first_view(volume),
        )
        if len(found.index.series) > 1:
            text = f"Opened {found.series.description or 'a series'}. {found.reason}"
            self._messages.post(Message(MessageLevel.NOTE, text))
        if not is_sample:
            self.folder_opened.emit(found.folder)

    def _swap_series(self, record: SeriesRecord, volume: Volume) -> None:
        self._session.replace(
            series=record, volume=volume, result=None, view=self._first_view(volume)
        )

    def _first_view(self, volume: Volume) -> ViewState:
        return opened(self._session.state.view, volume.geometry, self._first_window())


def _why_none(index: SeriesIndex, fitness: dict[str, Fitness]) -> str:
    if not index.series:
        reason = index.unreadable[0].reason if index.unreadable else "it is empty"
        return f"No CT series was found in this folder; its first file: {reason}."
    first = fitness[index.series[0].uid].view.worst
    number = len(index.series)
    which = "The only series" if number == 1 else f"None of the {number} series"
    verb = "cannot be shown" if number == 1 else "can be shown"
    return f"{which} of this folder {verb}. {first.text if first else ''}".strip()
