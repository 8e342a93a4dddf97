"""Images the people of a cohort, one by one or by many processes: each folder whole or absent."""

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.errors import ResourcesError
from core.geometry import VolumeGeometry
from core.phantom.member import Member
from core.phantom.protocol import Size, draw_protocol
from core.phantom.scanner import Scan, image
from core.phantom.series_writing import tags_of, write_series
from core.phantom.truth import MASKS_NAME, truth_document
from core.progress import Progress, Silent, Span

COHORT_VERSION = 1
"""The first one. Raise it with every change of the pixels: scans of two do not belong together."""

POLL_S = 0.5
"""So often a cancelled cohort notices."""


class Form(StrEnum):
    """How a scan is stored."""

    COMPRESSED = "nii.gz"
    PLAIN = "nii"
    DICOM = "dicom"

    @property
    def scan_name(self) -> str:
        """Of the scan within its member's folder."""
        return "scan" if self is Form.DICOM else f"scan.{self.value}"


@dataclass(frozen=True)
class ScanOrder:
    """How every member is imaged.

    Attributes:
        write_volume: Writes values on a geometry as NIfTI, compressed or not by the name of the
            file; a function of a module, so that it reaches other processes. The data room has
            one, which this room does not know.
        size: Of the scan's grid.
        form: How the scan is stored.
    """

    write_volume: Callable[[Path, NDArray[Any], VolumeGeometry], None]
    size: Size = Size.FULL
    form: Form = Form.COMPRESSED


def image_members(
    members: Sequence[Member],
    people: Path,
    order: ScanOrder,
    *,
    workers: int = 1,
    progress: Progress = Silent(),
) -> None:
    """Image members, each into a folder of its own under `people`.

    Args:
        members: Who is imaged.
        people: Exists; holds no finished folder of any of them.
        order: How.
        workers: Processes that paint and scan.
        progress: Told of every member; may cancel, which keeps what is finished.

    Raises:
        OSError: The disk refused.
        ResourcesError: A worker was killed.
    """
    if workers > 1:
        _image_by_many(members, people, order, workers, progress)
        return
    for k, member in enumerate(members):
        share = Span(progress, k / len(members), (k + 1) / len(members))
        image_member(member, people, order, _InTurn(share, k, len(members)))


class _InTurn:
    """Progress of one person, told as that of all."""

    def __init__(self, progress: Progress, index: int, count: int) -> None:
        self._progress = progress
        self._words = f"Imaging people: {index} of {count}"

    def step(self, fraction: float, message: str) -> None:
        self._progress.step(fraction, self._words)


def image_member(
    member: Member, people: Path, order: ScanOrder, progress: Progress = Silent()
) -> None:
    """Image one member and write its folder, whole or not at all."""
    scan = image(member.subject, draw_protocol(member.subject, order.size), progress)
    half_made = people / f".{member.patient_id}"
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir()
    _write_scan(scan, member, half_made, order)
    order.write_volume(half_made / MASKS_NAME, scan.truth.labels, scan.volume.geometry)
    document = truth_document(
        member.subject,
        scan.protocol,
        plaques=scan.plaques,
        volumes_ml=scan.volumes_ml(),
        outcome=member.outcome,
    )
    content = json.dumps(document, indent=1) + "\n"
    (half_made / "truth.json").write_text(content, encoding="utf-8")
    os.rename(half_made, people / member.patient_id)


def _write_scan(scan: Scan, member: Member, folder: Path, order: ScanOrder) -> None:
    path = folder / order.form.scan_name
    if order.form is not Form.DICOM:
        order.write_volume(path, scan.volume.hu, scan.volume.geometry)
        return
    path.mkdir()
    seed = f"thoralens-cohort-{COHORT_VERSION}-{order.size}-{member.patient_id}"
    tags = tags_of(member.subject, scan.protocol, patient_id=member.patient_id, uid_seed=seed)
    write_series(scan.volume, path, tags=tags)


def _image_by_many(
    members: Sequence[Member], people: Path, order: ScanOrder, workers: int, progress: Progress
) -> None:
    """Image members by processes of their own: numpy holds the interpreter's lock too often."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_obey_parent)
    try:
        waiting = {pool.submit(image_member, member, people, order) for member in members}
        while waiting:
            done, waiting = wait(waiting, POLL_S, FIRST_COMPLETED)
            for future in done:
                future.result()
            count = len(members) - len(waiting)
            progress.step(count / len(members), f"Imaging people: {count} of {len(members)}")
    except BrokenProcessPool:
        raise ResourcesError(
            "A process that painted phantoms was killed, most likely for want of memory.",
            "Run it again with fewer workers: it goes on where it was.",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _obey_parent() -> None:
    """Ctrl-C is the parent's to answer; without a parent a worker would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.join,), daemon=True).start()


def _wait_and_end(join: Callable[[], None]) -> None:
    join()
    os._exit(1)
