"""The commands that make phantoms: the viewer's sample, and cohorts with known outcomes."""

from dataclasses import dataclass
from pathlib import Path

from core.data.nifti import write_nifti
from core.errors import CohortError
from core.phantom.cohort import make_cohort, write_shuffled_table
from core.phantom.imaging import Form, ScanOrder
from core.phantom.protocol import Size
from core.phantom.sample import make_sample, sample_folder
from core.phantom_choice import consecutive, matched
from core.progress import Progress


@dataclass(frozen=True)
class CohortOptions:
    """What `phantom cohort` was asked for.

    Attributes:
        subjects: People to image; of a matched sample its cases and controls.
        seed: Of the people: the same seed gives the same cohort, bit for bit.
        size: Of every scan's grid.
        form: How scans are stored.
        is_matched: True for deaths with matched controls, False for everyone.
        workers: Processes that paint and scan.
        with_shuffled_table: Whether `cohort-shuffled.csv` is written too.
    """

    subjects: int
    seed: int
    size: Size = Size.FULL
    form: Form = Form.COMPRESSED
    is_matched: bool = False
    workers: int = 1
    with_shuffled_table: bool = False


def write_cohort(out: Path, options: CohortOptions, progress: Progress) -> Path:
    """Draw people, image them into a folder, write their tables.

    Returns:
        Path of `cohort.csv`.

    Raises:
        CohortError: Fewer than one subject, or the folder holds something else.
        ReportError: The disk refused.
        ResourcesError: A worker was killed.
    """
    if options.subjects < 1 or options.seed < 0:
        raise CohortError(
            f"Expected at least one subject and a seed of 0 or more, found {options.subjects} and "
            f"{options.seed}.",
            "Give --subjects and --seed as whole numbers.",
        )
    progress.step(0.0, "Drawing people")
    choose = matched if options.is_matched else consecutive
    members = choose(options.subjects, options.seed)
    order = ScanOrder(write_nifti, options.size, options.form)
    table = make_cohort(out, members, order, workers=options.workers, progress=progress)
    if options.with_shuffled_table:
        write_shuffled_table(out, members, order, seed=options.seed)
    return table


def write_sample(out: Path | None, progress: Progress) -> Path:
    """Write the sample scan to a folder, or into the cache; returns the folder."""
    return sample_folder(progress) if out is None else make_sample(out, progress)
