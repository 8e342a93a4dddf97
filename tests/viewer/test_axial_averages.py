"""Averages of thin axial slices: the same as those that are scored, and labelled."""

import numpy as np
import pytest

from core.calcium.thin_slices import grouping_in, regrouped
from core.views.planes import Plane, slice_geometry
from core.views.window import Window
from tests.viewer.calcium.small_scan import small_scan
from viewer.axial_averages import average_hu, average_lines, averaged_around, middle_of
from viewer.slice_renderer import SliceRenderer

THIN = small_scan(1.0)


@pytest.mark.parametrize(
    ("index", "together", "block", "middle"),
    [
        (0, 1, range(1), 0),
        (4, 3, range(3, 6), 4),
        (5, 3, range(3, 6), 4),
        (7, 4, range(4, 8), 5),
        (11, 5, range(10, 12), 10),
    ],
)
def test_slices_are_shown_together_in_blocks_from_the_first(index, together, block, middle):
    assert averaged_around(index, together, 12) == block
    assert middle_of(block) == middle


def test_an_average_is_the_one_that_is_scored():
    made = grouping_in(THIN, None)
    scored = regrouped(THIN, made)
    for number in range(scored.geometry.shape[0]):
        block = averaged_around(number * made.together, made.together, 12)
        assert np.array_equal(average_hu(THIN, block), scored.hu[number])


def test_the_picture_of_an_average_is_that_of_its_hounsfield_units():
    renderer, window = SliceRenderer(Plane.AXIAL), Window(900, 250)
    alone = renderer.picture(THIN, 4, window)
    together = renderer.picture(THIN, 4, window, averaged=range(3, 6))
    assert together != alone
    average = THIN.hu[3:6].mean(axis=0).round()
    thick = np.repeat(average[None].astype(np.int16), 12, axis=0)
    expected = SliceRenderer(Plane.AXIAL).picture(type(THIN)(thick, THIN.geometry), 4, window)
    assert together == expected
    assert renderer.picture(THIN, 4, window) == alone


def test_the_corner_says_which_slices_and_how_many_mm_are_averaged():
    place = slice_geometry(THIN.geometry, Plane.AXIAL, 4)
    lines = average_lines(place, THIN, range(3, 6))
    z = float(THIN.geometry.to_patient((4, 0, 0))[2])
    assert lines == ("3 mm average", "Axial 7–9 / 12", f"H {z:.1f} mm")
