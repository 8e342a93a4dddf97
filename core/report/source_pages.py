"""Following pages of the report: key views, model card, provenance."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis_result import AnalysisResult
from core.explanation import Explanation
from core.models.cards import ModelCard
from core.prognosis import SALIENCY_CAPTION
from core.report import words
from core.report.figures import hottest_point_mm, shown_map
from core.report.page import ReportPage
from core.volume import SaliencyMap

Picture = NDArray[np.uint8]

PICTURE_MM = 70.0
"""Width of a key view: leaves room below for the shares and the trust."""


def add_key_views(
    page: ReportPage,
    result: AnalysisResult,
    pictures: Mapping[str, Picture],
    *,
    further: Sequence[Explanation] = (),
) -> None:
    """The four key views and what their colours are."""
    page.add_page()
    page.heading("Where the model looked")
    page.paragraph(SALIENCY_CAPTION)
    page.ln(2)
    gap, width = 4.0, PICTURE_MM
    left = page.l_margin + (page.epw - 2 * width - gap) / 2
    top = page.get_y()
    for number, (name, pixels) in enumerate(pictures.items()):
        height = width * pixels.shape[0] / pixels.shape[1]
        page.image(
            Image.fromarray(pixels),
            x=left + (number % 2) * (width + gap),
            y=top + (number // 2) * (height + gap),
            w=width,
            alt_text=f"{name} key view with saliency overlay",
        )
        page.set_y(top + (number // 2 + 1) * (height + gap))
    page.ln(1)
    maps = (*result.saliency, *(each for explanation in further for each in explanation.maps))
    page.facts(_saliency(result, maps), label_mm=30)


def _saliency(result: AnalysisResult, maps: Sequence[SaliencyMap]) -> list[tuple[str, str]]:
    shown = shown_map(result)
    if shown is None:
        return [("Saliency", words.NOT_GIVEN)]
    facts = [
        (
            words.method_name(each.method),
            f"{each.target}; {words.cells(each)}; {words.threshold(each)}",
        )
        for each in maps
    ]
    x, y, z = (f"{value:.1f}".replace("-", "\N{MINUS SIGN}") for value in hottest_point_mm(result))
    through = f"through the maximum of {words.method_name(shown.method)}"
    planes = f"{through}: x {x}, y {y}, z {z} mm (patient LPS)"
    thresholds = f"share of {words.units(maps)}, raw value in brackets; before any interpolation"
    return [
        *facts,
        ("Thresholds", thresholds),
        ("GradCAM layer", result.card.saliency_layer),
        ("Planes", planes),
    ]


def add_model_card(page: ReportPage, card: ModelCard, clinical: Mapping[str, float]) -> None:
    """What the model is, and what it is not for."""
    page.heading("Model card")
    page.facts(
        [
            ("Model", f"{card.title} ({card.id})"),
            ("Citation", card.citation),
            ("DOI", words.stated(card.doi)),
            ("Architecture", card.architecture),
            ("Intended use", card.intended_use),
            ("Not for", card.not_for),
            ("Training cohort", card.training_cohort),
            *((title, "\n".join(sentences)) for title, sentences in card.facts_of_training),
            *([("Calibration", card.calibration.words)] if card.calibration else []),
            ("Reproduced", card.reproduced),
            ("Deviations", "\n".join(card.deviations) or "none stated"),
            ("Clinical values", _clinical(card, clinical)),
            ("Licence", card.licence),
        ],
        label_mm=30,
    )


def _clinical(card: ModelCard, clinical: Mapping[str, float]) -> str:
    """The values that were given, with title and unit; a model without columns takes none."""
    if not card.clinical:
        return "none: this model reads the CT alone"
    titles = {column.name: (column.title, column.unit) for column in card.clinical}
    lines = []
    for name, value in clinical.items():
        title, unit = titles.get(name, (name, ""))
        lines.append(f"{title}: {value:g} {unit}".strip())
    return "\n".join(lines) or words.NOT_STATED


def add_provenance(page: ReportPage, result: AnalysisResult) -> None:
    """How the result was made."""
    made = result.provenance
    seconds = " · ".join(f"{step} {taken:.2f}" for step, taken in made.seconds.items())
    versions = " · ".join(f"{name} {version}" for name, version in made.versions.items())
    page.heading("Provenance")
    page.facts(
        [
            ("Series UID", words.stated(made.series_uid)),
            ("Weights SHA-256", made.weights_sha256),
            ("Steps", " · ".join(f"{k}. {step}" for k, step in enumerate(made.steps, start=1))),
            ("Seconds", f"{seconds} · sum {sum(made.seconds.values()):.2f}"),
            ("Device, precision", f"{made.device}, {made.precision}. {made.note}".strip()),
            ("Versions", versions),
            ("Created", made.created),
            ("Attached", "result.json: every number of this report, for programs"),
        ],
        label_mm=30,
    )
