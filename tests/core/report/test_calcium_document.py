"""What the document of a reading says: every number by hand, every parameter of the rule."""

import json

import numpy as np
import pytest

from core.calcium.categories import VisualGrade
from core.calcium.edits import Remove
from core.calcium.scores import Vessel
from core.calcium.within import candidates_within
from core.prognosis import RESEARCH_USE_ONLY
from core.report.calcium_document import candidates_document
from core.volume import Mask
from tests.core.report.calcium_readings import CREATED, click, heart_case, report_of

KEYS = {
    "research_use_only", "series", "checks", "rule", "lesions", "vessels", "total", "mass",
    "averaged_to_3_mm", "uncertainty", "warnings", "edits", "edits_that_met_nothing", "lead",
    "modified",
}  # fmt: skip
LESION_KEYS = {
    "number", "vessel", "agatston", "volume_mm3", "mass_mg", "area_mm2", "max_hu", "mean_hu",
    "slices", "parts", "centre_mm", "threshold_hu", "clicked_mm", "by", "at", "growth",
    "patch_at_click",
}  # fmt: skip


@pytest.fixture(scope="module")
def document():
    return report_of(Vessel.LAD, Vessel.RCA, Vessel.OTHER).document


def test_it_is_strict_json_with_every_key(document):
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document  # plain types only
    assert set(document) == KEYS
    assert document["research_use_only"] == RESEARCH_USE_ONLY
    assert all(set(lesion) == LESION_KEYS for lesion in document["lesions"])


def test_vessels_and_total_are_the_sums_worked_out_by_hand(document):
    vessels = document["vessels"]
    assert [vessels[name]["agatston"] for name in ("LM", "LAD", "LCX", "RCA", "other")] == [
        0, 40, 0, 30, 40,
    ]  # fmt: skip
    total = document["total"]
    assert total["agatston"] == 70  # "other" is listed and not in the total
    assert total["volume_mm3"] == pytest.approx(90)
    assert total["root_volume"] == pytest.approx(90**0.5)
    assert total["area_mm2"] == pytest.approx(30)
    assert total["max_hu"] == 350
    assert total["lesions"] == 2
    assert (total["category"], total["cac_drs"]) == ("11-100", "A1/N2")
    assert total["mass_mg"] is None
    assert document["mass"] == "mass not calibrated"


def test_a_lesion_says_who_marked_it_where_when_and_at_which_threshold(document):
    case, _ = heart_case()
    lesion = document["lesions"][0]
    assert lesion["vessel"] == "LAD"
    assert lesion["clicked_mm"] == list(click(case, Vessel.LAD).point_mm)
    assert (lesion["by"], lesion["at"]) == ("AB", CREATED)
    assert (lesion["threshold_hu"], lesion["slices"], lesion["parts"]) == (130, [1, 2], 2)
    assert lesion["mean_hu"] == 250


def test_the_patch_score_stands_beside_the_clicked_lesion(document):
    """All three blocks lie within 5 slices round the LAD's click, so also what is not coronary."""
    patch = document["lesions"][0]["patch_at_click"]
    assert patch["agatston"] == 70  # slices 0 to 3: the valve in slice 4 is outside
    assert patch["is_whole"] is False


def test_every_parameter_of_the_rule_stands_in_it(document):
    assert document["rule"] == {
        "name": "Agatston 1990 (120 kVp)",
        "threshold_hu": 130,
        "cut_points_hu": [130, 200, 300, 400],
        "kvp": 120.0,
        "connectivity_in_plane": 8,
        "least_area_mm2": 1.0,
        "least_area_pixels": 1,
        "increment_mm": 3.0,
        "normalisation": "increment / 3 mm",
        "is_modified": False,
    }
    assert document["modified"] is False


def test_mass_needs_a_calibration():
    calibrated = report_of(Vessel.LAD, calibration=0.001).document
    assert calibrated["mass"] == "calibrated"
    assert calibrated["total"]["mass_mg"] == pytest.approx(0.001 * 60 * 250)


