from dataclasses import replace
from io import BytesIO

import numpy as np
import pypdf
import pytest

from core.explanation import Explanation
from core.report.map_page import NOT_A_PROOF, NOT_CHECKED, add_organ_shares
from core.report.page import Identity, ReportPage
from core.report.pdf import write_pdf
from core.saliency.map_trust import PART_TITLES, TrustPart, trust_of
from core.saliency.targets import Target
from tests.results import ORGAN_SHARE, example_result

PICTURES = {
    name: np.full((88, 96, 3), 90, np.uint8) for name in ("axial", "coronal", "sagittal", "volume")
}
FIVE_YEARS = Target("horizon", 5)
VALUES = (0.64, 0.9, 0.8, 0.3, 0.7)
TRUST = trust_of(
    tuple(
        TrustPart(name, value, f"What was seen of {name}.", 1.0)
        for name, value in zip(PART_TITLES, VALUES, strict=True)
    )
)


@pytest.fixture
def pages(tmp_path):
    """Texts of the pages of a report."""

    def write(further=(), **changes):
        request, result = example_result()
        changed = replace(result, **changes)
        write_pdf(tmp_path / "report.pdf", request, changed, PICTURES, further=further)
        reader = pypdf.PdfReader(BytesIO((tmp_path / "report.pdf").read_bytes()))
        return [page.extract_text() for page in reader.pages]

    return write


def test_every_region_stands_with_its_share_for_each_map(pages):
    text = "\n".join(pages())
    for region, share in ORGAN_SHARE.items():
        assert region.capitalize() in text
        assert f"{100 * share:.1f} %" in text
    assert text.count("Great vessels") == 2  # the gradient's and GradCAM's


def test_the_shares_stand_on_the_page_of_the_pictures(pages):
    page = next(text for text in pages() if "Where the model looked" in text)
    assert "Where the maps lie" in page


def test_the_heading_of_the_shares_is_never_parted_from_their_bars(tmp_path):
    outside = {"gradient": 0.123, "gradcam": 0.045, "smoothgrad": 0.067}
    result = replace(example_result()[1], outside_region_share=outside)
    places_mm = range(180, 275, 3)
    with ReportPage(Identity("Title", "model", "0" * 64)) as page:
        for top_mm in places_mm:
            page.add_page()
            page.set_y(top_mm)
            add_organ_shares(page, result)
        page.output(str(tmp_path / "shares.pdf"))
    texts = [each.extract_text() for each in pypdf.PdfReader(tmp_path / "shares.pdf").pages]
    headed = [text for text in texts if "Where the maps lie" in text]
    assert len(headed) == len(places_mm)
    assert all(region.capitalize() in text for text in headed for region in ORGAN_SHARE)


def test_without_shares_there_is_no_empty_chart(pages):
    assert "Where the maps lie" not in "\n".join(pages(organ_share={}))
    assert "Where the maps lie" not in "\n".join(pages(organ_share={"gradcam": {}}))


def test_the_score_stands_with_every_part_and_what_was_seen(pages):
    text = "\n".join(pages(trust=TRUST))
    assert f"{TRUST.score} of 100" in text
    for (name, title), value in zip(PART_TITLES.items(), VALUES, strict=True):
        assert title in text
        assert f"{value:.2f}" in text
        assert f"What was seen of {name}." in text
    assert NOT_A_PROOF in text.replace("\n", " ")


def test_a_map_without_a_picture_gets_its_words_alone(pages):
    empty = replace(TRUST, score=0, parts=(), words="not trustworthy. The map is empty.")
    text = "\n".join(pages(trust=empty))
    assert "0 of 100" in text
    assert "The map is empty." in text


def test_what_nobody_checked_is_called_so(pages):
    assert NOT_CHECKED in "\n".join(pages())


def test_the_maps_are_named_with_target_cell_and_threshold(pages):
    text = "\n".join(pages()).replace("\n", " ")
    assert "logit of death (class 1); 4 × 8 × 8 cells of 48 × 48 × 70 mm" in text
    assert "threshold 0.5 (0.0062)" in text
    assert "share of the maximum, raw value" in text


def test_a_threshold_is_of_the_percentile_where_a_percentile_became_one(pages):
    gradient, gradcam = example_result()[1].saliency
    gradient = replace(gradient, unit_percentile=99.9)
    text = "\n".join(pages(saliency=(gradient,))).replace("\n", " ")
    assert "share of the 99.9th percentile, raw value" in text
    text = "\n".join(pages(saliency=(gradcam, gradient))).replace("\n", " ")
    assert "share of the maximum (GradCAM), the 99.9th percentile (Gradient), raw" in text


def test_the_two_gradients_have_one_chart(pages):
    gradient = example_result()[1].saliency_by("gradient")
    maps = (gradient, replace(gradient, method="signed_gradient"))
    shares = {each.method: ORGAN_SHARE for each in maps}
    text = "\n".join(pages(saliency=maps, organ_share=shares))
    assert text.count("Great vessels") == 1
    assert "Gradient (either sign)" in text


def test_the_share_outside_what_the_model_is_shown_is_said_once(pages):
    text = "\n".join(pages(outside_region_share={"gradcam": 0.213, "gradient": 0.0349}))
    said = "Outside the region that the model is shown: GradCAM 21.3 %, Gradient 3.5 %."
    assert text.replace("\n", " ").count(said) == 1
    assert "Outside the region" not in "\n".join(pages())


def test_maps_of_other_targets_are_named_with_theirs(pages):
    later = replace(example_result()[1].saliency_by("gradcam"), target=FIVE_YEARS.words)
    text = "\n".join(pages(further=(Explanation((later,), {}),))).replace("\n", " ")
    assert "log odds of death within 5 years; 4 × 8 × 8 cells" in text


def test_the_volumes_of_the_lungs_stand_with_the_study(pages):
    assert "right 2.6 L, left 2.6 L" in pages()[0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_report_keeps_to_three_pages(pages, count):
    _, result = example_result()
    methods = ("gradcam", "gradient", "signed_gradient")[:count]
    maps = tuple(replace(result.saliency[0], method=method) for method in methods)
    shares = dict.fromkeys(methods, ORGAN_SHARE)
    outside = dict.fromkeys(methods, 0.5)
    written = pages(trust=TRUST, saliency=maps, organ_share=shares, outside_region_share=outside)
    assert len(written) == 3
    assert "How far to trust" in written[2]


def test_no_page_begins_while_the_one_before_has_room_for_the_trust(pages):
    written = pages(trust=TRUST, organ_share={}, saliency=())
    assert "How far to trust" in written[1]
