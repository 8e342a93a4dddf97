"""Following pages of the report: key views, model card, provenance."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis_result import AnalysisResult
from core.explanation import Explanation
from core.models.cards import ModelCard
from core.prognosis import SALIENCY_CAPTION
from core.report import words
from core.report.calibration_plot import HEIGHT_MM as CALIBRATION_HEIGHT_MM
from core.report.calibration_plot import draw_calibration
from core.report.figures import hottest_point_mm, shown_map
from core.report.page import ReportPage
from core.volume import SaliencyMap

Picture = NDArray[np.uint8]

PICTURE_MM = 70.0
"""Width of a key view: leaves room below for the shares and the trust."""
LABEL_MM = 30.0
CALIBRATION_MM = CALIBRATION_HEIGHT_MM + 8.0
"""Heading and plot, which stay together."""


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
    page.facts(_saliency(result, maps), label_mm=LABEL_MM)


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
            *_listed(card.facts_of_training),
            ("Reproduced", card.reproduced),
            *_listed([("Deviations", card.deviations or ("none stated",))]),
            ("Clinical values", _clinical(card, clinical)),
            ("Licence", card.licence),
        ],
        label_mm=LABEL_MM,
    )
    if card.calibration is not None and card.calibration.bins:
        page.heading("Calibration", keep_mm=CALIBRATION_MM)
        draw_calibration(page, card.calibration, left_mm=page.l_margin)
    elif card.calibration is not None:
        page.facts([("Calibration", card.calibration.words)], label_mm=LABEL_MM)


def _listed(facts: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    """A row for each sentence, the title at the first: a page may end between two sentences."""
    for title, sentences in facts:
        for number, sentence in enumerate(sentences):
            yield ("" if number else title), sentence


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
        label_mm=LABEL_MM,
    )
