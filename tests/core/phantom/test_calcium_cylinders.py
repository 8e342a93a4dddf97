"""Without noise the score of the cylinders is counted, slice by slice and pixel by pixel."""

import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.phantom.calcium_cylinders import CylinderScan, cylinder_phantom


def counted(pixel_mm, increment_mm, slices):
    """Points of the nine cylinders where every slice is either full or empty."""
    rows = round(56 / pixel_mm)
    place = np.arange(rows) * pixel_mm - 28
    total = 0.0
    for diameter, row in ((5.0, -14.0), (3.0, 0.0), (1.5, 14.0)):
        for weight, column in ((2, -14.0), (4, 0.0), (4, 14.0)):
            pixels = sum(
                (y - row) ** 2 + (x - column) ** 2 <= diameter**2 / 4 for y in place for x in place
            )
            area = pixels * pixel_mm**2
            total += area * weight * slices * increment_mm / 3 if area >= 1 else 0
    return total


@pytest.mark.parametrize("pixel_mm", [0.5, 0.75])
@pytest.mark.parametrize(("increment_mm", "slices"), [(3.0, 3), (1.5, 6), (1.0, 9)])
def test_slices_that_end_with_the_cylinders_give_the_counted_score(pixel_mm, increment_mm, slices):
    start = 13.5 % increment_mm  # cylinders reach from 13.5 to 22.5 mm
    scan = CylinderScan(increment_mm, increment_mm, pixel_mm, start_mm=start)
    found = find_candidates(cylinder_phantom(scan))
    assert found.lesion_count == 9
    assert found.agatston.sum() == pytest.approx(counted(pixel_mm, increment_mm, slices))


def test_overlapping_slices_do_not_count_twice():
    contiguous = find_candidates(cylinder_phantom(CylinderScan(3.0, 3.0, start_mm=1.5)))
    overlapping = find_candidates(cylinder_phantom(CylinderScan(3.0, 1.5, start_mm=0.0)))
    ratio = overlapping.agatston.sum() / contiguous.agatston.sum()
    assert ratio == pytest.approx(1.0, abs=0.2)


def test_a_slice_filled_by_half_holds_half_the_contrast():
    volume = cylinder_phantom(CylinderScan(3.0, 3.0, start_mm=0.0))
    middle = round(28 / 0.75)
    assert sorted(set(volume.hu[:, middle, middle].tolist())) == [40, 220, 400]


def test_noise_has_the_stated_spread_and_its_seed():
    scan = CylinderScan(noise_hu=20.0)
    volume = cylinder_phantom(scan)
    assert volume.hu[0].std() == pytest.approx(20, rel=0.05)
    assert np.array_equal(volume.hu, cylinder_phantom(scan).hu)
    other = cylinder_phantom(CylinderScan(noise_hu=20.0, seed=2))
    assert not np.array_equal(volume.hu, other.hu)
