"""The checks on a small network that has learned one thing: where the bright spot is.

Its backbone is random, its head was fitted (ridge regression of the spot's cells on the features),
so its GradCAM shows the spot because of its weights.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.case import Case
from core.geometry import VolumeGeometry
from core.inference import choose_engine, features, infer
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.progress import Cancelled, Silent
from core.saliency.map_trust import AGREEMENT, FLIP, NOISE, PART_TITLES, SHIFT, WEIGHTS
from core.saliency.sanity import pearson
from core.saliency.targets import MORTALITY
from core.saliency.trust import NOT_TRAINED, map_trust
from core.volume import Mask
from tests.results import example_card

SHAPE = (24, 48, 48)
SPOT_VOXELS = 5
SCANS = 14
CPU = choose_engine("cpu", "fp32")
GRID = VolumeGeometry.from_axes(SHAPE, (0, 0, 0), HEAD_BACK_LEFT, (2.0, 1.5, 1.5))
MIDDLE = (np.array(SHAPE) - 1) / 2
INSIDE = (((np.stack(np.indices(SHAPE), -1) - MIDDLE) / (10, 18, 19)) ** 2).sum(axis=-1) < 1


def scan(seed):
    """A noisy chest with a bright spot somewhere in it; and how much of each cell is spot."""
    rng = np.random.default_rng(seed)
    image = np.full(SHAPE, 170 / 255, np.float32)
    image[INSIDE] = (0.25 + 0.02 * rng.standard_normal(SHAPE))[INSIDE]
    centre = MIDDLE + rng.uniform(-1, 1, 3) * (4, 9, 10)
    spot = ((np.stack(np.indices(SHAPE), -1) - centre) ** 2).sum(axis=-1) < SPOT_VOXELS**2
    image[spot] = 0.9
    return image, spot.reshape(3, 8, 6, 8, 6, 8).mean(axis=(1, 3, 5))


def random_network(seed):
    network = MortalityResNet3D()
    initialise(network, seed)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def learned():
    """The network, its head fitted so that the map is the spot."""
    network = random_network(5)
    images, spots = zip(*(scan(seed) for seed in range(SCANS)), strict=True)
    layers = features(network, np.stack(images), engine=CPU, progress=Silent())
    rows = layers.permute(0, 2, 3, 4, 1).reshape(-1, layers.shape[1]).double()
    wanted = torch.from_numpy(np.stack(spots)).reshape(-1)
    square = rows.T @ rows
    ridge = 1e-4 * square.diagonal().mean() * torch.eye(len(square), dtype=torch.float64)
    weights = torch.linalg.solve(square + ridge, rows.T @ wanted)
    for parameter in network.hidden.weight, network.classifier.weight:
        parameter.zero_()
    network.hidden.weight[0] = weights.float()
    network.hidden.bias[0] = 100.0  # its ReLU stays open
    network.classifier.weight[DEAD, 0] = 1.0
    return network


def case_of(network, *, trained=True):
    image, _ = scan(99)
    inference = infer(network, image, None, engine=CPU, progress=Silent())
    region = Mask(INSIDE.astype(np.uint8), GRID)
    card = example_card().model_copy(update={"trained": trained})
    return Case("1", card, network, image, GRID, INSIDE, region, None, CPU, MORTALITY, inference)


def with_map(case, gradcam):
    return replace(case, inference=replace(case.inference, gradcam=gradcam.astype(np.float32)))


@pytest.fixture(scope="module")
def case(learned):
    return case_of(learned)


@pytest.fixture(scope="module")
def trust(case):
    return map_trust(case)


def value(trust, name):
    return next(part.value for part in trust.parts if part.name == name)


def test_the_network_of_these_tests_really_finds_the_spot(case):
    assert pearson(case.inference.gradcam, scan(99)[1]) > 0.6


def test_a_network_that_learned_its_map_is_consistent(trust):
    assert trust.band == "consistent", trust
    assert [part.name for part in trust.parts] == list(PART_TITLES)
    assert all(part.seconds > 0 for part in trust.parts[:-1])
    assert not trust.missing


def test_the_map_goes_with_the_weights_and_stays_with_the_scan(trust):
    assert value(trust, WEIGHTS) > 0.6
    assert value(trust, SHIFT) > 0.7
    assert value(trust, NOISE) > 0.9


def test_a_map_of_noise_is_not_trustworthy(case):
    noise = np.random.default_rng(4).random(case.inference.gradcam.shape)
    trust = map_trust(with_map(case, noise))
    assert trust.band == "not trustworthy", trust
    assert value(trust, SHIFT) < 0.4
    assert value(trust, NOISE) < 0.4


def test_what_a_network_draws_with_any_weights_does_not_count_as_learned(trust):
    """Where each channel sees the same, no weights of the head can change the picture."""
    one_picture = random_network(6)
    one_picture.backbone.layer4[0].bn1.weight.zero_()
    one_picture.backbone.layer4[0].bn2.weight.zero_()
    shortcut = one_picture.backbone.layer4[0].downsample[0].weight
    shortcut.copy_(shortcut.abs().mean(dim=(0, 1), keepdim=True).expand_as(shortcut))
    same = case_of(one_picture)
    assert same.inference.features.std(dim=1).max() < 1e-4 * same.inference.features.mean()
    drawn = with_map(same, same.inference.features[0, 0].numpy())
    assert value(map_trust(drawn), WEIGHTS) < value(trust, WEIGHTS) - 0.2


def test_an_untrained_network_has_nothing_to_show_and_it_is_said(learned):
    trust = map_trust(case_of(learned, trained=False))
    assert trust.score == 0
    assert value(trust, WEIGHTS) == 0
    assert NOT_TRAINED in trust.words
    assert "Correlation" in trust.parts[0].words  # what was measured is said all the same


@pytest.mark.parametrize(("level", "word"), [(0.0, "empty"), (0.3, "the same everywhere")])
def test_a_map_without_a_picture_has_a_stated_result(case, level, word):
    trust = map_trust(with_map(case, np.full(case.inference.gradcam.shape, level)))
    assert trust.score == 0
    assert trust.parts == ()
    assert word in trust.words


def test_without_a_gradient_the_agreement_is_missing_and_the_rest_is_the_same(case, trust):
    without = replace(case, inference=replace(case.inference, gradient=None))
    found = map_trust(without)
    assert found.missing == (AGREEMENT,)
    assert [part.value for part in found.parts] == [part.value for part in trust.parts[:-1]]


def test_a_network_without_a_left_and_right_stays_when_mirrored():
    """Kernels that are their own mirror: cell by cell the same map, since cells fall on cells."""
    symmetric = random_network(7)
    for parameter in symmetric.backbone.parameters():
        if parameter.dim() == 5:
            parameter.add_(parameter.flip(-1).clone()).div_(2)
    assert value(map_trust(case_of(symmetric)), FLIP) > 0.9  # the image's own border is not alike


def test_cancel_acts_within_the_checks(case):
    class Impatient:
        def step(self, fraction, message):
            if fraction > 0.3:
                raise Cancelled

    with pytest.raises(Cancelled):
        map_trust(case, Impatient())
