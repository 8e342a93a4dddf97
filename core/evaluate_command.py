"""What `thoralens-core evaluate` does: numbers of every model, their table and their curves."""

import json
from pathlib import Path
from typing import Any

from core.progress import Progress, Span
from core.training.evaluate import Evaluation, evaluate
from core.training.evaluation_settings import read_settings
from core.training.evaluation_table import document, markdown, table_csv
from core.whole_file import make_folder, require_writable, write_whole

TABLE, NUMBERS, DOCUMENT = "evaluation.md", "evaluation.csv", "evaluation.json"
NO_CURVES = (
    "Curves were not drawn: matplotlib is not installed. It comes with pip install "
    "'thoralens[training]'."
)


def evaluate_and_write(configuration: Path, progress: Progress) -> tuple[Evaluation, str]:
    """Evaluate the models of a configuration; write table, numbers and curves into its folder.

    Args:
        configuration: TOML file, see `core.training.evaluation_settings`.
        progress: Told of every model.

    Returns:
        The evaluation, and a note ("" if there is none).

    Raises:
        CohortError: The configuration or what it names cannot be used.
        ReportError: The folder cannot be written to.
    """
    settings = read_settings(configuration)
    require_writable(settings.output.folder)
    evaluation = evaluate(settings, Span(progress, 0.0, 0.9))
    folder = settings.output.folder
    make_folder(folder)
    write_whole(folder / TABLE, markdown(evaluation).encode())
    write_whole(folder / NUMBERS, table_csv(evaluation).encode())
    write_whole(folder / DOCUMENT, (json.dumps(document(evaluation), indent=2) + "\n").encode())
    progress.step(0.9, "Drawing curves")
    note = _draw(evaluation, folder)
    progress.step(1.0, "Written")
    return evaluation, note


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """Everything as JSON."""
    return document(evaluation)


def evaluation_table(evaluation: Evaluation) -> str:
    """The tables as Markdown, for standard output."""
    return markdown(evaluation)


def _draw(evaluation: Evaluation, folder: Path) -> str:
    from core.training.curves import draw_calibration, draw_precision_recall, draw_roc

    try:
        write_whole(folder / "roc.png", draw_roc(evaluation))
    except ImportError:
        return NO_CURVES
    write_whole(folder / "precision_recall.png", draw_precision_recall(evaluation))
    calibration = draw_calibration(evaluation)
    if calibration is not None:
        write_whole(folder / "calibration.png", calibration)
    return ""
