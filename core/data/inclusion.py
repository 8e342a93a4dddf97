"""Who enters a study: named rules, one after the other, and a count of who fell out where.

The rules of Lu et al. 2022: axial slices of at most 2.5 mm, death of the heart or the lungs or
alive at the end, then the matched sample of `core.data.matching`. Deaths of lung cancer pass, as a
set held out. Which scan of a patient, and what is done about missing values, is [unstated]: rules
of their own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.data.cause_groups import CauseGroup
from core.data.cohort import Cohort, CohortRow, mortality_label
from core.data.matching import PUBLISHED_RATIO, PUBLISHED_TOLERANCES, match
from core.data.scan_facts import scan_thickness_mm, why_not_usable
from core.errors import CohortError, SeriesError

PUBLISHED_THICKNESS_MM = 2.5
THICKNESS_COLUMN = "slice_thickness_mm"

Rows = Sequence[CohortRow]


@dataclass(frozen=True)
class Rule:
    """A rule of inclusion.

    Attributes:
        name: As in a configuration.
        meaning: In words, with its numbers.
        keep: The rows that pass, in their order.
        sets: Patients of passed rows who belong together, such as a death and its matches.
    """

    name: str
    meaning: str
    keep: Callable[[Rows], Iterable[CohortRow]]
    sets: Callable[[Rows], list[list[str]]] = lambda _: []


@dataclass(frozen=True)
class FlowStep:
    """What a rule left.

    Attributes:
        name: Of the rule.
        meaning: In words.
        scans: Left after it.
        patients: Left after it.
        deaths: Patients left who died of the endpoint.
        scans_out: That fell out by it.
        patients_out: That fell out by it.
    """

    name: str
    meaning: str
    scans: int
    patients: int
    deaths: int
    scans_out: int
    patients_out: int


def include(cohort: Cohort, rules: Iterable[Rule]) -> tuple[Cohort, tuple[FlowStep, ...]]:
    """Apply rules in their order.

    Returns:
        The cohort that is left, and the flow; its first step is the table as read.

    Raises:
        CohortError: A rule needs a value that is not there, or nobody is left.
    """
    rows = tuple(cohort.rows)
    flow = [_step("table", "rows of the cohort table", rows, rows)]
    for rule in rules:
        kept = tuple(rule.keep(rows))
        flow.append(_step(rule.name, rule.meaning, rows, kept))
        if not kept:
            raise CohortError(
                f"Nobody is left after the rule '{rule.name}' ({rule.meaning}); {len(rows)} scans "
                "came to it.",
                "Check the column that it reads, or leave the rule out.",
            )
        rows = kept
    return replace(cohort, rows=rows), tuple(flow)


def _step(name: str, meaning: str, before: Rows, after: Rows) -> FlowStep:
    patients = {row.patient_id for row in after}
    return FlowStep(
        name=name,
        meaning=meaning,
        scans=len(after),
        patients=len(patients),
        deaths=len({row.patient_id for row in after if mortality_label(row)}),
        scans_out=len(before) - len(after),
        patients_out=len({row.patient_id for row in before} - patients),
    )


def thin_slices(limit_mm: float = PUBLISHED_THICKNESS_MM, column: str = THICKNESS_COLUMN) -> Rule:
    """Axial slices of at most so many mm: from a clinical column, or else from the scan itself."""

    def keep(rows: Rows) -> list[CohortRow]:
        return [row for row in rows if _thickness_mm(row, column) <= limit_mm]

    return Rule("thin_slices", f"axial slices of at most {limit_mm:g} mm", keep)


def _thickness_mm(row: CohortRow, column: str) -> float:
    known = row.clinical.get(column)
    if known is not None:
        return known
    try:
        return scan_thickness_mm(row.scan)
    except SeriesError:
        raise CohortError(
            f"The rule 'thin_slices' found no thickness in row {row.number}: the column "
            f"'{column}' is empty, and no CT series lies at the scan's path.",
            "Correct the path, or fill in the slice thickness in mm.",
        ) from None


def usable_scan() -> Rule:
    """Scans that can be found and that the model may be used on (`core.data.geometry_gate`)."""
    return Rule(
        "usable_scan",
        "the scan is there and meets the model's conditions",
        lambda rows: [row for row in rows if why_not_usable(row.scan) is None],
    )


def known_outcome(*, with_lung_cancer: bool = True) -> Rule:
    """Died of the heart or the lungs, or alive when last seen; lung cancer for the held-out set."""

    def keep(rows: Rows) -> list[CohortRow]:
        return [
            row
            for row in rows
            if mortality_label(row) is not None
            or (with_lung_cancer and row.group is CauseGroup.LUNG_CANCER)
        ]

    words = "died of I10-I52 or J00-J99, or alive" + (
        "; C33-C34 held out" if with_lung_cancer else ""
    )
    return Rule("known_outcome", words, keep)


def followed_up(years: float) -> Rule:
    """Died, or seen alive so many years after the scan: who left early is no survivor."""
    return Rule(
        "followed_up",
        f"died, or alive {years:g} years after the scan",
        lambda rows: [row for row in rows if row.event or row.time_years >= years],
    )


def one_scan_a_patient() -> Rule:
    """The first scan of each patient: that with the longest time to the end of the follow-up."""

    def keep(rows: Rows) -> list[CohortRow]:
        first: dict[str, CohortRow] = {}
        for row in rows:
            kept = first.setdefault(row.patient_id, row)
            if row.time_years > kept.time_years:
                first[row.patient_id] = row
        return [row for row in rows if first[row.patient_id] is row]

    return Rule("one_scan_a_patient", "the earliest scan of each patient", keep)


def complete_values(columns: Collection[str]) -> Rule:
    """No value of these clinical columns is missing."""
    names = tuple(columns)
    return Rule(
        "complete_values",
        f"values of {', '.join(names)} are known",
        lambda rows: [row for row in rows if all(name in row.clinical for name in names)],
    )


def matched_sample(
    ratio: int = PUBLISHED_RATIO, tolerances: Mapping[str, float] = PUBLISHED_TOLERANCES
) -> Rule:
    """Deaths of the endpoint with living matches; deaths of lung cancer pass unmatched."""

    def keep(rows: Rows) -> list[CohortRow]:
        chosen = match(rows, ratio=ratio, tolerances=tolerances).patients
        return [
            row for row in rows if row.patient_id in chosen or row.group is CauseGroup.LUNG_CANCER
        ]

    def sets(rows: Rows) -> list[list[str]]:
        found = match(rows, ratio=ratio, tolerances=tolerances).sets
        return [[row.patient_id for row in some] for some in found]

    limits = ", ".join(
        f"same {name}" if within == 0 else f"{name} within {within:g}"
        for name, within in tolerances.items()
    )
    words = f"deaths matched 1:{ratio} with the living ({limits})"
    return Rule("matched_sample", words, keep, sets)


def published_rules() -> tuple[Rule, ...]:
    """The rules of Lu et al. 2022 in their order; one scan a patient is ours."""
    return (thin_slices(), known_outcome(), one_scan_a_patient(), matched_sample())


def rule_named(text: str) -> Rule:
    """The rule of a name, or of ``name=value`` with another limit than the published one.

    Examples: ``thin_slices=3``, ``followed_up=5``, ``complete_values=age_years,body_mass_index``.

    Raises:
        CohortError: There is no such rule, or the value does not fit it.
    """
    name, _, value = text.partition("=")
    makers: dict[str, Callable[[], Rule]] = {
        "thin_slices": lambda: thin_slices(float(value)) if value else thin_slices(),
        "usable_scan": usable_scan,
        "known_outcome": known_outcome,
        "followed_up": lambda: followed_up(float(value)),
        "one_scan_a_patient": one_scan_a_patient,
        "complete_values": lambda: complete_values(value.split(",")),
        "matched_sample": lambda: matched_sample(int(value)) if value else matched_sample(),
    }
    takes_value = name in ("thin_slices", "followed_up", "complete_values", "matched_sample")
    remedy = f"Rules are {', '.join(makers)}; some take a value, such as followed_up=5."
    if name not in makers or (value and not takes_value):
        raise CohortError(f"There is no rule of inclusion '{text}'.", remedy)
    if name == "complete_values" and not value:
        raise CohortError("The rule 'complete_values' needs names of columns.", remedy)
    try:
        return makers[name]()
    except ValueError:
        raise CohortError(f"The rule '{name}' needs a number as its value.", remedy) from None
