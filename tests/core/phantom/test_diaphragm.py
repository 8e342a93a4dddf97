import numpy as np
import pytest

from core.phantom.diaphragm import above_diaphragm
from core.phantom.frame import scale
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Subject
from tests.core.phantom.grids import WHOLE, centred


def tops_mm(build: Build, seed: int = 4) -> tuple[float, float]:
    """Height of the right and of the left dome in the person's millimetres."""
    canvas = Canvas(centred(*WHOLE), -1000, scale(build))
    above = above_diaphragm(canvas, Subject(seed, build=build))
    row = int(np.abs(canvas.y).argmin())
    heights = []
    for x in (-60, 62):
        column = int(np.abs(canvas.x - x).argmin())
        heights.append(np.interp(0, -above[:, row, column], canvas.z.ravel()) * build.height)
    return heights[0], heights[1]


def test_the_right_dome_stands_higher_than_the_left_in_most_persons():
    assert sum(right > left for right, left in (tops_mm(Build(), s) for s in range(12))) >= 9


@pytest.mark.parametrize("height", [1.0, 0.9])
def test_the_domes_rise_by_the_millimetres_asked_for(height):
    low, high = (tops_mm(Build(height=height, diaphragm_mm=mm)) for mm in (0, 30))
    assert np.subtract(high, low) == pytest.approx([30, 30], abs=0.5)
