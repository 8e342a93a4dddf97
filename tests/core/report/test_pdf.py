import json
import logging
import re
import subprocess
from dataclasses import replace
from io import BytesIO

import numpy as np
import pypdf
import pytest

from core.data.series import Patient, SeriesRecord
from core.prognosis import NOT_TRAINED, RESEARCH_USE_ONLY, SALIENCY_CAPTION
from core.report import words
from core.report.content import result_document, result_json
from core.report.pdf import write_pdf
from tests.results import DIGEST, example_result, trained_card

GAP_PT = 2
PICTURES = {
    name: np.full((88, 96, 3), 40 * k, np.uint8)
    for k, name in enumerate(("axial", "coronal", "sagittal", "volume"), start=1)
}


@pytest.fixture
def report(tmp_path):
    """Writes a report and reads it back."""

    def write(request, result):
        write_pdf(tmp_path / "report.pdf", request, result, PICTURES)
        return pypdf.PdfReader(BytesIO((tmp_path / "report.pdf").read_bytes()))

    return write


def text_of(reader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def test_every_page_says_research_use_only_twice_and_names_model_and_weights(report):
    pages = report(*example_result()).pages
    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert text.count(RESEARCH_USE_ONLY) == 2
        assert f"page {number} of {len(pages)}" in text
        assert f"mortality-resnet3d-d · weights {DIGEST[:12]}" in text


def test_the_numbers_are_those_of_the_document(report):
    request, result = example_result()
    text, document = text_of(report(request, result)), result_document(request, result)
    prognosis = document["prognosis"]
    assert f"{100 * prognosis['mortality_probability']:.1f} %" in text
    for horizon in prognosis["horizons"]:
        assert f"{100 * horizon['probability']:.1f} %" in text
    assert "\N{MINUS SIGN}0.349" in text
    assert document["provenance"]["weights_sha256"] in text
    assert document["provenance"]["series_uid"] in text
    for step, seconds in document["provenance"]["seconds"].items():
        assert f"{step} {seconds:.2f}" in text.replace("\n", " ")


def test_the_machine_readable_result_is_attached(report):
    request, result = example_result()
    (attached,) = report(request, result).attachments["result.json"]
    assert attached == result_json(request, result)
    assert json.loads(attached)["model"]["trained"] is False


def test_a_model_that_is_not_trained_is_called_so(report):
    request, result = example_result()
    text = text_of(report(request, result)).replace("\n", " ")
    assert NOT_TRAINED in text
    assert "mean nothing" in text
    assert "model not trained" in text


def test_warnings_of_the_scan_do_not_stand_among_why_the_numbers_mean_nothing(report):
    request, result = example_result()
    thick = "The slices are 3 mm thick."
    prognosis = replace(result.prognosis, warnings=(*result.card.warnings, thick))
    text = text_of(report(request, replace(result, prognosis=prognosis))).replace("\n", " ")
    of_model, of_scan = text.split("About this scan")
    assert NOT_TRAINED in of_model
    assert thick not in of_model
    assert thick in of_scan.split("Prognosis")[0]
    assert NOT_TRAINED not in of_scan.split("Prognosis")[0]


def test_a_trained_model_is_not_warned_of(report):
    request, result = example_result()
    card = result.card.model_copy(update={"trained": True, "weights_sha256": DIGEST})
    prognosis = replace(result.prognosis, warnings=())
    text = text_of(report(request, replace(result, card=card, prognosis=prognosis)))
    assert "mean nothing" not in text
    assert "not trained" not in text
    assert "About the model" not in text


def test_how_a_trained_model_was_taught_and_how_good_it_is_stand_on_its_card(report):
    taught = ("Backbone: stages of toys.", "Heads: 20 epochs.")
    card = trained_card().model_copy(update={"training": taught, "limits": ("It knows toys.",)})
    request, result = example_result()
    text = text_of(report(request, replace(result, card=card)))
    for words_of_card in (*taught, "It knows toys.", "AUC 0.812 (0.750 to 0.870), 250 test scans"):
        assert words_of_card in text
    assert "slope 1.20, intercept -0.40, fitted on 900 scans of the folds" in " ".join(text.split())


def test_a_model_that_is_not_trained_has_no_figures_on_its_card(report):
    text = text_of(report(*example_result()))
    assert "\nMeasured" not in text
    assert "Platt" not in text


def test_what_the_model_does_not_give_stands_in_words(report):
    request, result = example_result()
    prognosis = replace(
        result.prognosis, mortality_probability=None, horizons=(), survival_curve=None
    )
    text = text_of(report(request, replace(result, prognosis=prognosis, saliency=())))
    assert f"Survival curve: {words.NOT_GIVEN}" in text
    assert text.count(words.NOT_GIVEN) >= 5
    first_page = text.split("Fitness of the series")[0]
    assert "%" not in first_page
    assert "None" not in first_page
    assert "nan" not in first_page


def test_the_saliency_has_its_caption(report):
    assert SALIENCY_CAPTION in text_of(report(*example_result())).replace("\n", " ")


def test_a_series_without_headers_is_not_stated_and_anonymised(report):
    request, result = example_result()
    text = text_of(report(replace(request, series=SeriesRecord("1.2.3", ())), result))
    assert words.ANONYMISED in text
    assert text.count(words.NOT_STATED) >= 6


def test_the_same_result_gives_the_same_pages(report):
    first, second = (report(*example_result()) for _ in range(2))
    for one, other in zip(first.pages, second.pages, strict=True):
        assert one.get_contents().get_data() == other.get_contents().get_data()


def test_title_author_and_language_are_in_the_metadata(report):
    reader = report(*example_result())
    assert reader.xmp_metadata.dc_title["x-default"] == "Chest CT prognosis report"
    assert reader.xmp_metadata.dc_creator == ["Thoralens"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert "/StructTreeRoot" in reader.trailer["/Root"]


def test_a_name_in_letters_that_the_font_lacks_reaches_no_log(report, caplog):
    request, result = example_result()
    series = replace(request.series, patient=Patient("山田^太郎\x07", "\N{GRINNING FACE}7"))
    with caplog.at_level(logging.DEBUG):
        text = text_of(report(replace(request, series=series), result))
    assert "?? ??? · ?7" in text
    assert "山" not in caplog.text


def test_endless_words_and_texts_stay_on_the_page(report):
    request, result = example_result()
    series = replace(request.series, description="W" * 300, manufacturer="long words " * 60)
    card = result.card.model_copy(
        update={"citation": "unbroken" * 200, "deviations": ("one more deviation " * 40,) * 30}
    )
    reader = report(replace(request, series=series), replace(result, card=card))
    assert text_of(reader).replace("\n", "").count("W") >= 300
    for page in reader.pages:
        right_edges, low_edges = [], []

        def visit(text, _, matrix, __, size, edges=(right_edges, low_edges)):
            if text.strip():
                edges[0].append(matrix[4])
                edges[1].append(matrix[5])

        page.extract_text(visitor_text=visit)
        assert max(right_edges) < float(page.mediabox.width) - 30
        assert min(low_edges) > 20


def test_a_place_among_very_many_scans_does_not_run_into_its_label(report, tmp_path):
    request, result = example_result()
    prognosis = replace(result.prognosis, percentile=0.62, compared_with=99999)
    report(request, replace(result, prognosis=prognosis))
    command = ["pdftotext", "-bbox", "-l", "1", str(tmp_path / "report.pdf"), "-"]
    page = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ends = [float(x) for x in re.findall(r'xMax="([\d.]+)"[^>]*>scans<', page)]
    starts = [float(x) for x in re.findall(r'xMin="([\d.]+)"[^>]*>higher<', page)]
    assert (len(ends), len(starts)) == (1, 1)
    assert starts[0] - ends[0] > GAP_PT
