import json
from dataclasses import replace

import numpy as np
import pypdf
import pytest
from PIL import Image

from core.data.nifti import read_nifti
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ReportError
from core.explanation import Explanation
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Cancelled
from core.report.content import result_document
from core.report.outputs import write_outputs
from core.saliency.targets import RISK_SCORE, Target
from tests.results import example_result

FILES = {
    "result.json", "gradient.nii.gz", "gradcam.nii.gz", "key_axial.png", "key_coronal.png",
    "key_sagittal.png", "key_volume.png", "report.pdf",
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs") / "new" / "folder"
    request, result = example_result()
    write_outputs(folder, request, result)
    return folder, request, result


def test_every_file_of_the_design_is_written_and_nothing_else(written):
    assert {path.name for path in written[0].iterdir()} == FILES


def test_the_json_is_the_document(written):
    folder, request, result = written
    assert json.loads((folder / "result.json").read_bytes()) == result_document(request, result)


@pytest.mark.parametrize("method", ["gradient", "gradcam"])
def test_the_maps_are_thresholded_and_lie_in_patient_space(written, method):
    folder, _, result = written
    saliency = result.saliency_by(method)
    values, geometry = read_nifti(folder / f"{method}.nii.gz")
    assert values.dtype == np.float32
    assert np.array_equal(values, np.where(saliency.values >= 0.5, saliency.values, 0))
    assert geometry.shape == saliency.geometry.shape
    assert np.allclose(geometry.affine, saliency.geometry.affine, atol=1e-4)


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal", "volume"])
def test_the_pictures_can_be_opened_and_carry_the_line_on_use(written, name):
    with Image.open(written[0] / f"key_{name}.png") as picture:
        assert picture.mode == "RGB"
        assert picture.text["Comment"] == RESEARCH_USE_ONLY


def test_a_folder_that_cannot_be_made_is_a_report_error_without_its_path(tmp_path):
    (tmp_path / "secret-name").write_text("a file")
    with pytest.raises(ReportError) as caught:
        write_outputs(tmp_path / "secret-name" / "out", *example_result())
    assert "secret-name" not in str(caught.value)
    assert caught.value.remedy


def test_where_not_everything_could_be_written_there_is_no_new_result_json(tmp_path):
    (tmp_path / "report.pdf").mkdir()  # nothing can be put in its place
    (tmp_path / "result.json").write_text("of the last run")
    with pytest.raises(ReportError, match=r"report\.pdf could not be written"):
        write_outputs(tmp_path, *example_result())
    assert (tmp_path / "result.json").read_text() == "of the last run"


def test_cancel_is_heard(tmp_path):
    class Impatient:
        def step(self, fraction, message):
            if fraction > 0.05:
                raise Cancelled

    with pytest.raises(Cancelled):
        write_outputs(tmp_path, *example_result(), Impatient())
    assert not (tmp_path / "report.pdf").exists()


def test_a_real_scan_is_written_with_pictures_that_show_it(shared_data, tmp_path):
    record = index(shared_data / "cip-tiny" / "dicom").series[0]
    request, result = example_result(read(record))
    write_outputs(tmp_path, request, result)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    for name in ("axial", "coronal", "sagittal", "volume"):
        with Image.open(tmp_path / f"key_{name}.png") as picture:
            grey = np.array(picture.convert("L"))[80:700, 40:800]
        assert grey.std() > 15


def test_every_map_of_the_run_is_written_and_named_in_the_json(tmp_path):
    request, result = example_result()
    signed = replace(
        result.saliency_by("gradient"),
        values=-result.saliency_by("gradient").values,
        method="signed_gradient",
    )
    write_outputs(tmp_path, request, replace(result, saliency=(*result.saliency, signed)))
    named = [
        each["file"] for each in json.loads((tmp_path / "result.json").read_bytes())["saliency"]
    ]
    assert named == ["gradient.nii.gz", "gradcam.nii.gz", "signed_gradient.nii.gz"]
    values, _ = read_nifti(tmp_path / "signed_gradient.nii.gz")
    assert values.min() == -1  # what lowers the output is kept, with its sign


def test_maps_of_other_targets_are_written_beside_with_their_target(tmp_path):
    request, result = example_result()
    gradcam = result.saliency_by("gradcam")
    targets = (RISK_SCORE, Target("horizon", 5))
    further = [
        Explanation(
            (replace(gradcam, target=each.words, values=gradcam.values / (2 + k)),),
            {"gradcam": {"heart": 1.0}},
            {"gradcam": 0.25},
        )
        for k, each in enumerate(targets)
    ]
    write_outputs(tmp_path, request, result, further=further)
    entries = json.loads((tmp_path / "result.json").read_bytes())["saliency"]
    assert [(each["file"], each["target"]) for each in entries[2:]] == [
        ("gradcam_risk_score.nii.gz", RISK_SCORE.words),
        ("gradcam_horizon-5.nii.gz", "log odds of death within 5 years"),
    ]
    assert entries[2]["organ_share"] == {"heart": 1.0}
    assert entries[2]["outside_region_share"] == 0.25
    values, _ = read_nifti(tmp_path / "gradcam_risk_score.nii.gz")
    assert values.max() == 0.5
    assert read_nifti(tmp_path / "gradcam.nii.gz")[0].max() == 1, "the run's own map stays"
    attached = pypdf.PdfReader(tmp_path / "report.pdf").attachments["result.json"][0]
    assert attached == (tmp_path / "result.json").read_bytes()
