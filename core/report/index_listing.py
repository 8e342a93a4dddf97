"""What the index of a folder found: as a document, and as a table for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.data.choice import Choice, best_for_calcium, best_for_model
from core.data.fitness import Fitness
from core.data.series import SeriesIndex, SeriesRecord, UnreadableFile
from core.data.slice_stack import stack_of
from core.report.content import fitness_document

COLOURS = {"pass": "green", "warn": "yellow", "block": "red"}


def index_document(index: SeriesIndex, fitness: Mapping[str, Fitness]) -> dict[str, Any]:
    """Everything that was found, as plain values for JSON.

    Args:
        index: Of the folder.
        fitness: By series UID.
    """
    return {
        "series": [_series(index, record, fitness[record.uid]) for record in index.series],
        "choices": {
            "model": _choice(best_for_model(index, fitness)),
            "calcium": _choice(best_for_calcium(index, fitness)),
        },
        "unreadable": [_unreadable(index, each) for each in index.unreadable],
    }


def _choice(choice: Choice | None) -> dict[str, str] | None:
    return None if choice is None else {"uid": choice.record.uid, "reason": choice.reason}


def _unreadable(index: SeriesIndex, each: UnreadableFile) -> dict[str, str]:
    return {
        "file": _relative(index, each.path),
        "member": each.member,
        "reason": each.reason,
        "series_uid": each.series_uid,
    }


def _relative(index: SeriesIndex, path: Path) -> str:
    is_below = path.is_relative_to(index.root) and path != index.root
    return path.relative_to(index.root).as_posix() if is_below else path.name


def _series(index: SeriesIndex, record: SeriesRecord, fitness: Fitness) -> dict[str, Any]:
    first = record.slices[0]
    return {
        "uid": record.uid,
        "split_by": record.split_by,
        "description": record.description,
        "modality": record.modality,
        "image_type": list(record.image_type),
        "slices": record.slice_count,
        "rows": first.rows,
        "columns": first.columns,
        "pixel_spacing_mm": list(first.pixel_spacing_mm),
        "thickness_mm": first.thickness_mm,
        "kernel": record.kernel,
        "kvp": record.kvp,
        "patient_position": record.patient_position,
        "contrast_agent": record.contrast_agent,
        "transfer_syntaxes": sorted({each.transfer_syntax_uid for each in record.slices}),
        "is_lossy": record.is_lossy,
        "geometry": _geometry(record),
        "quarantined": _quarantined(index, record),
        "fitness": fitness_document(fitness),
    }


def _geometry(record: SeriesRecord) -> dict[str, Any]:
    """Where the slices lie; numbers are those of the views, missing slices included."""
    stack = stack_of(record)
    numbers = stack.numbers
    return {
        "orientation": list(record.slices[0].orientation),
        "first_position_mm": list(record.slices[0].position_mm),
        "last_position_mm": list(record.slices[-1].position_mm),
        "slice_distance_mm": round(stack.median_gap_mm, 4),
        "grid_slices": stack.places[-1] + 1,
        "gaps_mm": sorted({round(float(gap), 3) for gap in stack.gaps_mm}),
        "counted_from": stack.counted_from,
        "missing": sorted(
            (
                {
                    "after_slice": min(numbers[k : k + 2]),
                    "before_slice": max(numbers[k : k + 2]),
                    "count": count,
                }
                for k, count in stack.missing.items()
            ),
            key=lambda gap: gap["after_slice"],
        ),
        "doubled": sorted(numbers[k] for k in (*stack.doubled, *record.doubled)),
        "uneven": sorted(sorted(numbers[k : k + 2]) for k in stack.uneven),
        "tilt_degrees": round(stack.tilt_degrees, 2),
    }


def _quarantined(index: SeriesIndex, record: SeriesRecord) -> list[dict[str, str]]:
    """Damaged files that say they belong to the series."""
    uid = record.uid.partition("#")[0]
    return [_unreadable(index, each) for each in index.unreadable if each.series_uid == uid]


def print_index(document: Mapping[str, Any]) -> None:
    """The document as a table, then the choices, the reasons and the unreadable files."""
    console = Console()
    table = Table("", "series", "slices", "thickness", "kernel", "view", "model", "calcium")
    for number, row in enumerate(document["series"], start=1):
        verdicts = [row["fitness"][name]["verdict"] for name in ("view", "model", "calcium")]
        thickness = row["thickness_mm"]
        described = row["description"] or "(no description)"
        table.add_row(
            str(number),
            f"{described} (by {row['split_by']})" if row["split_by"] else described,
            str(row["slices"]),
            "not stated" if thickness is None else f"{thickness:g} mm",
            row["kernel"],
            *(f"[{COLOURS[verdict]}]{verdict}[/]" for verdict in verdicts),
        )
    if document["series"]:
        console.print(table)
    else:
        console.print("No CT series was found.")
    for words in _sentences(document):
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _sentences(document: Mapping[str, Any]) -> list[str]:
    numbers = {row["uid"]: number for number, row in enumerate(document["series"], start=1)}
    found = [
        f"best for {use}: series {numbers[choice['uid']]}. {choice['reason']}"
        for use, choice in document["choices"].items()
        if choice is not None
    ]
    for row in document["series"]:
        found += [
            f"series {numbers[row['uid']]}, {use}: {reason['text']} {reason['remedy']}".rstrip()
            for use, verdict in row["fitness"].items()
            for reason in verdict["reasons"]
        ]
    return found + [_file_words(each) for each in document["unreadable"]]


def _file_words(each: Mapping[str, str]) -> str:
    name = f"{each['file']} > {each['member']}" if each["member"] else each["file"]
    return f"{name}: {each['reason']}"
