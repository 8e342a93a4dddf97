"""Which patient belongs to which part of an experiment; written once, read by every model.

Lu et al. 2022 held 48 patients for validation and split 450 into 5 folds of 90 with the class ratio
kept. Whole patients are dealt, so that scans of one never lie on both sides of a split. Deaths of
lung cancer are held out; other deaths, of neither class, take no part.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.data.cause_groups import CauseGroup
from core.data.cohort import Cohort, mortality_label
from core.errors import CohortError
from core.whole_file import write_whole

PUBLISHED_FOLDS = 5
PUBLISHED_VALIDATION = 48
FORMAT_VERSION = 1
AGAIN = "Make the folds anew from this cohort; models trained on the old ones cannot be compared."

Unit = tuple[str, ...]
"""Patients that are dealt together."""

TEST = "test"
VALIDATION = "validation"
HELD_OUT = "held_out"


@dataclass(frozen=True)
class Folds:
    """Patients of every part; no patient is in two.

    Attributes:
        seed: Of the deal.
        folds: Patients of each fold of the cross-validation.
        validation: Patients that every fold's model may look at to stop or to choose.
        test: Patients that no model of the cross-validation ever saw.
        held_out: Patients who died of lung cancer.
        together: Patients that were dealt together, such as a death and its matches; whoever
            splits a part further must keep them together too.
    """

    seed: int
    folds: tuple[tuple[str, ...], ...]
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    together: tuple[Unit, ...] = ()

    def training(self, fold: int) -> tuple[str, ...]:
        """Patients of all folds but this one; those of validation are not among them."""
        others = (some for number, some in enumerate(self.folds) if number != fold)
        return tuple(chain.from_iterable(others))

    @cached_property
    def parts(self) -> Mapping[str, int | str]:
        """Part of each patient: the number of a fold, "validation", "test" or "held_out"."""
        named = {VALIDATION: self.validation, TEST: self.test, HELD_OUT: self.held_out}
        parts: dict[str, int | str] = {
            patient: name for name, some in named.items() for patient in some
        }
        for number, some in enumerate(self.folds):
            parts.update(dict.fromkeys(some, number))
        return parts

    def part_of(self, patient_id: str) -> int | str | None:
        """Fold number or name of a patient's part, None where the patient takes no part."""
        return self.parts.get(patient_id)


def make_folds(
    cohort: Cohort,
    folds: int = PUBLISHED_FOLDS,
    *,
    validation: float = PUBLISHED_VALIDATION,
    test: float | Collection[str] = 0,
    together: Iterable[Collection[str]] | None = None,
    seed: int = 0,
) -> Folds:
    """Deal the patients of a cohort, the share of deaths alike in every part.

    The deal depends on the patients and the seed alone, not on the order of the rows.

    Args:
        cohort: With every patient of the experiment.
        folds: How many, at least 2.
        validation: Patients for validation: a count, or a share where it lies below 1.
        test: The same for the test set, or the patients that it shall hold.
        together: Patients that stay in one part, such as a death and its matches; None for the
            sets that the table names in its column ``matched_set``. If they are parted, every
            death is tested by a model that was taught that people of the same age, sex and smoking
            live: it learns to be wrong.
        seed: Of the deal.

    Raises:
        CohortError: Some part would lack deaths or living.
    """
    if folds < 2:
        raise CohortError(f"At least 2 folds are needed, {folds} were asked for.", "Ask for 5.")
    chosen = None if isinstance(test, int | float) else frozenset(test)
    labels, held_out = _classes(cohort, frozenset() if chosen is None else chosen)
    units = _units(labels, cohort.matched_sets if together is None else together)
    groups = _groups(labels, units, np.random.default_rng(seed))
    tested = _taken(groups, test) if isinstance(test, int | float) else _known(cohort, chosen)
    validated = _taken(groups, validation)
    dealt = [unit for group in groups for unit in group]
    parts = tuple(
        tuple(sorted(chain.from_iterable(dealt[number::folds]))) for number in range(folds)
    )
    if not all(0 < sum(labels[each] for each in part) < len(part) for part in parts):
        died = sum(labels[each] for part in parts for each in part)
        raise CohortError(
            f"Each of {folds} folds needs deaths of the endpoint and living patients; after "
            f"validation and test {died} and {sum(map(len, parts)) - died} are left.",
            "Ask for fewer folds or a smaller validation set, or gather more patients.",
        )
    return Folds(
        seed=seed,
        folds=parts,
        validation=tuple(sorted(validated)),
        test=tuple(sorted(tested)),
        held_out=tuple(held_out),
        together=units,
    )


