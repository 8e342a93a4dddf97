import numpy as np
from skimage.morphology import convex_hull_image

from core.preprocessing.chest_landmarks import carina_slice, joint_hull
from tests.core.preprocessing.thorax import left_lung, right_lung

MM = (3.0, 3.0, 3.0)


def test_the_hull_is_the_convex_hull_of_the_middles_of_the_voxels():
    lungs = (right_lung() | left_lung())[30:34]
    hull = joint_hull(lungs)
    for index, lung in enumerate(lungs):
        expected = convex_hull_image(lung, offset_coordinates=False, include_borders=True)
        assert (hull[index] != expected).mean() < 0.002
    assert hull[lungs].all()


def test_slices_without_lung_and_lungs_of_a_single_row_have_hulls():
    lungs = np.zeros((2, 5, 9), bool)
    lungs[1, 2, [1, 7]] = True
    hull = joint_hull(lungs)
    assert not hull[0].any()
    np.testing.assert_array_equal(np.argwhere(hull[1])[:, 1], np.arange(1, 8))


def forked(fork, bubble=False):
    """A windpipe above slice `fork`, two bronchi below it."""
    airways = np.zeros((30, 20, 40), bool)
    airways[fork + 1 :, 8:13, 18:23] = True
    airways[5 : fork + 1, 8:12, 12:16] = True
    airways[5 : fork + 1, 8:12, 25:29] = True
    if bubble:
        airways[25, 2, 20] = True
    return airways


def test_the_carina_is_the_highest_slice_with_both_bronchi():
    lungs = np.ones((30, 20, 40), bool)
    assert carina_slice(forked(17), lungs, MM) == 17
    assert carina_slice(forked(17, bubble=True), lungs, MM) == 17


def test_without_bronchi_the_carina_is_at_a_share_of_the_lungs_height():
    lungs = np.zeros((120, 20, 40), bool)
    lungs[10:111] = True
    windpipe = np.zeros_like(lungs)
    windpipe[60:, 8:13, 18:23] = True
    for airways in (windpipe, np.zeros_like(lungs)):
        assert carina_slice(airways, lungs, MM) == 78
