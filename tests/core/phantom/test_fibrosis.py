import numpy as np
import pytest

from core.phantom.fibrosis import fibrosis
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()
FINE = plain_lungs((1.5, 1.5, 1.5))


def made(share, space=SPACE, seed=1):
    return fibrosis(space, Subject(seed, diseases=Diseases(fibrosis=share)))


def scarred(share, space=SPACE):
    shade = np.full(space.shape, -870, np.float32)
    made(share, space).scar(shade)
    return shade


@pytest.mark.parametrize("share", [0.01, 0.05, 0.15, 0.35])
def test_the_share_of_the_lung_is_as_asked(share):
    mask = made(share).mask
    assert mask.sum() / SPACE.inside.sum() == pytest.approx(share, rel=0.02)


def test_a_healthy_lung_has_none():
    assert made(0.0) is None


def test_more_disease_holds_all_of_the_less():
    assert not (made(0.05).mask & ~made(0.25).mask).any()


def test_it_lies_under_the_pleura_and_at_the_bases():
    for seed in range(4):
        mask = made(0.06, seed=seed).mask
        assert SPACE.pleura[mask].mean() > SPACE.pleura[SPACE.inside].mean() + 8
        low = np.broadcast_to(SPACE.z < 0, SPACE.shape)
        assert (mask & low).sum() > 2 * (mask & ~low).sum()


def test_lines_stand_out_of_ground_glass():
    shade, mask = scarred(0.1, FINE), made(0.1, FINE).mask
    assert -760 < np.median(shade[mask]) < -550
    assert np.percentile(shade[mask], 95) > -400
    assert (shade[~mask & FINE.inside] == -870).mean() > 0.85


def test_honeycomb_appears_only_where_much_is_scarred():
    little, much = (
        (scarred(share, FINE)[made(share, FINE).mask] < -890).mean() for share in (0.06, 0.3)
    )
    assert little < 0.01
    assert much > 0.03


def test_persons_differ():
    assert not np.array_equal(made(0.1, seed=1).mask, made(0.1, seed=2).mask)
