"""The sample scan: a synthetic chest CT that is made on first use, the same on every machine."""

import os
import shutil
import time
import uuid
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_dir

from core.errors import ReportError
from core.phantom.protocol import AIR_HU, Protocol
from core.phantom.scanner import Scan, image
from core.phantom.series_writing import SeriesTags, tags_of, write_series
from core.phantom.subject import Build, Diseases, Sex, Subject, Vessel
from core.progress import Progress, Silent, Span
from core.volume import Volume

SAMPLE_VERSION = 2
"""Raise it with every change of the pixels: a newer sample replaces an older in the cache."""

SAMPLE_SHAPE = (160, 512, 512)
SAMPLE_SPACING_MM = (2.0, 0.74, 0.74)

SAMPLE_SUBJECT = Subject(
    seed=20240607,
    age_years=66.0,
    sex=Sex.MALE,
    pack_years=42.0,
    build=Build(fat_mm=4.0, diaphragm_mm=4.0, heart_turn_degrees=2.0, kyphosis=1.05),
    diseases=Diseases(
        coronary_agatston={Vessel.LAD: 160.0, Vessel.LCX: 45.0, Vessel.RCA: 95.0},
        aortic_calcium_mm3=250.0,
        centrilobular=0.05,
        nodule_mm=9.0,
        vertebral_hu=145.0,
        muscle=0.95,
    ),
)
"""A man as a screening finds him: moderate coronary calcium, mild emphysema, a nodule of 9 mm."""

SAMPLE_NOISE_HU = 12.0

CACHE_VARIABLE = "THORALENS_CACHE"
STALE_AFTER_S = 3600.0
"""A half-made folder this old was left by a process that was killed."""


def sample_scan(
    shape: tuple[int, int, int] = SAMPLE_SHAPE,
    spacing_mm: tuple[float, float, float] = SAMPLE_SPACING_MM,
    *,
    subject: Subject = SAMPLE_SUBJECT,
    progress: Progress = Silent(),
) -> Scan:
    """The sample's subject on any grid, with the truth; the same for the same arguments.

    Args:
        shape: (slices, rows, columns), centred on the middle of the thorax; as many rows as
            columns.
        spacing_mm: Along slices (to the head), rows (to the back) and columns (to the left), these
            two alike; the whole thorax is 320 x 380 x 380 mm.
        subject: Who is scanned.
        progress: Told of each step; may cancel.
    """
    protocol = Protocol(
        noise_hu=SAMPLE_NOISE_HU,
        slice_thickness_mm=spacing_mm[0],
        increment_mm=spacing_mm[0],
        slices=shape[0],
        pixel_mm=spacing_mm[1],
        matrix=shape[1],
        padding_hu=AIR_HU,
    )
    return image(subject, protocol, progress)


def make_volume(
    shape: tuple[int, int, int] = SAMPLE_SHAPE,
    spacing_mm: tuple[float, float, float] = SAMPLE_SPACING_MM,
    *,
    seed: int = SAMPLE_SUBJECT.seed,
    progress: Progress = Silent(),
) -> Volume:
    """A synthetic chest CT, the same for the same arguments; see `sample_scan`.

    Args:
        shape: (slices, rows, columns), as many rows as columns.
        spacing_mm: Along slices, rows and columns.
        seed: Of the branching of vessels, the places of disease, and noise.
        progress: Told of each step; may cancel.
    """
    subject = replace(SAMPLE_SUBJECT, seed=seed)
    return sample_scan(shape, spacing_mm, subject=subject, progress=progress).volume


def make_sample(folder: Path, progress: Progress = Silent()) -> Path:
    """Make the sample scan and write it to `folder` as a DICOM series.

    The folder appears whole or not at all, also when the work is cancelled.

    Args:
        folder: Does not exist yet, or is empty.
        progress: Told of each step; may cancel.

    Returns:
        `folder`.

    Raises:
        ReportError: The folder holds something, or the disk refused.
    """
    folder = folder.absolute()  # "." has no name to put a half-made folder beside
    if os.path.lexists(folder) and not _is_empty(folder):
        raise ReportError(
            "Expected a new or an empty folder for the sample scan, found one that holds files.",
            "Choose another folder.",
        )
    scan = sample_scan(SAMPLE_SHAPE, SAMPLE_SPACING_MM, progress=Span(progress, 0.0, 0.85))
    half_made = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        half_made.mkdir(parents=True)
        tags = _sample_tags(scan.protocol)
        write_series(scan.volume, half_made, tags=tags, progress=Span(progress, 0.85, 1.0))
        if folder.exists():
            folder.rmdir()  # empty: Windows does not rename over it
        half_made.rename(folder)
    except OSError as error:
        raise ReportError(
            f"The sample scan could not be written: {error.strerror}.",
            "Free about 90 MB of disk space, or choose a folder that you may write to.",
        ) from None  # the cause holds a path
    finally:
        shutil.rmtree(half_made, ignore_errors=True)
    return folder


def sample_folder(progress: Progress = Silent()) -> Path:
    """The sample scan in the user's cache, made on first use.

    The cache is the platform's, or the folder that the variable THORALENS_CACHE names.

    Returns:
        A folder of 160 DICOM files.

    Raises:
        ReportError: The cache cannot be written.
    """
    cache = Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("thoralens", appauthor=False))
    folder = cache / f"sample-{SAMPLE_VERSION}"
    if _is_whole(folder):
        return folder
    shutil.rmtree(folder, ignore_errors=True)  # someone took files out of it
    try:
        make_sample(folder, progress)
    except ReportError:
        if not _is_whole(folder):  # else another process was quicker
            raise
    _remove_older(cache, folder)
    return folder


def _sample_tags(protocol: Protocol) -> SeriesTags:
    return tags_of(
        SAMPLE_SUBJECT,
        protocol,
        patient_id="THORALENS-SAMPLE",
        uid_seed=f"thoralens-sample-{SAMPLE_VERSION}",
    )


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:  # a file, or a folder that may not be listed
        return False


def _is_whole(folder: Path) -> bool:
    return folder.is_dir() and len(list(folder.glob("*.dcm"))) == SAMPLE_SHAPE[0]


def _remove_older(cache: Path, current: Path) -> None:
    """Free the space of other versions, and of what killed processes left."""
    stale_before_s = time.time() - STALE_AFTER_S
    for other in cache.glob("sample-*"):
        if other != current:
            shutil.rmtree(other, ignore_errors=True)
    for half_made in cache.glob(".sample-*"):
        if half_made.stat().st_mtime < stale_before_s:
            shutil.rmtree(half_made, ignore_errors=True)
