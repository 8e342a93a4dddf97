"""What `thoralens-core phantom maps` does: the study of `core.saliency_study`, and its tables."""

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.models.bundle_folders import find_bundle
from core.phantom.subject import Finding
from core.progress import Progress, Span
from core.report.words import percent, weights_state
from core.saliency_figure import FigureColumn, Heading, draw_figure, figure_column
from core.saliency_study import DOMINANT, Measured, Studied, study, summary, write_control
from core.whole_file import make_folder, write_whole

FIRST_SEED = 900_000_000
"""People of no cohort whose own seed is below 900."""

FIGURE_PHANTOMS = 6
TITLES = {
    Finding.HEART: "Large heart",
    Finding.EMPHYSEMA: "Emphysema",
    Finding.FIBROSIS: "Fibrosis",
    Finding.CORONARY_CALCIUM: "Coronary calcium",
}
IN_LUNG = (Finding.EMPHYSEMA, Finding.FIBROSIS)

COLUMNS = {
    "finding": "the one disease",
    "method": "map",
    "phantoms": "phantoms",
    "hazard_ratio": "hazard ratio of the disease",
    "hit": "pointing game",
    "hit_low": "from",
    "hit_high": "to (95 %)",
    "hit_by_chance": "by chance",
    "energy_inside": "energy inside",
    "truth_share": "share of the region",
    "overlap": "IoU at threshold",
    "average_precision": "average precision",
    "probability": "mean probability",
}


@dataclass(frozen=True)
class StudyOptions:
    """What `phantom maps` was asked for.

    Attributes:
        model_id: Whose maps.
        people: Phantoms for each disease.
        models_folder: Where bundles lie besides the bundled ones; None for the user's own.
        with_occlusion: Also the occlusion map.
    """

    model_id: str
    people: int
    models_folder: Path | None = None
    with_occlusion: bool = False


def write_study(out: Path, options: StudyOptions, progress: Progress) -> Path:
    """Measure the maps of a model and of its control, weights of chance; write their tables.

    ``maps.csv`` holds a line for each map, ``maps.md`` the means, ``maps.png`` the first six
    phantoms beside the model's maps.

    Returns:
        Path of `maps.md`.

    Raises:
        WeightsError: There is no such model.
        ReportError: The folder cannot be written.
    """
    make_folder(out)
    subjects = [(finding, FIRST_SEED + k) for k in range(options.people) for finding in DOMINANT]
    with tempfile.TemporaryDirectory() as folder:
        control = write_control(options.model_id, Path(folder), options.models_folder)
        found: dict[str, list[Measured]] = {}
        columns: list[FigureColumn] = []
        for part, (model_id, models_folder) in enumerate(
            ((options.model_id, options.models_folder), (control, Path(folder)))
        ):
            found[model_id] = []
            for studied in study(
                model_id,
                subjects,
                models_folder=models_folder,
                with_occlusion=options.with_occlusion,
                progress=Span(progress, part / 2, (part + 1) / 2),
            ):
                found[model_id] += studied.measured
                if part == 0 and len(columns) < FIGURE_PHANTOMS:
                    columns.append(_column(studied))
    write_whole(out / "maps.png", draw_figure(columns, _footer(options)))
    write_whole(out / "maps.csv", _lines(found).encode())
    table = out / "maps.md"
    write_whole(table, _markdown(found).encode())
    return table


def _footer(options: StudyOptions) -> str:
    """Which model it is, and what its weights are."""
    card = find_bundle(options.model_id, options.models_folder).card
    return " \N{MIDDLE DOT} ".join(filter(None, (card.id, weights_state(card))))


def _column(studied: Studied) -> FigureColumn:
    heading = Heading(
        TITLES[studied.finding],
        f"true risk x {studied.hazard_ratio:.1f}, model {percent(studied.probability)}",
        studied.finding in IN_LUNG,
    )
    return figure_column(heading, studied.volume, studied.truth, studied.region, studied.maps)


def _lines(found: dict[str, list[Measured]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = list(asdict(next(iter(found.values()))[0].scores))
    writer.writerow(["model", "finding", "seed", "hazard_ratio", "method", "probability", *names])
    for model_id, measured in found.items():
        for each in measured:
            values = [f"{value:.5g}" for value in (each.probability, *asdict(each.scores).values())]
            who = [each.finding.value, each.seed, f"{each.hazard_ratio:.3g}"]
            writer.writerow([model_id, *who, each.method, *values])
    return text.getvalue()


def _markdown(found: dict[str, list[Measured]]) -> str:
    lines = []
    for model_id, measured in found.items():
        lines += [f"### {model_id}", "", *_table(summary(measured)), ""]
    return "\n".join(lines)


def _table(rows: Sequence[dict[str, float | str]]) -> list[str]:
    head = "| " + " | ".join(COLUMNS.values()) + " |"
    cells = ["| " + " | ".join(_cell(row[name]) for name in COLUMNS) + " |" for row in rows]
    return [head, "|" + "---|" * len(COLUMNS), *cells]


def _cell(value: float | str) -> str:
    if isinstance(value, int | str):
        return str(value).replace("_", " ")
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:.2f}"
