"""Augmentation changes a chest a little, and the same place in a run always alike."""

import numpy as np
import pytest
import torch

from core.training.augmentation import OUTSIDE, Augmentation, _moved
from core.training.seeds import derived_seed, generator

NOTHING = Augmentation(shift=0, size=0, contrast=0, brightness=0, noise=0)


def ball(shape=(16, 24, 24)):
    z, y, x = (torch.arange(n) - (n - 1) / 2 for n in shape)
    inside = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None] ** 2 < 25
    return torch.where(inside, 0.9, OUTSIDE)


def test_no_change_asked_for_is_no_change():
    image = ball()
    torch.testing.assert_close(NOTHING(image, generator(1)), image)


def test_the_same_place_gives_the_same_bits_and_another_place_others():
    image, changes = ball(), Augmentation()
    one = changes(image, generator(1, "scan", 5))
    assert torch.equal(one, changes(image, generator(1, "scan", 5)))
    assert not torch.equal(one, changes(image, generator(1, "scan", 6)))


def test_the_given_scan_stays_as_it_is_and_intensities_stay_within_0_and_1():
    image = ball()
    before = image.clone()
    changed = Augmentation(noise=0.5)(image, generator(3))
    assert torch.equal(image, before)
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shift_moves_the_ball_by_whole_voxels_and_brings_water_in(axis):
    moved = _moved(ball(), axis, scale=1.0, shift=2.0)
    torch.testing.assert_close(moved, torch.roll(ball(), 2, axis))
    np.testing.assert_allclose(moved.select(axis, 0), OUTSIDE, rtol=1e-6)


def test_a_larger_scale_makes_the_ball_larger_about_the_centre():
    image = ball()
    grown = _moved(_moved(_moved(image, 0, scale=1.2, shift=0), 1, scale=1.2, shift=0), 2,
                   scale=1.2, shift=0)  # fmt: skip
    size = [(each - OUTSIDE).sum().item() for each in (image, grown)]
    assert size[1] / size[0] == pytest.approx(1.2**3, rel=0.08)
    where = torch.argwhere(grown > 0.8).double().mean(0)
    np.testing.assert_allclose(where, [7.5, 11.5, 11.5], atol=1e-6)


def test_left_stays_left():
    """The heart's side tells; a mirrored chest is another disease."""
    image = torch.full((8, 16, 16), OUTSIDE)
    image[2:6, 4:12, 2:6] = 0.9
    for seed in range(20):
        bright = Augmentation()(image, generator(seed)) > 0.8
        assert torch.argwhere(bright)[:, 2].double().mean() < 8


def test_seeds_hang_on_every_part_of_the_place():
    places = [(1, "a", 2), (1, "a", 3), (1, "b", 2), (2, "a", 2), (1, "a2")]
    assert len({derived_seed(*place) for place in places}) == len(places)
    assert all(0 <= derived_seed(*place) < 2**63 for place in places)
