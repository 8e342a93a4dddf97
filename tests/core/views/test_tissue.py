import numpy as np

from core.views.tissue import tissue_colours

SHAPE = (40, 40, 40)
AWAY = np.array([0.0, 1.0, 0.0])


def colours(hu_inside, hull_radius=18):
    """A ball of one density in a hull of air."""
    distance = np.linalg.norm(np.indices(SHAPE) - 19.5, axis=0)
    hu = np.where(distance < 8, hu_inside, -1000).astype(np.float32)
    inside = None if hull_radius is None else distance < hull_radius
    return tissue_colours(hu, inside, cube_mm=2.0, away=AWAY)


def test_air_is_transparent():
    assert not colours(-1000).any()


def test_opacity_and_colour_stay_within_bounds():
    for hu in (-800, -300, 40, 200, 1000, 4000):
        rgba = colours(hu)
        assert rgba[..., 3].min() >= 0
        assert rgba[..., 3].max() < 1


def test_soft_tissue_is_drawn_only_within_the_hull():
    assert colours(40, hull_radius=18)[..., 3].max() > 0.1
    assert not colours(40, hull_radius=None).any()
    assert not colours(40, hull_radius=8).any()  # the ball is the rim: the chest wall


def test_bone_is_drawn_without_a_hull_and_left_out_far_from_one():
    assert colours(1000, hull_radius=None)[..., 3].max() > 0.3
    hu = np.full((60, 60, 60), -1000, np.float32)
    hu[50:, 50:, 50:] = 1000
    inside = np.zeros(hu.shape, bool)
    inside[:10, :10, :10] = True
    assert not tissue_colours(hu, inside, cube_mm=2.0, away=AWAY)[50:, 50:, 50:].any()


def test_bone_is_pale_and_soft_tissue_is_red():
    bone, soft = (colours(hu).reshape(-1, 4).sum(axis=0) for hu in (1000, 40))
    assert bone[2] / bone[0] > 0.7
    assert soft[2] / soft[0] < 0.4


def test_the_side_that_faces_the_eye_is_brighter():
    rgba = colours(1000)
    front, back = rgba[:19].reshape(-1, 4).sum(axis=0), rgba[21:].reshape(-1, 4).sum(axis=0)
    assert front[0] / front[3] > 1.2 * back[0] / back[3]
