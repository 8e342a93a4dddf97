"""From a folder to an open scan: index, choose, read, reorient, and only then swap it in.

Whatever fails on the way, the scan that was open stays open and a message says what happened. While
a series is read, its first slice is shown as a `Preview`, which is no part of the session.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.data.fitness import Fitness, Level
from core.data.series import SeriesRecord
from core.progress import Progress, Span
from core.views.window import MEDIASTINUM, Window
from core.volume import Volume
from viewer.jobs import Job, JobRunner
from viewer.looking_through import FoundFolder, look_through
from viewer.messages import Message, MessageLevel, Messages
from viewer.preview import Preview, slice_of_volume
from viewer.session import Session
from viewer.view_changes import off_missing, opened
from viewer.view_state import ViewState

READING_SHARE = 0.9
"""Of the time from headers to an open scan, the part that reading the pixels takes."""

SliceSeen = Callable[[int, NDArray[np.int16]], None]


@dataclass(frozen=True, eq=False)
class OpenedSeries:
    """A series with its pixels.

    Attributes:
        record: Which series.
        volume: Reoriented.
        fitness: What it may be used for, now that its pixels are known.
        lost: Why slices could not be read, in words; empty where all were.
    """

    record: SeriesRecord
    volume: Volume
    fitness: Fitness
    lost: tuple[str, ...] = ()


def read_reoriented(
    record: SeriesRecord,
    progress: Progress,
    fitness: Fitness | None = None,
    on_preview: SliceSeen | None = None,
) -> OpenedSeries:
    """Pixels of a series in the order in which we show and compute.

    Args:
        record: Which series.
        progress: Told of every slice.
        fitness: As its headers say; by default nothing speaks against it.
        on_preview: Called with the first decoded slice: its index in the volume, and its HU.

    Raises:
        SeriesError: Too many slices cannot be read.
    """
    from core.data.read_series import fitness_after_reading, read_with_report
    from core.preprocessing.reorient import reorient

    read = read_with_report(record, Span(progress, 0.0, READING_SHARE), on_preview)
    progress.step(READING_SHARE, "Bringing the slices into order")
    lost = tuple(each.reason for each in read.quarantined)
    after = fitness_after_reading(record, fitness or Fitness(), read)
    return OpenedSeries(record, reorient(read.volume), after, lost)


class Opener(QObject):
    """Opens folders, series and the sample.

    Args:
        session: Receives what was opened.
        jobs: Runs the work.
        messages: Is told what the user should know.
        first_window: Window in which a series is first shown.

    Signals:
        folder_opened: A `Path` whose scan is open now (not the sample's).
        preview_changed: A `Preview` while a series is read, then None.
    """

    folder_opened = Signal(object)
    preview_changed = Signal(object)
    _decoded = Signal(int, object)

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
        self._reading = 0
        self._preview: Preview | None = None
        self._decoded.connect(self._show_decoded, Qt.ConnectionType.QueuedConnection)
        jobs.job_changed.connect(self._follow_job)

    @property
    def preview(self) -> Preview | None:
        """What is shown of the series that is being read; None while none is."""
        return self._preview

    def open_folder(self, path: Path) -> None:
        """Open the best series of a folder, an archive or a file."""
        self._look_through(path, is_sample=False)

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
            self._jobs.cancel("load")  # back to the one that is open
            return
        fitness = (state.fitness or {}).get(record.uid, Fitness())
        if fitness.view.level is Level.BLOCK:
            worst = fitness.view.worst
            self._messages.post(Message(MessageLevel.WARNING, worst.text, worst.remedy))
            return
        self._read(record, fitness, self._swap_series)

    def close(self) -> None:
        """Let go of the scan: back to the start page."""
        for group in ("sample", "index", "load"):
            self._jobs.cancel(group)
        view = replace(self._session.state.view, overlay_method=None, maximised=None)
        self._session.replace(
            series_index=None, fitness=None, series=None, volume=None, result=None, view=view
        )

    def _look_through(self, path: Path, *, is_sample: bool) -> None:
        self._jobs.cancel("load")
        self._jobs.start(
            "index",
            lambda progress: look_through(path, progress),
            on_done=lambda found: self._open_found(found, is_sample=is_sample),
            label="Looking through the folder",
        )

    def _open_found(self, found: FoundFolder, *, is_sample: bool) -> None:
        if found.series is None:
            self._refuse(found)
            return
        self._list_if_nothing_is_open(found)
        self._read(
            found.series,
            found.fitness[found.series.uid],
            lambda read: self._swap(found, read, is_sample=is_sample),
        )

    def _refuse(self, found: FoundFolder) -> None:
        """Nothing can be viewed: say why; with nothing open, list the series and their reasons."""
        self._messages.post(
            Message(MessageLevel.WARNING, found.reason, "Choose another folder or series.")
        )
        if found.index.series:
            self._list_if_nothing_is_open(found)

    def _list_if_nothing_is_open(self, found: FoundFolder) -> None:
        if self._session.state.volume is None:
            self._session.replace(series_index=found.index, fitness=found.fitness, series=None)

    # --- reading, with the first slice shown at once ---

    def _read(
        self, record: SeriesRecord, fitness: Fitness, on_done: Callable[[OpenedSeries], None]
    ) -> None:
        self._jobs.cancel("load")  # its end takes its own preview away, not the new one
        self._reading += 1
        reading = self._reading

        def on_preview(place: int, hu: NDArray[np.int16]) -> None:
            from core.data.geometry_gate import geometry_of

            self._decoded.emit(reading, slice_of_volume(geometry_of(record), place, hu))

        self._show(Preview(record, self._first_window(), "Reading the first slice"))
        self._jobs.start(
            "load",
            lambda progress: read_reoriented(record, progress, fitness, on_preview),
            on_done=on_done,
            on_progress=self._show_progress,
            label="Reading the series",
        )

    @Slot(int, object)
    def _show_decoded(self, reading: int, volume: Volume) -> None:
        if reading == self._reading and self._preview is not None:
            self._show(replace(self._preview, volume=volume))

    def _show_progress(self, fraction: float, message: str) -> None:
        if self._preview is None:
            return
        count = self._preview.record.slice_count
        done = min(round(fraction / READING_SHARE * count), count)
        words = f"Reading {done} of {count}" if fraction < READING_SHARE else message
        self._show(replace(self._preview, words=words, fraction=fraction))

    def _follow_job(self, job: Job) -> None:
        if job.group == "load" and job.state.is_over and self._preview is not None:
            self._show(None)

    def _show(self, preview: Preview | None) -> None:
        self._preview = preview
        self.preview_changed.emit(preview)

    # --- what was read takes the place of what was open ---

    def _swap(self, found: FoundFolder, read: OpenedSeries, *, is_sample: bool) -> None:
        self._session.replace(
            series_index=found.index,
            fitness={**found.fitness, read.record.uid: read.fitness},
            series=read.record,
            volume=read.volume,
            result=None,
            view=self._first_view(read.volume),
        )
        if not self._tell_lost(read) and len(found.index.series) > 1:
            text = f"Opened {read.record.description or 'a series'}. {found.reason}"
            self._messages.post(Message(MessageLevel.NOTE, text))
        if not is_sample:
            self.folder_opened.emit(found.folder)

    def _swap_series(self, read: OpenedSeries) -> None:
        fitness = {**(self._session.state.fitness or {}), read.record.uid: read.fitness}
        self._session.replace(
            fitness=fitness,
            series=read.record,
            volume=read.volume,
            result=None,
            view=self._first_view(read.volume),
        )
        self._tell_lost(read)

    def _tell_lost(self, read: OpenedSeries) -> bool:
        """Say which slices could not be read, if any."""
        if not read.lost:
            return False
        some = "One slice could not be read and is"
        if len(read.lost) > 1:
            some = f"{len(read.lost)} slices could not be read and are"
        text = f"{some} shown hatched. {read.lost[0]}"
        remedy = "Copy or export the series again to use it for the model or calcium."
        self._messages.post(Message(MessageLevel.WARNING, text, remedy))
        return True

    def _first_view(self, volume: Volume) -> ViewState:
        first = opened(self._session.state.view, volume.geometry, self._first_window())
        return off_missing(first, volume)
