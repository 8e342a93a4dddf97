"""Small pictures of the middle slices, made by jobs one after the other and kept in memory."""

from collections import OrderedDict, deque

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from core.data.series import SeriesRecord, SliceHeader
from core.errors import ThoralensError
from core.progress import Progress
from core.views.planes import slice_geometry, slice_values
from core.views.window import LUNG, lookup_table, to_grey
from core.volume import Volume
from viewer.jobs import Job, JobRunner
from viewer.preview import stored_plane, stored_slice
from viewer.session import Session, SessionState

GROUP = "thumbnail"
"""Of their jobs: too short to be told in the job bar."""

SIDE_PX = 96
"""Drawn at half this size, sharp on a dense screen too."""

KEPT_AT_MOST = 500


class Thumbnails(QObject):
    """Makes the pictures of the series that the session lists, while nothing is being opened.

    Signals:
        made: (UID of a series, `QImage`).
    """

    made = Signal(str, object)

    def __init__(self, session: Session, jobs: JobRunner) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._waiting: deque[SeriesRecord] = deque()
        self._kept: OrderedDict[SliceHeader, QImage] = OrderedDict()
        session.changed.connect(self._follow)
        # Queued: a job that ends may be followed at once by the one that it was meant for.
        jobs.job_changed.connect(self._job_changed, Qt.ConnectionType.QueuedConnection)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.series_index is not old.series_index:
            self._jobs.cancel(GROUP)
            records = new.series_index.series if new.series_index else ()
            self._waiting = deque(record for record in records if not is_volume_file(record))
            self._next()
        if new.volume is not old.volume and new.volume is not None and new.series is not None:
            self._take_from_open(new.series, new.volume)

    def _take_from_open(self, record: SeriesRecord, volume: Volume) -> None:
        """A volume file would have to be read whole for one slice: wait until it is open."""
        if is_volume_file(record):
            middle = volume.geometry.shape[volume.missing_axis] // 2
            self._keep(record, small_picture(volume, middle))

    def _job_changed(self, job: Job) -> None:
        if job.state.is_over and job.group != GROUP:
            self._next()

    def _is_idle(self) -> bool:
        """True where neither a thumbnail nor anything that the user waits for is being made."""
        jobs = [self._jobs.job(group) for group in (GROUP, "index", "load", "sample")]
        return all(job is None or job.state.is_over for job in jobs)

    def _next(self) -> None:
        while self._waiting and self._is_idle():
            record = self._waiting.popleft()
            kept = self._kept.get(middle_slice(record))
            if kept is not None:
                self.made.emit(record.uid, kept)
            else:
                self._start(record)

    def _start(self, record: SeriesRecord) -> None:
        self._jobs.start(
            GROUP,
            lambda progress: thumbnail(record, progress),
            on_done=lambda picture: self._keep(record, picture),
            on_failed=self._leave,
        )

    def _keep(self, record: SeriesRecord, picture: QImage) -> None:
        self._kept[middle_slice(record)] = picture
        while len(self._kept) > KEPT_AT_MOST:
            self._kept.popitem(last=False)
        self.made.emit(record.uid, picture)
        self._next()

    def _leave(self, _error: ThoralensError) -> None:
        """No picture: opening the series will say why, a list must not."""
        self._next()


def is_volume_file(record: SeriesRecord) -> bool:
    """True for a NIfTI, NRRD or MetaImage file, whose slices cannot be read one by one."""
    from core.data.volume_header import VOLUME_SYNTAXES  # brings in the DICOM library

    return record.slices[0].transfer_syntax_uid in VOLUME_SYNTAXES


def middle_slice(record: SeriesRecord) -> SliceHeader:
    """The slice that stands for a series."""
    return record.slices[len(record.slices) // 2]


def thumbnail(record: SeriesRecord, progress: Progress) -> QImage:
    """Grey picture of the middle slice in the lung window, as a reader would see it.

    Returns:
        The longer side is `SIDE_PX`; true to the patient's millimetres.

    Raises:
        SeriesError: The slice cannot be decoded.
    """
    from core.data.slice_pixels import PlacedSlice
    from core.data.slice_reader import SliceReader

    header = middle_slice(record)
    hu = np.empty((header.rows, header.columns), np.int16)
    progress.step(0.0, "Making thumbnails")
    with SliceReader() as reader:
        reader.read(PlacedSlice(1, 0, header, (0.0, 0.0)), hu)
    progress.step(0.9, "Making thumbnails")
    return small_picture(stored_slice(record, header, hu), 0)


def small_picture(volume: Volume, index: int) -> QImage:
    """One stored slice of a reoriented volume in the lung window, averaged down to `SIDE_PX`."""
    plane = stored_plane(volume)
    shown = np.ascontiguousarray(slice_values(volume.hu, plane, index))
    grey = to_grey(shown, lookup_table(LUNG))
    rows, columns = grey.shape
    down_mm, right_mm = slice_geometry(volume.geometry, plane, index).pixel_mm
    whole = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    px_per_mm = SIDE_PX / max(rows * down_mm, columns * right_mm)
    return whole.scaled(
        max(round(columns * right_mm * px_per_mm), 1),
        max(round(rows * down_mm * px_per_mm), 1),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
