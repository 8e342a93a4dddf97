import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import ReportError
from core.prognosis import RESEARCH_USE_ONLY
from core.report.content import result_document, result_json
from core.saliency.map_trust import SHIFT, TrustPart, trust_of
from tests.results import DIGEST, SERIES_UID, example_result


def test_the_document_has_the_keys_of_the_design():
    document = result_document(*example_result())
    assert set(document) >= {
        "series", "fitness", "model", "prognosis", "saliency", "calcium", "provenance", "lungs",
        "trust",
    }  # fmt: skip
    assert set(document["series"]) == {"uid", "description", "slices", "spacing_mm"}
    assert set(document["fitness"]) == {"view", "model", "calcium"}
    assert set(document["model"]) >= {"id", "title", "demonstration", "trained", "weights_sha256"}
    assert set(document["prognosis"]) >= {
        "horizons", "survival_curve", "risk_score", "risk_group", "percentile",
        "out_of_distribution", "warnings", "mortality_probability", "outcome",
    }  # fmt: skip
    assert set(document["saliency"][0]) == {
        "method", "target", "threshold", "threshold_value", "unit_value", "file", "native_shape",
        "native_grid", "organ_share", "outside_region_share", "unit_percentile",
    }  # fmt: skip
    assert document["calcium"] is None
    assert document["research_use_only"] == RESEARCH_USE_ONLY


def test_the_document_says_what_the_result_says():
    document = result_document(*example_result())
    assert document["series"]["uid"] == SERIES_UID
    assert document["series"]["slices"] == 70
    assert document["series"]["spacing_mm"] == [4, 4, 4]
    assert document["fitness"]["model"]["verdict"] == "warn"
    assert "4.0 mm" in document["fitness"]["model"]["reasons"][0]["text"]
    assert document["model"]["weights_sha256"] == DIGEST
    assert document["prognosis"]["horizons"][1] == {
        "years": 3, "probability": 0.1375, "interval": None,
    }  # fmt: skip
    assert document["saliency"][1]["native_shape"] == [4, 8, 8]
    assert document["saliency"][1]["file"] == "gradcam.nii.gz"


def test_the_grid_of_a_map_stands_in_the_document_in_millimetres():
    _, result = example_result()
    saliency = result.saliency_by("gradcam")
    grid = result_document(*example_result())["saliency"][1]["native_grid"]
    assert grid["shape"] == [4, 8, 8]
    assert grid["cell_mm"] == pytest.approx([70, 48, 48])
    assert np.allclose(
        np.array(grid["affine_lps"]) @ (1, 2, 3, 1), (*saliency.geometry.to_patient((1, 2, 3)), 1)
    )


def test_the_raw_threshold_is_the_share_of_the_raw_maximum():
    saliency = result_document(*example_result())["saliency"][1]
    assert saliency["threshold_value"] == pytest.approx(saliency["threshold"] * 0.0123)


def test_shares_lungs_and_run_stand_in_the_document():
    document = result_document(*example_result())
    assert document["saliency"][1]["organ_share"]["heart"] == 0.381
    assert document["lungs"] == {"right_l": 2.61, "left_l": 2.58}
    assert document["provenance"]["run_id"] == example_result()[1].provenance.run_id


def test_a_map_whose_shares_nobody_counted_has_none():
    request, result = example_result()
    document = result_document(request, replace(result, organ_share={"gradcam": {}}))
    assert [each["organ_share"] for each in document["saliency"]] == [None, None]


def test_trust_that_nobody_checked_is_null_and_else_stands_with_its_parts():
    request, result = example_result()
    assert result_document(request, result)["trust"] is None
    part = TrustPart(SHIFT, 0.81, "Moved.", 1.25)
    document = result_document(request, replace(result, trust=trust_of((part,))))["trust"]
    assert document["score"] == 81
    assert document["band"] == "consistent"
    assert document["parts"] == [
        {
            "name": SHIFT,
            "title": "Stays under a small shift",
            "value": 0.81,
            "words": "Moved.",
            "seconds": 1.25,
        }
    ]
    assert SHIFT not in document["not_measured"]
    assert len(document["not_measured"]) == 4


def test_what_the_model_does_not_give_is_null():
    request, result = example_result()
    prognosis = replace(
        result.prognosis, mortality_probability=None, horizons=(), survival_curve=None
    )
    document = result_document(request, replace(result, prognosis=prognosis))["prognosis"]
    assert document["mortality_probability"] is None
    assert document["horizons"] == []
    assert document["survival_curve"] is None
    assert document["percentile"] is None


def test_no_name_or_identifier_of_the_patient_gets_into_the_document():
    content = result_json(*example_result()).decode()
    assert "MUSTERMANN" not in content
    assert "P-0042" not in content


def test_the_bytes_are_strict_json_and_the_same_every_time():
    content = result_json(*example_result())
    assert content == result_json(*example_result())
    assert json.loads(content) == result_document(*example_result())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_that_is_not_finite_is_refused_by_name(value):
    request, result = example_result()
    broken = replace(result, prognosis=replace(result.prognosis, risk_score=value))
    with pytest.raises(ReportError, match=r"prognosis\.risk_score"):
        result_document(request, broken)


def test_numpy_numbers_become_plain_ones():
    request, result = example_result()
    prognosis = replace(result.prognosis, risk_score=np.float32(0.5), percentile=np.float64(0.25))
    document = result_document(request, replace(result, prognosis=prognosis))["prognosis"]
    assert type(document["risk_score"]) is float
    assert document["percentile"] == 0.25