def test_another_voltage_is_never_silent():
    document = report_of(Vessel.LAD, kvp=100.0).document
    assert document["modified"] is True
    assert any("100 kVp" in warning for warning in document["warnings"])


def test_a_scan_that_is_not_gated_leads_with_category_and_grade_and_says_why():
    document = report_of(Vessel.LAD, grade=VisualGrade.MILD).document
    assert document["lead"]["first"] == "category and visual grade"
    assert "Motion blurs calcium" in document["lead"]["why"]
    assert document["total"]["cac_drs_visual"] == "V1/N1"
    assert document["total"]["visual_grade"] == "mild"


def test_zero_must_be_confirmed():
    assert report_of().document["total"]["zero_needs_confirmation"] is True
    total = report_of(zero_by="AB").document["total"]
    assert total["zero_needs_confirmation"] is False
    assert total["zero_confirmed_by"] == "AB"
    assert total["cac_drs"] == "A0"


def test_thin_slices_have_both_scores():
    assert report_of(Vessel.LAD).document["averaged_to_3_mm"] is None
    document = report_of(Vessel.LAD, increment_mm=1.5).document
    thick = document["averaged_to_3_mm"]
    # Pairs of slices 0+1, 2+3: each mean of 40 and 250 is 145, weight 1, 10 mm2 in either.
    assert thick["increment_mm"] == 3.0
    assert thick["agatston"] == pytest.approx(20)
    assert document["total"]["agatston"] == pytest.approx(20)  # 2 x 10 mm2 x 2 x 1.5 / 3
    # Begun one slice later, 1+2 is one whole average of 250: 10 mm2, weight 2.
    assert document["uncertainty"]["of"] == "averages of 3 mm"
    assert document["uncertainty"]["scores_by_first_slice"] == pytest.approx([20, 20])


def test_the_uncertainty_says_what_was_assumed(document):
    spread = document["uncertainty"]
    low, high = spread["interval_95"]
    assert spread["least"] <= low <= document["total"]["agatston"] <= high <= spread["greatest"]
    assert 0 <= spread["chance_of_another_category"] <= 1
    assert spread["noise_hu"] is None  # no great vessels in a block


def test_edits_that_met_nothing_are_listed():
    missed = (Remove((0.0, 0.0, 0.0)),)
    document = report_of(Vessel.LAD, missed=missed).document
    assert document["edits_that_met_nothing"] == [{"kind": "remove", "point_mm": [0, 0, 0]}]
    assert [edit["kind"] for edit in document["edits"]] == ["lesion"]
    assert document["warnings"][0] == "1 mark met nothing that counts and is not in the score."


def test_a_mark_at_the_point_of_a_candidate_means_it():
    case, _ = heart_case()
    for entry in candidates_document(case.candidates, None):
        part = case.candidates.part_at(case.volume.geometry.to_index(entry["point_mm"]))
        assert part is not None
        lesion = case.candidates.lesion_of_part[part]
        assert case.candidates.agatston[lesion] == entry["agatston"]


def test_candidates_say_how_much_of_them_lies_in_the_heart():
    case, _ = heart_case()
    labels = np.zeros(case.volume.geometry.shape, np.uint8)
    labels[:, :, :8] = 1  # columns 5 to 7 of the blocks in 5 to 9: 3 of 5
    heart = candidates_within(case.candidates, case.volume, Mask(labels, case.volume.geometry))
    rows = candidates_document(case.candidates, heart)
    assert [(row["agatston"], row["heart_share"]) for row in rows] == [
        (40, 0.6), (30, 0.6), (40, 0.0),
    ]  # fmt: skip
    assert rows[0]["slices"] == [1, 2]
    assert rows[0]["max_hu"] == 250
    assert rows[0]["volume_mm3"] == pytest.approx(60)
    centre = case.volume.geometry.to_patient((1.5, 5.5, 7.0))
    assert rows[0]["centre_mm"] == pytest.approx(centre, abs=1e-3)
    assert candidates_document(case.candidates, None)[0]["heart_share"] is None
    json.dumps(rows, allow_nan=False)
