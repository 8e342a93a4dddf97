import numpy as np

from core.data.shear import moved

RAMP = np.tile(np.arange(0, 100, 10, dtype=np.int16)[:, None], (1, 4))


def test_whole_pixels_move_without_loss_and_what_comes_in_is_padding():
    hu, padding = moved(RAMP, None, (2.0, 0.0))
    np.testing.assert_array_equal(hu[2:], RAMP[:-2])
    np.testing.assert_array_equal(padding[:, 0], np.arange(10) < 2)
    assert (hu[:2] == -1024).all()


def test_a_fraction_mixes_neighbours_by_distance():
    hu, _ = moved(RAMP, None, (0.25, 0.0))
    np.testing.assert_array_equal(hu[1:, 0], np.rint(RAMP[1:, 0] - 2.5))


def test_rows_and_columns_move_each_by_their_own_shift():
    slope = np.add.outer(np.arange(8) * 100, np.arange(8)).astype(np.int16)
    hu, padding = moved(slope, None, (-1.0, 3.0))
    assert hu[2, 5] == slope[3, 2]
    assert padding[7].all()
    assert padding[:, :3].all()


def test_padding_never_mixes_into_measured_pixels():
    hu, padded = RAMP.copy(), np.zeros(RAMP.shape, bool)
    hu[4, 1], padded[4, 1] = -3024, True
    straight, padding = moved(hu, padded, (0.5, 0.0))
    np.testing.assert_array_equal(np.flatnonzero(padding[1:, 1]) + 1, [4, 5])
    assert straight[~padding].min() >= 0
