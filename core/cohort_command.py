"""What `thoralens-core cohort` does: check a table, choose who enters, deal the folds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.data.cohort import Cohort, read_cohort
from core.data.cohort_table import copy_rows
from core.data.folds import (
    PUBLISHED_FOLDS,
    PUBLISHED_VALIDATION,
    Folds,
    all_tested,
    make_folds,
    write_folds,
)
from core.data.inclusion import FlowStep, Rule, include, published_rules, rule_named
from core.errors import CohortError
from core.whole_file import make_folder


@dataclass(frozen=True)
class CohortOptions:
    """What is done with the table.

    Attributes:
        rules: Names of rules, see `core.data.inclusion.rule_named`.
        is_published: The published rules, before the others.
        out: New table of those who entered, None for none.
        folds: File of the folds, None for none.
        fold_count: How many; 0 makes all patients a test set, for models taught elsewhere.
        validation: Patients for validation, a share below 1; not used where there is no fold.
        test: Patients of the test set, a share below 1.
        seed: Of the deal.
    """

    rules: tuple[str, ...] = ()
    is_published: bool = False
    out: Path | None = None
    folds: Path | None = None
    fold_count: int = PUBLISHED_FOLDS
    validation: float = PUBLISHED_VALIDATION
    test: float = 0.0
    seed: int = 0


def check_cohort(table: Path, options: CohortOptions) -> dict[str, Any]:
    """Check a cohort table, apply rules, write who is left and their folds.

    Returns:
        The counts, as printed.

    Raises:
        CohortError: The table has faults, a rule cannot be applied, or folds cannot be dealt.
        ReportError: A file cannot be written.
    """
    if options.out is not None and options.out.resolve() == table.resolve():
        raise CohortError(
            "The chosen rows would take the place of the table they come from.",
            "Give another file to --out.",
        )
    cohort = read_cohort(table)
    rules = [*(published_rules() if options.is_published else ()), *map(rule_named, options.rules)]
    kept, flow = include(cohort, rules)
    folds = None
    if options.folds is not None:
        folds = _dealt(kept, rules, options)
    if options.out is not None:
        make_folder(options.out.parent)
        copy_rows(table, [row.number for row in kept.rows], options.out)
    if options.folds is not None and folds is not None:
        make_folder(options.folds.parent)
        write_folds(folds, options.folds)
    return _document(kept, flow, folds)


def _dealt(kept: Cohort, rules: Sequence[Rule], options: CohortOptions) -> Folds:
    if options.fold_count == 0:
        if options.test:
            raise CohortError(
                "Without a fold all patients are the test set; a size was given for it.",
                "Leave --test away, or ask for 2 folds or more.",
            )
        return all_tested(kept)
    return make_folds(
        kept,
        options.fold_count,
        validation=options.validation,
        test=options.test,
        together=[some for rule in rules for some in rule.sets(kept.rows)] or None,
        seed=options.seed,
    )


def _document(cohort: Cohort, flow: Sequence[FlowStep], folds: Folds | None) -> dict[str, Any]:
    patients = [rows[0] for rows in cohort.patients.values()]
    causes = Counter(row.group.value for row in patients if row.group is not None)
    missing = {
        name: sum(name not in row.clinical for row in cohort.rows) for name in cohort.clinical_names
    }
    return {
        "scans": len(cohort.rows),
        "patients": len(patients),
        "alive": sum(not row.event for row in patients),
        "deaths": dict(causes),
        "clinical_columns": list(cohort.clinical_names),
        "missing_values": {name: count for name, count in missing.items() if count},
        "notes": list(cohort.notes),
        "flow": [asdict(step) for step in flow],
        "folds": None if folds is None else _fold_sizes(folds),
    }


def _fold_sizes(folds: Folds) -> dict[str, Any]:
    return {
        "folds": [len(some) for some in folds.folds],
        "validation": len(folds.validation),
        "test": len(folds.test),
        "held_out": len(folds.held_out),
        "seed": folds.seed,
    }


def print_cohort(document: dict[str, Any]) -> None:
    """The counts for people, on standard output."""
    console = Console(highlight=False)
    table = Table("rule", "meaning", "scans out", "scans left", "patients", "deaths")
    for step in document["flow"]:
        numbers = (step["scans_out"], step["scans"], step["patients"], step["deaths"])
        table.add_row(step["name"], step["meaning"], *map(str, numbers))
    console.print(table)
    deaths = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in document["deaths"].items())
    lines = [
        f"{document['scans']} scans of {document['patients']} patients: {document['alive']} alive; "
        f"deaths: {deaths or 'none'}.",
        f"{len(document['clinical_columns'])} clinical columns; missing values: "
        + (", ".join(f"{k} {n}" for k, n in document["missing_values"].items()) or "none")
        + ".",
        *document["notes"],
    ]
    folds = document["folds"]
    if folds is not None:
        sizes = " + ".join(map(str, folds["folds"]))
        dealt = f"Folds of {sizes} patients" if sizes else "No fold"
        lines.append(
            f"{dealt}; validation {folds['validation']}, test {folds['test']}, "
            f"lung cancer held out {folds['held_out']}."
        )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
