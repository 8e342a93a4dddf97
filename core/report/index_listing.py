"""What the index of a folder found: as a document, and as a table for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.data.fitness import Fitness
from core.data.series import SeriesIndex, SeriesRecord
from core.report.content import fitness_document

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
    if document["series"]:
        console.print(table)
    else:
        console.print("No CT series was found.")
    for number, row in enumerate(document["series"], start=1):
        for purpose, verdict in row["fitness"].items():
            for reason in verdict["reasons"]:
                console.print(
                    f"series {number}, {purpose}: {reason['text']} {reason['remedy']}",
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )
    for each in document["unreadable"]:
        words = f"{each['file']}: {each['reason']}"
        console.print(words, highlight=False, markup=False, soft_wrap=True)
