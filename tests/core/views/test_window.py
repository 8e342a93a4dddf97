import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.views.window import LUNG, MEDIASTINUM, PRESETS, Window, lookup_table, to_grey

EVERY_HU = np.arange(-32768, 32768).astype(np.int16)


def test_the_lower_edge_is_black_the_upper_white_the_level_half():
    table = lookup_table(Window(400, 40))
    hu = np.array([-160, 240, 40, -161, 241, -32768, 32767], np.int16)
    assert to_grey(hu, table).tolist() == [0, 255, 128, 0, 255, 0, 255]


@given(st.floats(1, 4000), st.floats(-1200, 3000))
def test_grey_follows_the_formula_for_every_hu(width, level):
    grey = to_grey(EVERY_HU, lookup_table(Window(width, level)))
    exact = np.clip((EVERY_HU - (level - width / 2)) / width * 255, 0, 255)
    # Half a grey level of rounding, and float32 in front of very narrow windows.
    assert np.abs(grey - exact).max() <= 0.5 + 300 / width * 1e-2
    assert (np.diff(grey.astype(int)) >= 0).all()


def test_a_window_without_width_still_divides_black_from_white():
    grey = to_grey(np.array([99, 101], np.int16), lookup_table(Window(0, 100)))
    assert grey.tolist() == [0, 255]


def test_a_slice_that_is_a_strided_view_gives_the_same_grey():
    hu = EVERY_HU[:60000].reshape(10, 60, 100)
    table = lookup_table(LUNG)
    flipped = hu[:, ::-1, 5:55:2][3]
    np.testing.assert_array_equal(to_grey(flipped, table), to_grey(flipped.copy(), table))


def test_keys_1_and_2_are_lung_and_mediastinum():
    assert [(p.key, p.window) for p in PRESETS[:2]] == [("1", LUNG), ("2", MEDIASTINUM)]
    assert len({p.key for p in PRESETS}) == len(PRESETS)
    assert Window(1500, -600) == LUNG
    assert MEDIASTINUM.low_hu == pytest.approx(-160)
    assert MEDIASTINUM.high_hu == pytest.approx(240)
