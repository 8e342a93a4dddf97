"""Scans as the network is fed them, prepared once and kept on disk. No torch.

An entry is named by a digest of everything that made it: the source text of the modules that choose
a series, read it and prepare it (`MAKERS`), the input's description, and the scan's files (names,
sizes, times of change). What was made otherwise is never found again. An entry appears whole or not
at all, so a process may be killed at any moment, and several may fill one cache.
"""

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from core.data.cohort import CohortRow
from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.read_series import fitness_after_reading, read_with_report
from core.data.series_choice import choose_series
from core.errors import ModelInputError, ResourcesError, ThoralensError
from core.model_input import INTENSITY_SCALE, prepare_input
from core.models.cards import InputDescription
from core.progress import Progress, Silent
from core.training.time_left import TimeLeft
from core.whole_file import replace_file

Shape = tuple[int, int, int]
Image = NDArray[np.uint8]

IMAGE = "image"
KEY_DIGITS = 32
ROWS_NAMED = 8

MAKERS = (
    "core.geometry",
    "core.model_input",
    "core.preprocessing",
    "core.data.choice",
    "core.data.geometry_gate",
    "core.data.hounsfield",
    "core.data.nifti",
    "core.data.nifti_header",
    "core.data.nrrd_header",
    "core.data.pixel_encoding",
    "core.data.read_series",
    "core.data.series_choice",
    "core.data.slice_filling",
    "core.data.slice_pixels",
    "core.data.slice_reader",
    "core.data.slice_stack",
    "core.data.stored_pixels",
    "core.data.volume_files",
    "core.data.volume_header",
    "core.data.volume_pixels",
)
"""Modules whose text is part of every key: change one, and every scan is prepared anew."""


@dataclass(frozen=True)
class InputCache:
    """A folder of prepared scans.

    Attributes:
        folder: Made when it is first written to.
        described: What the network is fed.
    """

    folder: Path
    described: InputDescription

    def key(self, scan: Path) -> str:
        """Of a scan: a DICOM folder or a volume file.

        Raises:
            ModelInputError: There is no such file or folder.
        """
        digest = hashlib.sha256(_makers_digest().encode())
        digest.update(self.described.model_dump_json().encode())
        digest.update(_files_digest(scan).encode())
        return digest.hexdigest()[:KEY_DIGITS]

    def has(self, key: str, shape: Shape) -> bool:
        """Whether the entry is there."""
        return self._path(key, shape).exists()

    def write(self, key: str, image: Image) -> None:
        """Keep a prepared scan at its own shape, whole or not at all.

        Args:
            key: Of the scan.
            image: uint8 (D, H, W), intensities 0..255.

        Raises:
            ResourcesError: The disk is full or may not be written to.
        """
        shape = (image.shape[0], image.shape[1], image.shape[2])
        write_atomically(
            self._path(key, shape), safetensors.numpy.save({IMAGE: np.ascontiguousarray(image)})
        )

    def read(self, key: str, shape: Shape) -> Image:
        """A prepared scan at the shape asked for; a smaller one is made of the whole one and kept.

        Raises:
            ModelInputError: It was never prepared.
            ResourcesError: The disk fails.
        """
        image = self._stored(key, shape)
        if image is None:
            whole = self._stored(key, self.described.shape)
            if whole is None:
                raise ModelInputError(
                    "A scan of the cohort is not in the cache of prepared inputs.",
                    "Start the training again: it prepares what is missing.",
                )
            image = block_mean(whole, shape)
            self.write(key, image)
        return image

    def prepare(self, scan: Path, key: str, progress: Progress = Silent()) -> None:
        """Read a scan, prepare it as `core.analysis` does and keep it.

        Raises:
            ThoralensError: The scan cannot be read, or is not what the model was made for.
        """
        choice = choose_series(scan, "", progress)
        read = read_with_report(choice.record, progress)
        fitness = fitness_after_reading(choice.record, fitness_of(choice.record), read)
        blocking = [each for each in fitness.model.reasons if each.level is Level.BLOCK]
        if blocking or read.volume.missing_slices:
            words = " ".join(each.text for each in blocking) or "Slices are missing."
            raise ModelInputError(
                f"The model cannot be used on this scan: {words}", "Leave it out."
            )
        prepared = prepare_input(read.volume, self.described, progress)
        self.write(key, np.rint(prepared.image * INTENSITY_SCALE).astype(np.uint8))

    def _path(self, key: str, shape: Shape) -> Path:
        name = "x".join(map(str, shape))
        return self.folder / key[:2] / f"{key}-{name}.safetensors"

    def _stored(self, key: str, shape: Shape) -> Image | None:
        try:
            content = self._path(key, shape).read_bytes()
            image: Image = safetensors.numpy.load(content)[IMAGE]
        except FileNotFoundError:
            return None
        except (safetensors.SafetensorError, KeyError, OSError):
            raise ResourcesError(
                "An entry of the cache of prepared inputs is damaged.",
                "Delete the cache's folder and start again: it is filled anew.",
            ) from None
        return image


