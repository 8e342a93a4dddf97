"""The main job on real scans and on a marked phantom: maps lie where the CT lies."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from core import case as cases
from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.case import case_of
from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.geometry_gate import fitness_of
from core.data.nifti import write_nifti
from core.data.read_series import read
from core.data.series_choice import choose_series
from core.data.series_index import index
from core.errors import ModelInputError, SeriesError, WeightsError
from core.progress import Cancelled, Silent
from tests.core.spotlight_model import SHAPE, SPOTLIGHT, write_spotlight_bundle
from tests.phantoms import MARKER_MM, STORAGE_ORDERS, marked_thorax, write_series

SPACING_MM = (5.0, 4.0, 4.0)


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_spotlight_bundle(folder)
    return folder


def stored_request(folder, order, models_folder):
    """The phantom written as DICOM in a storage order, and read again."""
    volume = marked_thorax(STORAGE_ORDERS[order], SPACING_MM)
    write_series(folder, volume.hu, volume.geometry)
    (record,) = index(folder).series
    return AnalysisRequest(
        read(record), record, Fitness(), model_id=SPOTLIGHT, models_folder=models_folder
    )


def centre_of_mass_mm(path):
    """LPS centre of a NIfTI overlay, through ITK: somebody else's reading of our affine."""
    picture = sitk.ReadImage(str(path))
    values = sitk.GetArrayFromImage(picture).astype(float)
    where = np.argwhere(values > 0)
    weights = values[values > 0]
    centre = (where * weights[:, None]).sum(0) / weights.sum()
    return np.array(picture.TransformContinuousIndexToPhysicalPoint(centre[::-1].tolist()))


@pytest.mark.parametrize("order", STORAGE_ORDERS)
def test_overlays_light_the_marker_in_patient_space_in_every_storage_order(
    order, tmp_path, models_folder
):
    request = stored_request(tmp_path / "dicom", order, models_folder)
    result = analyse(request)
    apart = {}
    for each in result.saliency:
        path = tmp_path / f"{each.method}.nii.gz"
        write_nifti(path, each.thresholded().values, each.geometry)
        apart[each.method] = np.linalg.norm(centre_of_mass_mm(path) - MARKER_MM)
        apart[each.method] /= max(each.geometry.spacing_mm)
    assert apart["gradient"] < 2, "voxels of the model's grid"
    assert apart["gradcam"] < 1, "cells"


def test_the_same_patient_in_two_storage_orders_gets_the_same_numbers(tmp_path, models_folder):
    first = analyse(stored_request(tmp_path / "a", "axial to the head", models_folder))
    second = analyse(stored_request(tmp_path / "b", "feet first prone, rows to the front",
                                    models_folder))  # fmt: skip
    assert first.prognosis.risk_score == pytest.approx(second.prognosis.risk_score, rel=1e-3)


def test_the_result_remembers_how_it_was_made(tmp_path, models_folder):
    request = stored_request(tmp_path, "axial to the head", models_folder)
    result = analyse(request)
    made = result.provenance
    assert made.series_uid == request.series.uid
    assert made.weights_sha256 == result.card.weights_sha256
    assert made.precision in {"fp32", "bf16"}
    assert made.note
    assert {"lungs", "heart region", "organ regions", "model", "maps"} <= set(made.seconds)
    assert made.versions["torch"].startswith("2.")
    assert result.saliency_by("gradient").geometry.shape == SHAPE
    assert result.saliency_by("gradcam").geometry.shape == tuple(n // 8 for n in SHAPE)


def test_a_blocked_series_is_refused_with_reason_and_remedy(tmp_path, models_folder):
    request = stored_request(tmp_path, "axial to the head", models_folder)
    block = Reason(Level.BLOCK, "The slices are 8 mm thick.", "Choose a thinner series.")
    refused = AnalysisRequest(
        request.volume, request.series, Fitness(model=Verdict((block,))), model_id=SPOTLIGHT,
        models_folder=models_folder,
    )  # fmt: skip
    with pytest.raises(ModelInputError, match="8 mm thick") as caught:
        analyse(refused)
    assert caught.value.remedy == "Choose a thinner series."


@pytest.mark.parametrize("change", [{"hu_window": [-1000, 400]}, {"outside_intensity": 0}])
def test_a_card_that_wants_other_intensities_is_refused_and_not_passed_over(tmp_path, change):
    folder = write_spotlight_bundle(tmp_path / "models")
    card = json.loads((folder / "card.json").read_text())
    card["input"] |= change
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"this version makes -1200\.\.600 HU, outside 170"):
        analyse(stored_request(tmp_path / "dicom", "axial to the head", tmp_path / "models"))


