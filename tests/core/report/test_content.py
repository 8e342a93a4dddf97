import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import ReportError
from core.prognosis import RESEARCH_USE_ONLY
from core.report.content import result_document, result_json
from tests.results import DIGEST, SERIES_UID, example_result


def test_the_document_has_the_keys_of_the_design():
    document = result_document(*example_result())
    assert set(document) >= {
        "series", "fitness", "model", "prognosis", "saliency", "calcium", "provenance",
    }  # fmt: skip
    assert set(document["series"]) == {"uid", "description", "slices", "spacing_mm"}
    assert set(document["fitness"]) == {"view", "model", "calcium"}
    assert set(document["model"]) >= {"id", "title", "demonstration", "trained", "weights_sha256"}
    assert set(document["prognosis"]) >= {
        "horizons", "survival_curve", "risk_score", "risk_group", "percentile",
        "out_of_distribution", "warnings", "mortality_probability", "outcome",
    }  # fmt: skip
    assert set(document["saliency"][0]) == {
        "method", "target", "threshold", "file", "native_shape", "organ_share",
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
