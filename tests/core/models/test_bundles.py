"""Every bundle builds, runs and is what its card says; damaged ones are refused in words."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from core.errors import WeightsError
from core.models.architectures import architecture
from core.models.bundle_folders import (
    BUNDLED,
    WEIGHTS_FILE,
    Bundle,
    bundles,
    find_bundle,
    our_cards,
)
from core.models.bundles import load, parameter_counts
from core.models.cards import read_card
from core.models.initialisation import initialise, state_digest
from core.models.mortality_resnet3d import build, clinical_tensor, to_prognosis
from core.saliency.targets import MORTALITY
from tests.core.models.values import CLINICAL

MODEL_D = "mortality-resnet3d-d"
OF_THE_VARIANT = (
    "variant", "architecture", "not_for", "citation", "doi", "reproduced", "input", "clinical",
    "saliency_layer", "gradcam_threshold",
)  # fmt: skip
INPUT = architecture("D").card.input.model_dump(mode="json")


@pytest.fixture
def own_bundle(tmp_path):
    """A user's bundle with a weights file, made from Model D's seed."""
    folder = tmp_path / "mine"
    shutil.copytree(architecture("D").folder, folder)
    network = build(read_card(folder))
    initialise(network, 7)
    state = {key: value.contiguous() for key, value in network.state_dict().items()}
    safetensors.torch.save_file(state, folder / WEIGHTS_FILE)
    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    change_card(folder, id="mine", trained=True, weights_sha256=digest, initialisation_seed=None)
    return folder


def change_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


def as_bundle(folder):
    return Bundle(folder, read_card(folder))


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: bundle.card.id)
def test_every_bundle_runs_forward_and_its_gradient_reaches_the_input(bundle):
    network = load(bundle).network
    image = torch.rand(1, 1, 32, 32, 32, requires_grad=True)
    output = network(image, clinical_tensor(bundle.card, CLINICAL if bundle.card.clinical else {}))
    prognosis = to_prognosis(bundle.card, output)
    assert 0 < prognosis.mortality_probability < 1
    assert [risk.years for risk in prognosis.horizons] == list(bundle.card.survival.horizons_years)
    (gradient,) = torch.autograd.grad(MORTALITY.value(output), image)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("bundle", bundles(), ids=lambda bundle: bundle.card.id)
def test_every_bundle_answers_the_same_twice(bundle):
    image = torch.rand(1, 1, 16, 16, 16)
    clinical = clinical_tensor(bundle.card, CLINICAL if bundle.card.clinical else {})
    first, second = load(bundle).network, load(bundle).network
    assert torch.equal(first(image, clinical).logits, second(image, clinical).logits)


@pytest.mark.parametrize("card", our_cards(), ids=lambda card: card.id)
def test_what_a_variant_is_stands_alike_on_our_card_and_on_the_untrained_one(card):
    untrained = architecture(card.variant).card
    for name in OF_THE_VARIANT:
        assert getattr(card, name) == getattr(untrained, name), name
    for name in ("breaks_years", "horizons_years"):
        assert getattr(card.survival, name) == getattr(untrained.survival, name), name
    assert set(untrained.deviations) <= set(card.deviations)


def test_the_published_parameter_counts_are_reported():
    counts = {bundle.card.variant: parameter_counts(bundle) for bundle in bundles()}
    assert counts["D"] == {"published_model": 14_372_002, "survival_head": 16_647}
    assert counts["E"] == {"published_model": 14_372_024, "survival_head": 16_647}


@pytest.mark.parametrize("variant", ["D", "E"])
def test_a_seed_gives_the_digest_on_the_card_and_another_seed_another(variant):
    bundle = architecture(variant)
    assert load(bundle).weights_sha256 == bundle.card.initialisation_sha256
    network = build(bundle.card)
    initialise(network, bundle.card.initialisation_seed + 1)
    assert state_digest(network.state_dict()) != bundle.card.initialisation_sha256


def test_initial_weights_follow_he_and_batch_norms_start_as_the_identity():
    network = build(architecture("D").card)
    initialise(network, 1)
    weight = network.backbone.layer4[0].conv2.weight.numpy(force=True)
    bound = np.sqrt(6 / (512 * 27))
    assert abs(weight).max() <= bound
    assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm3d)]
    assert len(norms) == 12
    for norm in norms:
        assert torch.equal(norm.weight, torch.ones_like(norm.weight))
        assert torch.equal(norm.running_var, torch.ones_like(norm.running_var))
        assert not norm.bias.any()
        assert not norm.running_mean.any()


def test_a_users_bundle_with_the_right_digest_loads(own_bundle):
    bundle = as_bundle(own_bundle)
    assert bundle.weights == "present"
    model = load(bundle)
    assert model.weights_sha256 == bundle.card.weights_sha256
    expected = build(bundle.card)
    initialise(expected, 7)
    assert torch.equal(model.network.hidden.weight, expected.hidden.weight)


def test_one_changed_byte_in_the_weights_is_refused_before_parsing(own_bundle):
    path = own_bundle / WEIGHTS_FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert as_bundle(own_bundle).weights == "damaged"
    with pytest.raises(WeightsError, match="SHA-256"):
        load(as_bundle(own_bundle))


def test_the_state_of_weights_is_said_in_words_with_its_remedy(own_bundle):
    assert "NOT trained" in architecture("D").state_in_words
    assert as_bundle(own_bundle).state_in_words == "weights present and undamaged"
    change_card(own_bundle, demonstration=True)
    assert "synthetic people alone" in as_bundle(own_bundle).state_in_words
    (own_bundle / WEIGHTS_FILE).unlink()
    assert "copy the bundle anew" in as_bundle(own_bundle).state_in_words


def test_missing_weights_are_refused_in_words(own_bundle):
    (own_bundle / WEIGHTS_FILE).unlink()
    assert as_bundle(own_bundle).weights == "missing"
    with pytest.raises(WeightsError, match=r"has no weights\.safetensors"):
        load(as_bundle(own_bundle))


def test_weights_of_another_network_are_refused_in_words(own_bundle):
    safetensors.torch.save_file({"other": torch.zeros(2)}, own_bundle / WEIGHTS_FILE)
    digest = hashlib.sha256((own_bundle / WEIGHTS_FILE).read_bytes()).hexdigest()
    change_card(own_bundle, weights_sha256=digest)
    with pytest.raises(WeightsError, match="do not fit the network"):
        load(as_bundle(own_bundle))


def test_a_seed_that_gives_other_weights_than_promised_is_refused(tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(architecture("D").folder, folder)
    change_card(folder, initialisation_sha256="0" * 64)
    with pytest.raises(WeightsError, match="promises 000000000000"):
        load(as_bundle(folder))


def test_a_users_damaged_card_does_not_take_our_own_models_away(own_bundle):
    change_card(own_bundle, citation=None)
    assert find_bundle(MODEL_D, own_bundle.parent).folder.parent == BUNDLED
    with pytest.raises(WeightsError, match="citation"):
        find_bundle("mine", own_bundle.parent)


@pytest.mark.parametrize("change", [{"architecture": "cnn"}, {"saliency_layer": "conv1"}])
def test_a_card_of_a_network_that_is_not_ours_is_refused_not_run_as_another(tmp_path, change):
    folder = tmp_path / "other"
    shutil.copytree(architecture("D").folder, folder)
    change_card(folder, **change)
    with pytest.raises(WeightsError, match=f"describes .*{next(iter(change.values()))}"):
        load(as_bundle(folder))


def test_an_unknown_model_is_refused_with_the_names_of_the_known(tmp_path):
    with pytest.raises(WeightsError, match=MODEL_D):
        find_bundle("nobody", tmp_path)


def test_a_users_bundle_is_found_and_a_second_with_one_id_is_refused(own_bundle):
    assert find_bundle("mine", own_bundle.parent).folder == own_bundle
    shutil.copytree(own_bundle, own_bundle.parent / "twin")
    with pytest.raises(WeightsError, match="Two model bundles carry the id 'mine'"):
        bundles(own_bundle.parent)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"citation": None}, "citation"),
        ({"weights_sha256": "short"}, "weights_sha256"),
        ({"surprise": 1}, "surprise"),
        ({"trained": True}, "weights_sha256"),
        ({"initialisation_seed": None}, "initialisation_seed"),
        ({"survival": {"outcome": "x", "breaks_years": [], "horizons_years": []}}, "must rise"),
        ({"survival": {"outcome": "x", "breaks_years": [0], "horizons_years": []}}, "must rise"),
        (
            {"survival": {"outcome": "x", "breaks_years": [0, 1], "horizons_years": [-1]}},
            "horizons_years",
        ),
        ({"clinical": [{"name": "a", "title": "A", "minimum": 1, "maximum": 1}]}, "below maximum"),
        ({"input": INPUT | {"shape": [128, 256, 250]}}, "multiple of 8"),
    ],
)
def test_a_faulty_card_is_refused_with_the_name_of_the_field(tmp_path, change, words):
    folder = tmp_path / "faulty"
    shutil.copytree(architecture("D").folder, folder)
    change_card(folder, **change)
    with pytest.raises(WeightsError, match=words):
        read_card(folder)


@pytest.mark.parametrize("name", ["card.json", WEIGHTS_FILE])
def test_what_cannot_be_read_is_refused_in_words(own_bundle, name):
    bundle = as_bundle(own_bundle)
    (own_bundle / name).unlink()
    (own_bundle / name).mkdir()  # no file: the disk refuses to read it, whoever asks
    with pytest.raises(WeightsError, match=r"cannot be read|no weights.safetensors that can"):
        load(bundle) if name == WEIGHTS_FILE else read_card(own_bundle)
    assert bundle.weights == ("missing" if name == WEIGHTS_FILE else "present")


def test_a_folder_without_a_card_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"card\.json"):
        read_card(tmp_path)
