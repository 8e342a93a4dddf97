"""Saving what is shown."""

import json
import os
from dataclasses import replace

import pytest

from core.errors import ReportError
from core.progress import Silent
from core.saliency.influence import Influence
from core.saliency.map_trust import SHIFT, TrustPart, trust_of
from core.saliency.targets import MORTALITY, RISK_SCORE
from tests.results import example_result
from viewer.exporting import Exporter, Shown, explained, of_other_targets, write_report
from viewer.jobs import JobRunner
from viewer.messages import MessageLevel, Messages
from viewer.session import Session


@pytest.fixture
def exporter(qtbot, nothing_left_running):
    request, result = example_result()
    session, messages = Session(), Messages()
    session.replace(
        series=request.series,
        volume=request.volume,
        fitness={request.series.uid: request.fitness},
        result=result,
    )
    jobs = JobRunner(messages)
    exporter = Exporter(session, jobs, messages=messages)
    exporter.session = session
    exporter.told = []
    messages.posted.connect(exporter.told.append)
    yield exporter
    jobs.shut_down()


def test_all_outputs_are_written_and_it_is_said(qtbot, exporter, tmp_path):
    exporter.save_all(tmp_path / "outputs")
    qtbot.waitUntil(lambda: bool(exporter.told), timeout=60_000)
    assert exporter.told[0].text == "All outputs were saved."
    document = json.loads((tmp_path / "outputs" / "result.json").read_text())
    assert document["series"]["uid"] == exporter.session.state.series.uid
    assert (tmp_path / "outputs" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_report_alone_leaves_nothing_beside_it(qtbot, exporter, tmp_path):
    exporter.save_report(tmp_path / "my report.pdf")
    qtbot.waitUntil(lambda: bool(exporter.told), timeout=60_000)
    assert exporter.told[0].text == "The report was saved."
    assert os.listdir(tmp_path) == ["my report.pdf"]


def test_without_a_result_there_is_nothing_to_save_and_it_is_said(qtbot, exporter, tmp_path):
    exporter.session.replace(result=None)
    exporter.save_all(tmp_path / "outputs")
    exporter.save_report(tmp_path / "report.pdf")
    qtbot.waitUntil(lambda: len(exporter.told) == 2)
    assert {message.level for message in exporter.told} == {MessageLevel.WARNING}
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_error_without_its_name(tmp_path):
    request, result = example_result()
    with pytest.raises(ReportError) as raised:
        write_report(tmp_path / "secret" / "report.pdf", Shown(request, result, (), None), Silent())
    assert "secret" not in str(raised.value)
    assert raised.value.remedy


def test_what_was_found_out_since_the_run_is_saved_with_it(exporter):
    state = exporter.session.state
    gradcam = state.result.saliency_by("gradcam")
    same = replace(gradcam, method="smoothgrad")
    other = replace(gradcam, target=RISK_SCORE.words)
    trust = trust_of((TrustPart(SHIFT, 0.9, "Seen so.", 0.1),))
    exporter.session.replace(
        explanations={(MORTALITY.words, "smoothgrad"): same, (RISK_SCORE.words, "gradcam"): other},
        organ_share={(MORTALITY.words, "smoothgrad"): {"heart": 1.0}},
        outside_share={(MORTALITY.words, "smoothgrad"): 0.1, (RISK_SCORE.words, "gradcam"): 0.2},
        trust=trust,
    )
    saved = explained(exporter.session.state, state.result)
    assert [each.method for each in saved.saliency] == ["gradient", "gradcam", "smoothgrad"]
    assert saved.saliency_by("gradcam") is gradcam
    assert saved.organ_share["smoothgrad"] == {"heart": 1.0}
    assert saved.organ_share["gradcam"] == state.result.organ_share["gradcam"]
    assert saved.outside_region_share["smoothgrad"] == 0.1
    assert saved.trust is trust
    (further,) = of_other_targets(exporter.session.state, state.result)
    assert further.maps == (other,)
    assert further.outside_region_share == {"gradcam": 0.2}


def test_maps_of_other_targets_are_saved_under_their_own_names_and_answers_named(
    qtbot, exporter, tmp_path
):
    gradcam = exporter.session.state.result.saliency_by("gradcam")
    other = replace(gradcam, target=RISK_SCORE.words)
    place = Influence((1.0, 2.0, 3.0), 20.0, MORTALITY, 0.3, 0.2, -0.1, -0.5, 0.001, False)
    exporter.session.replace(
        explanations={(RISK_SCORE.words, "gradcam"): other}, influences=(place, place)
    )
    exporter.save_all(tmp_path)
    qtbot.waitUntil(lambda: bool(exporter.told), timeout=60_000)
    assert exporter.told[0].text == ('All outputs were saved. Not in it: 2 answers to "Why here?".')
    entries = json.loads((tmp_path / "result.json").read_text())["saliency"]
    files = {entry["file"]: entry["target"] for entry in entries}
    assert files["gradcam.nii.gz"] == MORTALITY.words
    (named,) = (name for name, target in files.items() if target == RISK_SCORE.words)
    assert named != "gradcam.nii.gz"
    assert (tmp_path / named).stat().st_size > 0
