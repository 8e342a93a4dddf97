"""The least area in pixels, as the reader sees it."""

import numpy as np
import pytest

from core.calcium.lesion import measure
from core.calcium.parts import least_pixels
from core.calcium.rule import STANDARD, Rule
from tests.core.calcium.blocks import scan


@pytest.mark.parametrize(
    ("side_mm", "pixels"), [(1.0, 1), (0.99**0.5, 2), (0.5**0.5, 2), (0.7, 3), (0.5, 4), (1.5, 1)]
)
def test_as_many_pixels_as_are_named_count_and_one_less_does_not(side_mm, pixels):
    assert least_pixels(STANDARD, side_mm**2) == pixels
    for length in (pixels, pixels - 1):
        block = (slice(2, 3), slice(5, 6), slice(5, 5 + length), 500)
        volume = scan([block], spacing_mm=(3.0, side_mm, side_mm))
        found = measure(volume, np.argwhere(volume.hu >= 130).astype(np.int32), STANDARD)
        assert (found is not None) == (length == pixels)


def test_without_a_least_area_one_pixel_counts():
    assert least_pixels(Rule(least_area_mm2=0.0), 0.5) == 1
