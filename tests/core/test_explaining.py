"""Questions about the last run: answered from memory, about that run and no other."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, Saliency

from core import case as cases
from core.case import Case, case_of, forget, keep
from core.errors import ModelInputError, ResourcesError
from core.explaining import check_maps, explain, occlude, why_here
from core.explanation import (
    METHODS,
    CheckRequest,
    ExplainRequest,
    OccludeRequest,
    WhyHereRequest,
)
from core.geometry import VolumeGeometry
from core.inference import choose_engine, infer, predict
from core.models.architectures import architecture
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.preprocessing.organ_regions import ORGAN_NAMES, Organ
from core.progress import Cancelled, Silent
from core.saliency.occlusion import cube_about, replaced
from core.saliency.targets import MORTALITY, Target, targets_of
from core.volume import Mask
from tests.phantoms import STORAGE_ORDERS

CARD = architecture("D").card
GRID = VolumeGeometry.from_axes((16, 24, 32), (-90, 40, 10), STORAGE_ORDERS["oblique"], (9, 6, 7))
HORIZON = Target("horizon", 2.5)


def small_case(run_id="run"):
    """A network of random weights on a small grid, a region with a margin, two organs."""
    network = MortalityResNet3D(intervals=7)
    initialise(network, 2022)
    network.eval().requires_grad_(requires_grad=False)
    image = np.random.default_rng(5).random(GRID.shape, dtype=np.float32)
    inside = np.zeros(GRID.shape, bool)
    inside[2:14, 3:21, 4:28] = True
    regions = np.full(GRID.shape, Organ.HEART, np.uint8)
    regions[:, :, 16:] = Organ.LEFT_LUNG
    engine = choose_engine("cpu", "fp32")
    inference = infer(network, image, None, engine=engine, progress=Silent())
    return Case(
        run_id=run_id,
        card=CARD,
        network=network,
        image=image,
        grid=GRID,
        inside=inside,
        regions=Mask(regions, GRID),
        clinical=None,
        engine=inference.engine,
        target=MORTALITY,
        inference=inference,
    )


@pytest.fixture(scope="module")
def shared_case():
    return small_case()


@pytest.fixture
def case(shared_case):
    keep(shared_case)
    yield shared_case
    forget()


def at(index):
    return tuple(GRID.to_patient(index).tolist())


def test_only_the_last_two_runs_are_remembered(case):
    assert case_of("run") is case
    keep(replace(case, run_id="next"))
    assert case_of("next").run_id == "next"
    assert case_of("run") is case, "the answer of the next may be thrown away by Cancel"
    keep(replace(case, run_id="last"))
    with pytest.raises(ResourcesError) as caught:
        case_of("run")
    assert caught.value.remedy == "Run the model again."
    assert [each.run_id for each in cases._kept] == ["next", "last"]


@pytest.mark.parametrize(
    ("question", "request_type"),
    [(explain, ExplainRequest), (occlude, OccludeRequest), (check_maps, CheckRequest)],
)
def test_every_question_about_a_run_that_is_gone_is_refused(question, request_type, case):
    with pytest.raises(ResourcesError, match="no longer in memory"):
        question(request_type("another run"))
    with pytest.raises(ResourcesError, match="no longer in memory"):
        why_here(WhyHereRequest("another run", (0.0, 0.0, 0.0)))


def reference_output(case, target):
    """The target as captum's forward function, and the network in float64, free of kinks."""
    network = deepcopy(case.network).double()
    return lambda image: target.values(network(image), case.breaks_years)[:, None], network


def relative_difference(ours, reference):
    return float(np.abs(ours - reference).max() / np.abs(reference).max())


@pytest.mark.parametrize("target", targets_of(CARD), ids=lambda target: target.words)
def test_the_maps_of_every_target_equal_captums(case, target):
    made = explain(ExplainRequest("run", target, ("gradcam", "signed_gradient"))).maps
    gradcam, gradient = (each.values * each.unit_value for each in made)
    assert {each.target for each in made} == {target.words}
    forward, network = reference_output(case, target)
    image = torch.from_numpy(case.image)[None, None].double().requires_grad_()
    cam = LayerGradCam(forward, network.backbone).attribute(image, target=0, relu_attributions=True)
    assert relative_difference(gradcam, cam[0, 0].detach().numpy()) < 1e-5
    slope = Saliency(forward).attribute(image, target=0, abs=False)[0, 0].numpy()
    clipped = np.clip(slope, -made[1].unit_value, made[1].unit_value)
    assert relative_difference(gradient, clipped) < 1e-5


