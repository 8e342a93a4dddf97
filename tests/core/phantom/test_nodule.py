import numpy as np
import pytest

from core.phantom.nodule import CLEAR_MM, nodule
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()
FINE = plain_lungs((1.5, 1.5, 1.5))


def made(diameter_mm, seed=1, space=SPACE):
    return nodule(space, Subject(seed, diseases=Diseases(nodule_mm=diameter_mm)))


@pytest.mark.parametrize("diameter_mm", [5, 9, 20, 40, 60])
def test_it_has_the_volume_of_a_ball_of_its_diameter(diameter_mm):
    volume_mm3 = made(diameter_mm, space=FINE).mask.sum() * FINE.voxel_mm3
    assert volume_mm3 == pytest.approx(np.pi / 6 * diameter_mm**3, rel=0.08)


def test_it_keeps_its_size_in_a_person_of_another_build():
    space = plain_lungs((1.5, 1.5, 1.5), scale=(0.85, 0.9, 1.1))
    one = made(24, space=space)
    assert one.mask.sum() * space.voxel_mm3 == pytest.approx(np.pi / 6 * 24**3, rel=0.05)
    extents = [
        np.ptp(np.flatnonzero(one.mask.any(axis=other))) * step * scale
        for other, step, scale in zip(
            ((1, 2), (0, 2), (0, 1)), space.spacing_mm, space.scale, strict=True
        )
    ]
    assert max(extents) / min(extents) < 1.6


def test_there_is_none_in_a_healthy_lung():
    assert made(0.0) is None


@pytest.mark.parametrize("diameter_mm", [8, 30, 60])
def test_it_grows_in_lung_only(diameter_mm):
    for seed in range(5):
        one = made(diameter_mm, seed)
        assert not (one.mask & ~SPACE.inside).any()
        assert not one.cover[~SPACE.inside].any()


def test_small_nodules_keep_clear_of_the_pleura():
    depths = [-SPACE.pleura_at(made(8, seed).centre_mm[None])[0] for seed in range(10)]
    assert min(depths) > 4 + CLEAR_MM


def test_its_tissue_is_solid():
    assert all(30 <= made(10, seed).hu <= 60 for seed in range(10))


def test_larger_ones_are_likelier_spiculated():
    share = [np.mean([made(d, seed).spiculated for seed in range(24)]) for d in (5, 45)]
    assert share[0] < 0.55
    assert share[1] > 0.55


def test_spicules_reach_out_of_the_body_but_are_no_part_of_it():
    seed = next(s for s in range(30) if made(25, s).spiculated)
    one = made(25, seed, FINE)
    strands = (one.cover > 0.2) & ~one.mask
    place = np.stack(np.broadcast_arrays(FINE.x, FINE.y, FINE.z), axis=-1)[strands]
    assert np.linalg.norm(place - one.centre_mm, axis=1).max() > 15


def test_persons_have_theirs_in_different_places():
    centres = np.array([made(10, seed).centre_mm for seed in range(6)])
    assert np.linalg.norm(np.diff(centres, axis=0), axis=1).min() > 10


@pytest.mark.parametrize("diameter_mm", [2, 4, 6])
def test_one_smaller_than_the_voxels_is_faint_and_no_larger_than_asked_for(diameter_mm):
    seed = next(s for s in range(30) if not made(diameter_mm, s).spiculated)
    volume_mm3 = made(diameter_mm, seed).cover.sum() * SPACE.voxel_mm3
    assert volume_mm3 == pytest.approx(np.pi / 6 * diameter_mm**3, rel=0.1)
