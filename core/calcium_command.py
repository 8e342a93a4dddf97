"""What `thoralens-core calcium` does: candidates of a scan, or the score of marks."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.calcium.edit_documents import edits_of
from core.calcium.protocol import refusal
from core.calcium.rule import LOW_KVP_RULES, STANDARD, Rule
from core.calcium_case import CalciumCase, open_case
from core.data.choice import Choice, best_for_calcium
from core.data.fitness import Fitness, Level
from core.data.geometry_gate import fitness_of
from core.data.read_series import fitness_after_reading, read_with_report
from core.data.series import SeriesRecord
from core.data.series_choice import choose_series
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.progress import Progress, Span
from core.report.calcium_document import JsonObject, candidates_document, rule_document
from core.report.calcium_patches import write_patches
from core.report.calcium_report import calcium_report, series_document, write_calcium_report
from core.whole_file import make_folder, require_writable


@dataclass(frozen=True, eq=False)
class _Opened:
    """A series that may be scored, with what must be said of it."""

    record: SeriesRecord
    stored: VolumeGeometry
    case: CalciumCase
    warnings: tuple[str, ...]


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
    out: Path | None = None,
    series_uid: str = "",
    rule: Rule = STANDARD,
    calibration: float | None = None,
) -> JsonObject:
    """Candidates of a series, or with marks the score of what they mark.

    Args:
        path: Folder that is searched.
        progress: Told of every step.
        marks: JSON file of marks (`core.calcium.edit_documents`); without it, candidates.
        out: Folder for the files of the score and the patches of the clicks, made if it is
            missing; nothing without marks. The document then lists the patches.
        series_uid: Which series; the best for calcium where it is "".
        rule: How lesions are found and weighed.
        calibration: Mass per mm3 and HU; None leaves the mass out.

    Raises:
        SeriesError: No such series; it may not be scored; the marks cannot be understood.
        ReportError: The files cannot be written.
    """
    edits = None if marks is None else edits_of(_json(marks))
    if out is not None:
        require_writable(out)
    choice = choose_series(path, series_uid, Span(progress, 0.0, 0.1), best=best_for_calcium)
    opened = _opened(choice, rule, Span(progress, 0.1, 0.8))
    if edits is None:
        return _candidates(opened)
    reading, missed = opened.case.reading(rule, calibration).with_edits(edits)
    report = calcium_report(
        opened.case,
        reading,
        opened.record,
        opened.stored,
        missed=missed,
        warnings=opened.warnings,
        progress=Span(progress, 0.8, 1.0),
    )
    if out is not None:
        make_folder(out)
        patches = write_patches(out, reading, missed)
        report = replace(report, document={**report.document, "network_patches": patches})
        write_calcium_report(out, report)
    return report.document


def _candidates(opened: _Opened) -> JsonObject:
    case = opened.case
    in_heart = None if case.heart is None else case.in_heart
    return {
        **series_document(case, opened.record),
        "warnings": list(opened.warnings),
        "rule": rule_document(case.candidates.rule, case.volume.geometry),
        "candidates": candidates_document(case.candidates, in_heart),
    }


def print_calcium(document: JsonObject) -> None:
    """The document in words, for a person."""
    console = Console()
    checks = Table("check", "found", "", title="How the scan was made", title_justify="left")
    for check in document["checks"]:
        checks.add_row(f"{check['name']} ({check['light']})", check["value"], check["words"])
    console.print(checks)
    if "candidates" in document:
        found = len(document["candidates"])
        console.print(f"{found} candidates, bones among them; --json lists them.")
    else:
        _print_score(console, document)
    for warning in document["warnings"]:
        console.print(f"Warning: {warning}", style="yellow", markup=False)


def _print_score(console: Console, document: JsonObject) -> None:
    table = Table("vessel", "lesions", "Agatston", "volume mm3", "max HU")
    for vessel, sums in (*document["vessels"].items(), ("total", document["total"])):
        highest = "" if sums["max_hu"] is None else str(sums["max_hu"])
        numbers = f"{sums['agatston']:.1f}", f"{sums['volume_mm3']:.1f}", highest
        table.add_row(vessel, str(sums["lesions"]), *numbers)
    console.print(table)
    total = document["total"]
    confirmed = " (not confirmed by a reader)" if total["zero_needs_confirmation"] else ""
    drs = total["cac_drs_visual"] or total["cac_drs"]
    console.print(f"Category {total['category']}{confirmed}, {drs}; {document['mass']}.")
    if document["lead"]["why"]:
        console.print(document["lead"]["why"], markup=False)
    for missed in document["edits_that_met_nothing"]:
        console.print(f"Met nothing: {json.dumps(missed)}", style="yellow", markup=False)


def _opened(choice: Choice, rule: Rule, progress: Progress) -> _Opened:
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
    warnings = [r.text for r in fitness.calcium.reasons if r.level is not Level.PASS]
    return _Opened(choice.record, read.volume.geometry, case, tuple(warnings))


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
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SeriesError(
            f"The marks are no readable JSON file ({type(error).__name__}).",
            'Write [{"vessel": "LAD", "point_mm": [x, y, z]}, ...] in patient LPS mm.',
        ) from None
