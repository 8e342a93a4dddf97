"""What `thoralens-core calcium` does: candidates of a scan, or the score of marks."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.calcium.edit_documents import edits_of
from core.calcium.protocol import refusal
from core.calcium.rule import LOW_KVP_RULES, STANDARD, Rule
from core.calcium.uncertainty import uncertainty
from core.calcium_case import CalciumCase, open_case
from core.data.choice import Choice, best_for_calcium
from core.data.fitness import Fitness, Level
from core.data.geometry_gate import fitness_of
from core.data.read_series import fitness_after_reading, read_with_report
from core.data.series_choice import choose_series
from core.errors import SeriesError
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Progress, Span
from core.report.calcium_document import (
    candidates_document,
    checks_document,
    reading_document,
    rule_document,
)


def rule_named(name: str, connectivity: int) -> Rule:
    """The rule of the command line: the standard one, or a published low-kVp one by name.

    Raises:
        SeriesError: No rule begins with this name, or several do.
    """
    matching = [rule for each, rule in LOW_KVP_RULES.items() if name and each.startswith(name)]
    if name and len(matching) != 1:
        raise SeriesError(
            f"{len(matching)} rules begin with '{name[:40]}'; the tables for one voltage disagree.",
            f"Name one of: {'; '.join(LOW_KVP_RULES)}.",
        )
    chosen = matching[0] if matching else STANDARD
    return Rule(chosen.name, chosen.cut_points_hu, chosen.kvp, connectivity)


def calcium_document(
    path: Path,
    *,
    progress: Progress,
    marks: Path | None = None,
    series_uid: str = "",
    rule: Rule = STANDARD,
    calibration: float | None = None,
) -> dict[str, Any]:
    """Candidates of a series, or with marks the score of what they mark.

    Raises:
        SeriesError: No such series; it may not be scored; the marks cannot be understood.
    """
    edits = None if marks is None else edits_of(_json(marks))
    choice = choose_series(path, series_uid, Span(progress, 0.0, 0.1), best=best_for_calcium)
    case, fitness = _case(choice, rule, Span(progress, 0.1, 0.8))
    document: dict[str, Any] = {
        "research_use_only": RESEARCH_USE_ONLY,
        "series": {
            "uid": choice.record.uid,
            "slices": case.volume.geometry.shape[0],
            "spacing_mm": list(case.volume.geometry.spacing_mm),
        },
        "checks": checks_document(case.checks),
        "warnings": [r.text for r in fitness.calcium.reasons if r.level is not Level.PASS],
    }
    if edits is None:
        in_heart = None if case.heart is None else case.in_heart
        document["rule"] = rule_document(rule, case.candidates.increment_mm)
        document["candidates"] = candidates_document(case.candidates, in_heart)
        return document
    reading, missed = case.reading(rule, calibration).with_edits(edits)
    noise_hu = None if case.blood is None else case.blood.noise_hu
    spread = uncertainty(reading, noise_hu, Span(progress, 0.8, 1.0))
    found = reading_document(reading, spread, missed)
    found["warnings"] = [*document["warnings"], *found["warnings"]]
    return {**document, **found}


def print_calcium(document: dict[str, Any]) -> None:
    """The document in words, for a person."""
    console = Console()
    checks = Table("check", "found", "", title="How the scan was made", title_justify="left")
    for check in document["checks"]:
        checks.add_row(f"{check['name']} ({check['light']})", check["value"], check["words"])
    console.print(checks)
    if "candidates" in document:
        console.print(
            f"{len(document['candidates'])} candidates, bones among them; --json lists them."
        )
        return
    table = Table("vessel", "lesions", "Agatston", "volume mm3", "max HU")
    for vessel, sums in (*document["vessels"].items(), ("total", document["total"])):
        highest = "" if sums["max_hu"] is None else str(sums["max_hu"])
        numbers = f"{sums['agatston']:.1f}", f"{sums['volume_mm3']:.1f}", highest
        table.add_row(vessel, str(sums["lesions"]), *numbers)
    console.print(table)
    total = document["total"]
    console.print(f"Category {total['category']}, {total['cac_drs']}; {document['mass']}.")
    for missed in document["edits_that_met_nothing"]:
        console.print(f"Met nothing: {json.dumps(missed)}", style="yellow", markup=False)
    for warning in document["warnings"]:
        console.print(f"Warning: {warning}", style="yellow", markup=False)


def _case(choice: Choice, rule: Rule, progress: Progress) -> tuple[CalciumCase, Fitness]:
    fitness = fitness_of(choice.record)
    _require_fit(fitness)
    read = read_with_report(choice.record, Span(progress, 0.0, 0.4))
    fitness = fitness_after_reading(choice.record, fitness, read)
    _require_fit(fitness)
    case = open_case(choice.record, read.volume, rule=rule, progress=Span(progress, 0.4, 1.0))
    refused = refusal(case.checks)
    if refused is not None:
        raise SeriesError(
            f"Calcium cannot be scored: {refused.value}. {refused.words}",
            "Choose the series without contrast agent.",
        )
    return case, fitness


def _require_fit(fitness: Fitness) -> None:
    if fitness.calcium.level is not Level.BLOCK:
        return
    blocking = [reason for reason in fitness.calcium.reasons if reason.level is Level.BLOCK]
    raise SeriesError(
        "Calcium cannot be scored on this series: " + " ".join(each.text for each in blocking),
        blocking[0].remedy,
    )


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SeriesError(
            f"The marks are no readable JSON file ({type(error).__name__}).",
            'Write [{"vessel": "LAD", "point_mm": [x, y, z]}, ...] in patient LPS mm.',
        ) from None