def test_slices_that_no_file_holds_are_refused_whatever_the_gate_was_told(tmp_path, models_folder):
    request = stored_request(tmp_path, "axial to the head", models_folder)
    gappy = replace(request.volume, missing_slices=(4, 5))
    with pytest.raises(ModelInputError, match=r"needs every slice; 2 of \d+"):
        analyse(replace(request, volume=gappy))


def test_cancel_stops_at_the_next_step_and_leaves_the_run_before(tmp_path, models_folder):
    class Impatient:
        def step(self, fraction, message):
            if fraction > 0.3:
                raise Cancelled

    request = stored_request(tmp_path, "axial to the head", models_folder)
    run_id = analyse(request).provenance.run_id
    with pytest.raises(Cancelled):
        analyse(request, Impatient())
    assert case_of(run_id).run_id == run_id, "the last good run can still be asked about"


def test_cancel_at_the_very_end_leaves_no_case_of_a_run_that_was_not_given(tmp_path, models_folder):
    class AtTheEnd:
        def step(self, fraction, message):
            if fraction == 1:
                raise Cancelled

    request = stored_request(tmp_path, "axial to the head", models_folder)
    run_id = analyse(request).provenance.run_id
    kept = [each.run_id for each in cases._kept]
    with pytest.raises(Cancelled):
        analyse(request, AtTheEnd())
    assert [each.run_id for each in cases._kept] == kept
    assert kept[-1] == run_id


def test_the_run_says_how_much_of_each_map_lies_outside_what_the_model_is_shown(
    tmp_path, models_folder
):
    result = analyse(stored_request(tmp_path, "axial to the head", models_folder))
    shares = result.outside_region_share
    assert set(shares) == {"gradcam", "gradient"}
    gradient = result.saliency_by("gradient")
    shown = case_of(result.provenance.run_id).inside
    outside = gradient.values[~shown].sum() / gradient.values.sum()
    assert shares["gradient"] == pytest.approx(float(outside), abs=1e-5)


def test_warnings_of_the_series_stand_beside_the_prognosis(tmp_path, models_folder):
    request = stored_request(tmp_path, "axial to the head", models_folder)
    warn = Reason(Level.WARN, "The slices are 3 mm thick.")
    result = analyse(
        AnalysisRequest(
            request.volume, request.series, Fitness(model=Verdict((warn,))), model_id=SPOTLIGHT,
            models_folder=models_folder,
        )
    )  # fmt: skip
    assert "The slices are 3 mm thick." in result.prognosis.warnings
    assert any("synthetic phantoms" in warning for warning in result.prognosis.warnings)


def test_a_series_that_is_not_there_is_refused_in_words(shared_data):
    with pytest.raises(SeriesError, match="No series with this UID among the 1 found"):
        choose_series(shared_data / "cip-tiny" / "dicom", "1.2.3", Silent())


@pytest.mark.slow
def test_the_bundled_model_runs_on_a_real_thorax(shared_data):
    record = choose_series(shared_data / "cip-tiny" / "dicom", "", Silent()).record
    result = analyse(AnalysisRequest(read(record), record, fitness_of(record)))
    assert 0 < result.prognosis.mortality_probability < 1
    assert [risk.years for risk in result.prognosis.horizons] == [1, 3, 5]
    gradcam, gradient = result.saliency
    assert gradcam.geometry.shape == (16, 32, 32)
    assert gradient.geometry.shape == (128, 256, 256)
    assert gradcam.values.max() == 1
    assert result.provenance.weights_sha256 == result.card.weights_sha256