def all_tested(cohort: Cohort) -> Folds:
    """A test set of every patient who has a class: a cohort that no model was taught on.

    Raises:
        CohortError: Deaths of the endpoint or living are lacking.
    """
    labels, held_out = _classes(cohort, frozenset())
    died = sum(labels.values())
    if not 0 < died < len(labels):
        raise CohortError(
            f"A test set needs deaths of the endpoint and living patients; the cohort holds {died} "
            f"deaths of the endpoint and {len(labels) - died} living.",
            "Gather more patients.",
        )
    together = _units(labels, cohort.matched_sets)
    return Folds(0, (), test=tuple(labels), held_out=tuple(held_out), together=together)


def _classes(cohort: Cohort, without: Collection[str]) -> tuple[dict[str, bool], list[str]]:
    """Class of each patient who has one, and who died of lung cancer; both sorted by patient."""
    labels: dict[str, bool] = {}
    held_out: list[str] = []
    for patient, rows in sorted(cohort.patients.items()):
        label = mortality_label(rows[0])
        if patient in without:
            continue
        if label is not None:
            labels[patient] = label
        elif rows[0].group is CauseGroup.LUNG_CANCER:
            held_out.append(patient)
    return labels, held_out


def _units(labels: Mapping[str, bool], together: Iterable[Collection[str]]) -> tuple[Unit, ...]:
    """Those of the patients with a class who stay together, sorted."""
    units = [tuple(sorted(set(some) & labels.keys())) for some in together]
    placed = list(chain.from_iterable(units))
    if len(set(placed)) < len(placed):
        raise CohortError(
            "A patient is matched in two sets.", "Match so that nobody is used twice."
        )
    return tuple(sorted(unit for unit in units if len(unit) > 1))


def _groups(
    labels: Mapping[str, bool], units: Iterable[Unit], random: np.random.Generator
) -> list[list[Unit]]:
    """Units that are dealt whole, in groups with equally many deaths and living, each shuffled."""
    units = list(units)
    placed = set(chain.from_iterable(units))
    alone = sorted(labels.keys() - placed, key=lambda patient: (not labels[patient], patient))
    groups: dict[tuple[int, int], list[Unit]] = {}
    for unit in [*units, *((patient,) for patient in alone)]:
        deaths = sum(labels[patient] for patient in unit)
        groups.setdefault((deaths, len(unit) - deaths), []).append(unit)
    for group in groups.values():
        random.shuffle(group)
    return list(groups.values())


def _taken(groups: list[list[Unit]], size: float) -> list[str]:
    """Take units off every group, in the ratio of their patients.

    Raises:
        CohortError: The size is not one, or leaves nothing.
    """
    total = sum(len(unit) for group in groups for unit in group)
    count = round(size * total) if size < 1 else round(size)
    if not 0 <= count < total:
        raise CohortError(
            f"A part of {count} patients was asked for, {total} are there.",
            "Give a count below the number of patients, or a share below 1.",
        )
    taken: list[str] = []
    seen = 0
    for group in groups:
        each = len(group[0])
        seen += each * len(group)
        # Counted up to here, so that what one group rounds away the next one gives.
        units = round((count * seen / total - len(taken)) / each)
        units = min(max(units, 0), len(group))
        taken += chain.from_iterable(group[:units])
        del group[:units]
    groups[:] = [group for group in groups if group]
    return taken


