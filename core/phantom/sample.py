"""The sample scan: a synthetic chest CT that is made on first use, the same on every machine."""

import os
import shutil
import time
import uuid
from pathlib import Path

import numpy as np
from platformdirs import user_cache_dir

from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.acquisition import SeriesTags, scan, write_series
from core.phantom.anatomy import paint_thorax
from core.progress import Progress, Silent, Span
from core.volume import Volume

SAMPLE_VERSION = 1
"""Raise it with every change of the pixels: a newer sample replaces an older in the cache."""

SAMPLE_SHAPE = (160, 512, 512)
SAMPLE_SPACING_MM = (2.0, 0.74, 0.74)
SEED = 20240607

CANVAS_PIXEL_MM = 1.48
"""The body is drawn on a grid about this fine and imaged on a finer one: four times quicker."""

CACHE_VARIABLE = "THORALENS_CACHE"
STALE_AFTER_S = 3600.0
"""A half-made folder this old was left by a process that was killed."""


def make_volume(
    shape: tuple[int, int, int] = SAMPLE_SHAPE,
    spacing_mm: tuple[float, float, float] = SAMPLE_SPACING_MM,
    *,
    seed: int = SEED,
    progress: Progress = Silent(),
) -> Volume:
    """A synthetic chest CT, the same for the same arguments.

    Args:
        shape: (slices, rows, columns), centred on the middle of the thorax; rows and columns even.
        spacing_mm: Along slices (to the head), rows (to the back) and columns (to the left); the
            whole thorax is 320 x 380 x 380 mm.
        seed: Of vessel trees, unevenness and noise.
        progress: Told of each step; may cancel.
    """
    stride = max(round(CANVAS_PIXEL_MM / spacing_mm[1]), 1)
    canvas_shape = (shape[0], shape[1] // stride, shape[2] // stride)
    canvas_spacing_mm = (spacing_mm[0], spacing_mm[1] * stride, spacing_mm[2] * stride)
    random = np.random.default_rng(seed)
    canvas = paint_thorax(
        _centred(canvas_shape, canvas_spacing_mm), random, Span(progress, 0.0, 0.5)
    )
    return scan(canvas, _centred(shape, spacing_mm), random, Span(progress, 0.5, 1.0))


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
    volume = make_volume(SAMPLE_SHAPE, SAMPLE_SPACING_MM, progress=Span(progress, 0.0, 0.85))
    half_made = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        half_made.mkdir(parents=True)
        write_series(volume, half_made, tags=_sample_tags(), progress=Span(progress, 0.85, 1.0))
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


def _centred(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> VolumeGeometry:
    """Slices to the head, rows to the back, columns to the left, round LPS 0, 0, 0."""
    half_mm = [(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)]
    head_back_left = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    return VolumeGeometry.from_axes(
        shape, [-half_mm[2], -half_mm[1], -half_mm[0]], head_back_left, spacing_mm
    )


def _sample_tags() -> SeriesTags:
    return SeriesTags(
        uid_seed=f"thoralens-sample-{SAMPLE_VERSION}",
        series_description="Synthetic thorax 2.0 mm",
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