def test_the_maps_of_the_runs_own_target_cost_no_pass(case):
    class NoPass:
        def step(self, fraction, message):
            raise AssertionError(message)

    maps = explain(ExplainRequest("run", MORTALITY, ("gradient", "gradcam")), NoPass()).maps
    assert [each.method for each in maps] == ["gradient", "gradcam"]


def test_gradient_is_the_size_of_the_signed_gradient_and_smoothgrad_is_neither(case):
    maps = {each.method: each for each in explain(ExplainRequest("run", HORIZON, METHODS)).maps}
    signed, plain = maps["signed_gradient"], maps["gradient"]
    assert signed.values.min() < 0
    assert np.abs(signed.values) == pytest.approx(plain.values)
    assert signed.unit_value == pytest.approx(plain.unit_value)
    smooth = maps["smoothgrad"]
    assert smooth.values.min() >= 0
    assert not np.allclose(smooth.values, plain.values, atol=0.1)


def test_every_map_comes_with_its_organ_shares(case):
    explanation = explain(ExplainRequest("run", HORIZON, ("gradcam", "signed_gradient")))
    for share in explanation.organ_share.values():
        assert sum(share.values()) == pytest.approx(1)
        assert share[ORGAN_NAMES[Organ.HEART]] > 0.1
        assert share[ORGAN_NAMES[Organ.LEFT_LUNG]] > 0.1


@pytest.mark.parametrize("methods", [(), ("gradcam", "gradcam"), ("grad-cam",), ("occlusion",)])
def test_methods_that_there_are_not_are_refused_with_those_that_there_are(case, methods):
    with pytest.raises(ModelInputError) as caught:
        explain(ExplainRequest("run", MORTALITY, methods))
    assert "gradcam, gradient, signed_gradient, smoothgrad" in caught.value.remedy


def test_a_horizon_beyond_the_model_is_refused_by_every_question(case):
    late = Target("horizon", 30)
    for question, request in (
        (explain, ExplainRequest("run", late)),
        (why_here, WhyHereRequest("run", at((8, 12, 16)), target=late)),
        (occlude, OccludeRequest("run", late)),
    ):
        with pytest.raises(ModelInputError, match="ends at 7 years"):
            question(request)


@pytest.mark.parametrize("target", [MORTALITY, HORIZON])
def test_why_here_says_what_the_network_says_of_the_replaced_image(case, target):
    found = why_here(WhyHereRequest("run", at((8.2, 12.1, 15.6)), 40.0, target))
    cube = cube_about(np.array([8.2, 12.1, 15.6]), 40.0 / np.array(GRID.spacing_mm), GRID.shape)
    changed = replaced(case.image, case.inside, cube, GRID)
    before, after = (
        case.network(torch.from_numpy(each)[None, None]) for each in (case.image, changed)
    )
    probabilities = [
        float(target.probabilities(each, case.breaks_years)) for each in (before, after)
    ]
    values = [float(target.values(each, case.breaks_years)) for each in (before, after)]
    assert (found.before, found.after) == pytest.approx(tuple(probabilities), rel=1e-5)
    assert found.change == pytest.approx(found.after - found.before)
    assert found.change_logit == pytest.approx(values[1] - values[0], rel=1e-2, abs=1e-6)
    assert found.repeat_noise > 0
    assert not found.outside
    assert found.target == target


def test_the_unchanged_scan_gives_the_bits_of_the_run(case):
    """So the run's own output may stand for "before"."""
    again = predict(case.network, case.image[None], None, engine=case.engine, progress=Silent())
    assert torch.equal(again.logits, case.inference.output.logits)
    assert torch.equal(again.hazard_logits, case.inference.output.hazard_logits)


def test_even_tissue_replaced_by_itself_changes_nothing_and_has_no_noise(shared_case):
    flat = np.where(shared_case.inside, np.float32(0.3), np.float32(0.7))
    inference = infer(shared_case.network, flat, None, engine=shared_case.engine, progress=Silent())
    keep(replace(shared_case, image=flat, inference=inference))
    found = why_here(WhyHereRequest("run", at((8, 12, 16)), 40.0))
    forget()
    assert found.change == pytest.approx(0, abs=1e-6)
    assert found.repeat_noise == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("index", [(0, 0, 0), (8, 1, 16), (200, 0, 0), (-1, 12, 16)])
