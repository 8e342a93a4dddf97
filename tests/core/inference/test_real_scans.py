"""bf16 on the real scans: within the limits that decide on its use, with the bundled weights."""

import numpy as np
import pytest
import torch

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.case import case_of
from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series_index import index
from core.inference import choose_engine, infer
from core.inference.agreement import CORRELATION_LIMIT, PROBABILITY_LIMIT
from core.progress import Silent


@pytest.fixture(params=["lung1-001", "lidc-0314"])
def folder(request, shared_data, lidc_folder):
    return lidc_folder if request.param == "lidc-0314" else shared_data / request.param


def probability(inference):
    return float(torch.softmax(inference.output.logits[0].double(), dim=0)[1])


def correlation(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.slow
def test_bf16_stays_within_its_limits_on_a_real_scan(folder):
    record = index(folder).series[0]
    volume = read(record)
    request = AnalysisRequest(volume, record, fitness_of(record), precision="fp32")
    case = case_of(analyse(request).provenance.run_id)
    exact = case.inference
    coarse = infer(
        case.network,
        case.image,
        case.clinical,
        engine=choose_engine("cpu", "bf16"),
        progress=Silent(),
    )
    assert (exact.engine.precision, coarse.engine.precision) == ("fp32", "bf16")
    assert abs(probability(coarse) - probability(exact)) <= PROBABILITY_LIMIT
    assert correlation(coarse.gradcam, exact.gradcam) >= CORRELATION_LIMIT
    assert correlation(np.abs(coarse.gradient), np.abs(exact.gradient)) >= CORRELATION_LIMIT
