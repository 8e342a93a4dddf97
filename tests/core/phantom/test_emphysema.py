import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from core.phantom.emphysema import emphysema
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()
FINE = plain_lungs((1.5, 1.5, 1.5))


def made(space=SPACE, seed=1, **amounts):
    return emphysema(space, Subject(seed, diseases=Diseases(**amounts)))


def tissue(space):
    return np.full(space.shape, -870, np.float32)


@pytest.mark.parametrize("kind", ["centrilobular", "panlobular"])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.15, 0.4])
def test_the_share_of_the_lung_is_as_asked(kind, share):
    mask = made(**{kind: share}).mask
    assert mask.sum() / SPACE.inside.sum() == pytest.approx(share, rel=0.02)
    assert not (mask & ~SPACE.inside).any()


@pytest.mark.parametrize("kind", ["centrilobular", "panlobular"])
def test_more_disease_holds_all_of_the_less(kind):
    less, more = made(**{kind: 0.05}), made(**{kind: 0.2})
    assert not (less.mask & ~more.mask).any()


@pytest.mark.parametrize("kind", ["centrilobular", "panlobular"])
def test_lost_tissue_lies_under_minus_950(kind):
    lost, shade = made(FINE, **{kind: 0.15}), tissue(FINE)
    lost.thin_out(shade)
    assert np.median(shade[lost.mask]) < -955
    assert (shade[lost.mask] < -950).mean() > 0.6
    far = FINE.inside & ~lost.mask
    assert (shade[far] < -950).mean() < 0.03


def test_an_emphysema_of_nothing_changes_nothing():
    lost, shade = made(), tissue(SPACE)
    lost.thin_out(shade)
    assert not lost.mask.any()
    assert (shade == -870).all()


def test_one_kind_leaves_the_places_of_the_other():
    alone, both = made(centrilobular=0.1), made(centrilobular=0.1, panlobular=0.1)
    assert np.array_equal(alone.hole, both.hole)
    assert not (alone.mask & ~both.mask).any()


def test_centrilobular_lies_mostly_above_and_panlobular_mostly_below():
    upper = SPACE.inside & (SPACE.z > 10)
    for kind, low, high in (("centrilobular", 0.55, 0.95), ("panlobular", 0.0, 0.35)):
        shares = []
        for seed in range(6):
            mask = made(seed=seed, **{kind: 0.08}).mask
            shares.append((mask & upper).sum() / mask.sum())
        assert low < np.mean(shares) < high


def test_holes_are_two_to_eight_millimetres_wide():
    """Depth of the deepest voxels of holes, which is their half width."""
    depth_mm = 1.5 * distance_transform_edt(made(FINE, centrilobular=0.05).mask)
    assert 2 <= 2 * np.percentile(depth_mm[depth_mm > 0], 50) <= 6
    assert depth_mm.max() * 2 <= 16


def test_fine_vessels_go_with_their_tissue():
    lost, twigs = made(panlobular=0.2), np.ones(SPACE.shape, np.float32)
    lost.prune(twigs)
    assert twigs[lost.mask].max() < 0.5
    assert twigs.max() == 1


def test_persons_differ():
    assert not np.array_equal(made(seed=1, panlobular=0.1).mask, made(seed=2, panlobular=0.1).mask)
