"""What `thoralens-core deidentify` does: choose the series, export them, list what was removed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from core.data.deidentify import (
    NO_OPTIONS,
    DeidentificationReport,
    deidentify_series,
)
from core.data.deidentify_key import SHORTEST_SECRET_BYTES, DeidentificationKey
from core.data.deidentify_rules import DeidentificationOptions
from core.data.series import SeriesRecord
from core.data.series_index import index
from core.errors import ReportError, SeriesError
from core.progress import Progress, Span
from core.whole_file import write_whole

LIST_NAME = "removed.json"
LEGEND = "X removed, Z emptied, D dummy value, U UID replaced, C cleaned"


def export_deidentified(
    path: Path,
    out: Path,
    *,
    progress: Progress,
    series_uid: str = "",
    options: DeidentificationOptions = NO_OPTIONS,
    secret_file: Path | None = None,
) -> dict[str, Any]:
    """De-identify the series under `path` into numbered folders of `out`, with a list beside them.

    Args:
        path: Folder that is searched.
        out: New or empty folder.
        progress: Told of every file.
        series_uid: Only this series; all where it is "".
        options: What is kept beyond the basic profile.
        secret_file: Bytes that make UIDs and pseudonyms the same in every export; without it they
            are new each time.

    Returns:
        The list that was also written: per series what was removed, warned of and left out.

    Raises:
        SeriesError: No such series, or nothing of it could be exported.
        ReportError: `out` holds files or cannot be written; the secret cannot be read.
    """
    key = _key(secret_file)
    _require_empty(out)
    records = _chosen(index(path, Span(progress, 0.0, 0.2)).series, series_uid)
    reports: list[tuple[str, DeidentificationReport]] = []
    refused: list[str] = []
    for number, record in enumerate(records):
        share = Span(progress, *(0.2 + 0.8 * (number + i) / len(records) for i in (0, 1)))
        name = f"series-{number + 1:03d}"
        try:
            report = deidentify_series(record, out / name, key=key, progress=share, options=options)
        except SeriesError as error:
            refused.append(f"{name}: {error.message}")
            if len(refused) == len(records):
                raise
            continue
        reports.append((name, report))
    document = {
        "series": [_entry(name, report) for name, report in reports],
        "refused": refused,
        "options": asdict(options),
    }
    write_whole(out / LIST_NAME, json.dumps(document, indent=2).encode())
    return document


def print_export(document: dict[str, Any]) -> None:
    """The list for people, on standard output."""
    console = Console(highlight=False, soft_wrap=True)
    for entry in document["series"]:
        console.print(f"{entry['folder']}: {entry['files']} files", markup=False)
        words = ", ".join(f"{each['keyword']} {each['action']}" for each in entry["removed"])
        console.print(f"  {LEGEND}: {words}", markup=False)
        for warning in entry["warnings"]:
            console.print(f"  Warning: {warning}.", markup=False)
        for each in entry["left_out"]:
            console.print(f"  Left out: file {each['number']}: {each['reason']}.", markup=False)
    for refusal in document["refused"]:
        console.print(f"Refused: {refusal}", markup=False)


def _entry(name: str, report: DeidentificationReport) -> dict[str, Any]:
    return {
        "folder": name,
        "series_uid": report.series_uid,
        "files": report.file_count,
        "removed": [asdict(element) for element in report.elements],
        "warnings": list(report.warnings),
        "left_out": [asdict(each) for each in report.left_out],
    }


def _key(secret_file: Path | None) -> DeidentificationKey:
    if secret_file is None:
        return DeidentificationKey.fresh()
    try:
        return DeidentificationKey(secret_file.read_bytes())
    except (OSError, ValueError):
        raise ReportError(
            f"A readable secret of at least {SHORTEST_SECRET_BYTES} bytes was expected.",
            "Give a file with random bytes and keep it as you keep the names.",
        ) from None


def _require_empty(out: Path) -> None:
    try:
        holds_something = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError:
        holds_something = True
    if holds_something:
        raise ReportError(
            "The export needs a new or empty folder, this one holds files or cannot be opened.",
            "Choose a new folder.",
        )


def _chosen(records: tuple[SeriesRecord, ...], uid: str) -> list[SeriesRecord]:
    chosen = [record for record in records if uid in ("", record.uid)]
    if not chosen:
        raise SeriesError(
            f"The series to export is not among the {len(records)} found.",
            "List them with `thoralens-core index`.",
        )
    return chosen