def _known(cohort: Cohort, chosen: Collection[str] | None) -> list[str]:
    """The chosen test patients, all of whom the cohort must hold."""
    wanted = frozenset(chosen or ())
    unknown = len(wanted - cohort.patients.keys())
    if unknown:
        raise CohortError(
            f"{unknown} of {len(wanted)} patients of the test set are not in the cohort.",
            "Name patients as the column patient_id does.",
        )
    return sorted(wanted)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT_VERSION
    seed: int
    folds: tuple[tuple[str, ...], ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    held_out: tuple[str, ...]
    together: tuple[tuple[str, ...], ...] = ()


def write_folds(folds: Folds, path: Path) -> None:
    """Write the folds as JSON, whole or not at all.

    Raises:
        ReportError: The file cannot be written.
    """
    document = {
        "format": FORMAT_VERSION,
        "seed": folds.seed,
        "folds": folds.folds,
        VALIDATION: folds.validation,
        TEST: folds.test,
        HELD_OUT: folds.held_out,
        "together": folds.together,
    }
    write_whole(path, (json.dumps(document, indent=1) + "\n").encode())


def read_folds(path: Path, cohort: Cohort | None = None, *, is_for_training: bool = True) -> Folds:
    """Read folds, and check that they fit a cohort.

    Args:
        path: JSON from `write_folds`.
        cohort: That they were made of; None checks the file alone.
        is_for_training: A test set alone (`all_tested`) is refused.

    Raises:
        CohortError: The file cannot be read, a patient lies in two parts, nobody is there to train
            on, or the cohort lacks patients of the folds, holds patients that no part has, or
            disagrees about who died.
    """
    try:
        file = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CohortError(f"The folds cannot be read ({error.strerror}).", AGAIN) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"][:2])
        raise CohortError(f"The folds are not valid at {place}: {first['msg']}.", AGAIN) from None
    if file.format != FORMAT_VERSION:
        raise CohortError(
            f"Folds of format {FORMAT_VERSION} were expected, these have {file.format}.", AGAIN
        )
    folds = Folds(file.seed, file.folds, file.validation, file.test, file.held_out, file.together)
    _check_parts(folds)
    if is_for_training and not folds.folds:
        raise CohortError(
            "These folds hold a test set alone: there is nobody to train on.",
            "Make folds of this cohort with `thoralens-core cohort --folds`.",
        )
    if cohort is not None:
        _check_fit(folds, cohort)
    return folds


def _check_parts(folds: Folds) -> None:
    everyone = list(chain(*folds.folds, folds.validation, folds.test, folds.held_out))
    doubled = len(everyone) - len(set(everyone))
    is_test_alone = bool(folds.test) and not folds.folds and not folds.validation
    are_enough = is_test_alone or len(folds.folds) >= 2
    if doubled or not are_enough or not all(folds.folds):
        raise CohortError(
            "Folds hold each patient once, and at least 2 folds with patients or a test set alone; "
            f"{doubled} patients come twice, and the folds have {_sizes(folds.folds)} patients.",
            AGAIN,
        )

    parted = [unit for unit in folds.together if len({folds.part_of(each) for each in unit}) > 1]
    if parted:
        raise CohortError(
            f"Patients who belong together lie in one part; {len(parted)} sets are parted.", AGAIN
        )


def _sizes(folds: Sequence[Sequence[str]]) -> str:
    return " + ".join(str(len(some)) for some in folds) or "no"


def _check_fit(folds: Folds, cohort: Cohort) -> None:
    labels, held_out = _classes(cohort, frozenset(folds.test))
    placed = set(folds.parts) - set(folds.test) - set(folds.held_out)
    lost = len(set(folds.parts) - cohort.patients.keys())
    new = len(labels.keys() - placed)
    changed = len((placed - labels.keys()) & cohort.patients.keys())
    changed += len(set(folds.held_out) ^ set(held_out)) - len(
        set(folds.held_out) - cohort.patients.keys()
    )
    if lost or new or changed:
        raise CohortError(
            f"The folds do not fit the cohort: {lost} patients of the folds are not in it, {new} "
            f"of its patients are in no part, {changed} have another outcome than before.",
            AGAIN,
        )
