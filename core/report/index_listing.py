"""What the index of a folder found: as a document, and as a table for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.data.fitness import Fitness, Verdict
from core.data.series import SeriesIndex, SeriesRecord

COLOURS = {"pass": "green", "warn": "yellow", "block": "red"}


def index_document(index: SeriesIndex, fitness: Mapping[str, Fitness]) -> dict[str, Any]:
    """Everything that was found, as plain values for JSON.

    Args:
        index: Of the folder.
        fitness: By series UID.
    """
    return {
        "series": [_series(record, fitness[record.uid]) for record in index.series],
        "unreadable": [
            {"file": _relative(index, each.path), "reason": each.reason}
            for each in index.unreadable
        ],
    }


def fitness_document(fitness: Fitness) -> dict[str, Any]:
    """Verdicts and reasons for view, model and calcium."""
    return {name: _verdict(getattr(fitness, name)) for name in ("view", "model", "calcium")}


def _relative(index: SeriesIndex, path: Path) -> str:
    return path.relative_to(index.root).as_posix() if path != index.root else path.name


def _series(record: SeriesRecord, fitness: Fitness) -> dict[str, Any]:
    first = record.slices[0]
    return {
        "uid": record.uid,
        "description": record.description,
        "modality": record.modality,
        "slices": record.slice_count,
        "rows": first.rows,
        "columns": first.columns,
        "pixel_spacing_mm": list(first.pixel_spacing_mm),
        "thickness_mm": first.thickness_mm,
        "kernel": record.kernel,
        "kvp": record.kvp,
        "patient_position": record.patient_position,
        "fitness": fitness_document(fitness),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.level.word,
        "reasons": [
            {"level": reason.level.word, "text": reason.text, "remedy": reason.remedy}
            for reason in verdict.reasons
        ],
    }


def print_index(document: Mapping[str, Any]) -> None:
    """The document as a table, then the reasons, then the unreadable files."""
    console = Console()
    table = Table("series", "slices", "thickness", "kernel", "view", "model", "calcium")
    for row in document["series"]:
        verdicts = [row["fitness"][name]["verdict"] for name in ("view", "model", "calcium")]
        thickness = row["thickness_mm"]
        table.add_row(
            row["description"] or "(no description)",
            str(row["slices"]),
            "not stated" if thickness is None else f"{thickness:g} mm",
            row["kernel"],
            *(f"[{COLOURS[verdict]}]{verdict}[/]" for verdict in verdicts),
        )
    console.print(table)
    for number, row in enumerate(document["series"], start=1):
        for purpose, verdict in row["fitness"].items():
            for reason in verdict["reasons"]:
                console.print(
                    f"series {number}, {purpose}: {reason['text']} {reason['remedy']}",
                    highlight=False,
                    markup=False,
                )
    for each in document["unreadable"]:
        console.print(f"{each['file']}: {each['reason']}", highlight=False, markup=False)