def test_a_place_that_the_model_is_not_shown_is_called_outside_without_any_pass(case, index):
    class NoPass:
        def step(self, fraction, message):
            raise AssertionError(message)

    found = why_here(WhyHereRequest("run", at(index)), NoPass())
    assert found.outside
    assert found.change == found.change_logit == found.repeat_noise == 0
    assert found.before == found.after


def test_a_cube_that_reaches_into_the_region_is_not_called_outside(case):
    beside = (2.0 - 1, 12, 16)  # the voxel is not in the region, half of the cube about it is
    assert not case.inside[1, 12, 16]
    found = why_here(WhyHereRequest("run", at(beside), 60.0))
    assert not found.outside
    assert found.change != 0


@pytest.mark.parametrize("corner", [(-0.5, -0.5, -0.5), np.array(GRID.shape) - 0.5])
def test_the_edges_of_the_grid_may_be_asked_about(shared_case, corner):
    keep(replace(shared_case, inside=np.ones(GRID.shape, bool)))
    found = why_here(WhyHereRequest("run", at(corner), 40.0))
    forget()
    assert not found.outside


def test_why_here_takes_five_passes_as_the_run_said_what_was_before(case):
    class Counting:
        def __init__(self):
            self.said = set()

        def step(self, fraction, message):
            self.said.add(message)

    counting = Counting()
    found = why_here(WhyHereRequest("run", at((8, 12, 16))), counting)
    assert counting.said == {f"Replacing 20 mm: pass {k} of 5" for k in range(1, 6)}
    said = MORTALITY.probabilities(case.inference.output, case.breaks_years)
    assert found.before == float(said)


def test_the_share_outside_what_the_model_is_shown_is_that_of_the_voxels(case):
    explanation = explain(ExplainRequest("run", MORTALITY, ("gradient", "gradcam")))
    gradient, _ = explanation.maps
    outside = gradient.values[~case.inside].sum() / gradient.values.sum()
    assert explanation.outside_region_share["gradient"] == pytest.approx(float(outside), rel=1e-4)
    assert 0 < explanation.outside_region_share["gradcam"] < 1


@pytest.mark.parametrize("size_mm", [0.0, -3.0, 4.0, 1000.0, float("nan")])
def test_sizes_that_make_no_sense_are_refused(case, size_mm):
    with pytest.raises(ModelInputError, match="cannot be replaced"):
        why_here(WhyHereRequest("run", at((8, 12, 16)), size_mm))
    with pytest.raises(ModelInputError, match="cannot be replaced"):
        occlude(OccludeRequest("run", size_mm=size_mm))


def test_occlusion_is_a_map_on_its_own_cells_with_shares(case):
    explanation = occlude(OccludeRequest("run", HORIZON, size_mm=60.0))
    (saliency,) = explanation.maps
    assert saliency.method == "occlusion"
    assert saliency.target == HORIZON.words
    assert saliency.geometry.spacing_mm == pytest.approx((60, 60, 60))
    assert np.abs(saliency.values).max() == 1
    assert sum(explanation.organ_share["occlusion"].values()) == pytest.approx(1)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_cell_of_the_occlusion_map_is_the_fall_or_the_rise_that_why_here_finds(case, sign):
    (saliency,) = occlude(OccludeRequest("run", size_mm=60.0)).maps
    cell = np.unravel_index((sign * saliency.values).argmax(), saliency.values.shape)
    fall = float(saliency.values[cell]) * saliency.unit_value
    assert sign * fall > 0, "hiding one place lowers the target, hiding another raises it"
    point = tuple(saliency.geometry.to_patient(cell).tolist())
    found = why_here(WhyHereRequest("run", point, 60.0))
    assert fall == pytest.approx(-found.change_logit, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    "ask",
    [
        lambda progress: occlude(OccludeRequest("run", size_mm=60.0), progress),
        lambda progress: why_here(WhyHereRequest("run", at((8, 12, 16))), progress),
        lambda progress: explain(ExplainRequest("run", HORIZON, ("smoothgrad",)), progress),
        lambda progress: check_maps(CheckRequest("run"), progress),
    ],
)
def test_cancel_acts_and_leaves_the_case_as_it_was(case, ask):
    class Impatient:
        def step(self, fraction, message):
            if fraction > 0.4:
                raise Cancelled

    image = case.image.copy()
    with pytest.raises(Cancelled):
        ask(Impatient())
    assert case_of("run") is case
    assert np.array_equal(case.image, image)


def test_the_check_of_the_maps_gives_a_score_with_parts(case):
    trust = check_maps(CheckRequest("run"))
    assert 0 <= trust.score <= 100
    assert trust.parts