def block_mean(image: Image, shape: Shape) -> Image:
    """Means over blocks, rounded; the sides of `shape` divide those of the image."""
    blocks = [whole // side for whole, side in zip(image.shape, shape, strict=True)]
    if tuple(b * s for b, s in zip(blocks, shape, strict=True)) != image.shape:
        raise ValueError(f"{shape} does not divide {image.shape}")
    split = (shape[0], blocks[0], shape[1], blocks[1], shape[2], blocks[2])
    sums = image.reshape(split).sum(axis=(1, 3, 5), dtype=np.uint32)
    means: Image = np.rint(sums / np.prod(blocks)).astype(np.uint8)
    return means


@dataclass(frozen=True)
class Filled:
    """What the cache holds of a cohort.

    Attributes:
        keys: Of each row's scan, "" for one that cannot be used.
        faults: Why not, by the row's number in the table.
    """

    keys: tuple[str, ...]
    faults: Mapping[int, str]


def look_up(cache: InputCache, rows: Sequence[CohortRow]) -> Filled:
    """What another process has filled."""
    shape = cache.described.shape
    keys = (_key_or_fault(cache, row) for row in rows)
    known = (key if isinstance(key, str) and cache.has(key, shape) else "" for key in keys)
    return Filled(tuple(known), {})


def fill(
    cache: InputCache,
    rows: Sequence[CohortRow],
    *,
    workers: int,
    leave_out_unusable: bool = False,
    progress: Progress = Silent(),
) -> Filled:
    """Prepare every scan that is not in the cache yet.

    Args:
        cache: To fill.
        rows: Of the cohort, in its order.
        workers: Processes.
        leave_out_unusable: Give an unusable scan the key "", instead of refusing all.
        progress: Told of every scan; may cancel.

    Raises:
        ThoralensError: Scans cannot be used; the message names their rows (the header is row 1).
    """
    keys: list[str] = []
    missing: dict[str, list[CohortRow]] = {}
    faults: dict[int, ThoralensError] = {}
    for row in rows:
        key = _key_or_fault(cache, row)
        if isinstance(key, ModelInputError):
            faults[row.number] = key
        elif not cache.has(key, cache.described.shape):
            missing.setdefault(key, []).append(row)
        keys.append("" if isinstance(key, ModelInputError) else key)
    scans = {key: some[0].scan for key, some in missing.items()}
    for key, error in _prepared(cache, scans, workers, progress):
        faults |= dict.fromkeys((row.number for row in missing[key]), error)
    if faults and not leave_out_unusable:
        raise _refusal(faults)
    usable = ("" if row.number in faults else key for row, key in zip(rows, keys, strict=True))
    return Filled(tuple(usable), {number: error.message for number, error in faults.items()})


def _key_or_fault(cache: InputCache, row: CohortRow) -> str | ModelInputError:
    """The key of the row's scan, or why it has none."""
    try:
        return cache.key(row.scan)
    except ModelInputError as error:
        return error


def _prepared(
    cache: InputCache, missing: dict[str, Path], workers: int, progress: Progress
) -> Iterator[tuple[str, ThoralensError]]:
    """Prepare all of `missing`; the keys of those that were refused, and why."""
    if not missing:
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(cache.prepare, scan, key): key for key, scan in missing.items()}
        left = TimeLeft()
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                share = done / len(waiting)
                words = f"Preparing scan {done} of {len(waiting)}, {left.words(share)}"
                progress.step(share, words)
                error = future.exception()
                if isinstance(error, ThoralensError):
                    yield waiting[future], error
                elif error is not None:
                    raise error
        finally:
            pool.shutdown(cancel_futures=True)


def _refusal(faults: dict[int, ThoralensError]) -> ThoralensError:
    numbers = sorted(faults)
    named = ", ".join(map(str, numbers[:ROWS_NAMED])) + (
        ", ..." if len(numbers) > ROWS_NAMED else ""
    )
    first = faults[min(faults)]
    return ModelInputError(
        f"{len(numbers)} scans of the cohort cannot be used (column 'scan', row {named}). "
        f"Row {numbers[0]}: {first.message}",
        f"{first.remedy} Or set leave_out_unusable = true.",
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Write under a name of its own, then put it in place: right for several writers at once.

    Raises:
        ResourcesError: The disk is full or may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        raise ResourcesError(
            f"{path.name} could not be written ({error.strerror}).",
            "Choose a folder that may be written to and has space left.",
        ) from None


@cache
def _makers_digest() -> str:
    """Of the source text of all modules that make an input."""
    digest = hashlib.sha256()
    for name in MAKERS:
        found = importlib.util.find_spec(name)
        origin = Path(found.origin) if found and found.origin else None
        if origin is None:  # frozen into a program: its version is that of the whole
            continue
        for path in sorted(origin.parent.glob("*.py")) if origin.stem == "__init__" else [origin]:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files_digest(scan: Path) -> str:
    """Of names, sizes and times of change of a scan's files."""
    files = [scan] if scan.is_file() else sorted(each for each in scan.rglob("*") if each.is_file())
    if not files:
        raise ModelInputError(
            "A scan of the cohort is not there: neither a file nor a folder that holds files.",
            "Correct the column 'scan' of the cohort.",
        )
    digest = hashlib.sha256()
    for file in files:
        stat = file.stat()
        name = file.name if file == scan else str(file.relative_to(scan))
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
