"""Trachea and main bronchi: a tube with two branches, and where the real scans have theirs."""

import numpy as np
import pytest

from core.preprocessing.lung_mask import find_lungs
from tests.core.preprocessing.real_scans import dice, read_lctsc, read_scan
from tests.core.preprocessing.thorax import (
    AIR_HU,
    TISSUE_HU,
    chest,
    left_lung,
    millimetres,
    right_lung,
    volume,
)


def windpipe():
    """A tube of 18 mm to the last slice, and two of 15 mm that go down to the lungs."""
    z, y, x = millimetres()
    trachea = (np.hypot(y + 20, x) <= 9) & (z > 30)
    along = (30 - z) / 40  # 0 at the carina, 1 at 40 mm below, 30 mm to the side
    bronchi = (np.hypot(y + 20, abs(x) - 5 - 30 * along) <= 7.5) & (along > -0.2) & (along < 1)
    return trachea | bronchi


def test_trachea_and_main_bronchi_are_airways_and_no_lung():
    hu = chest(right_lung(), left_lung())
    tube = windpipe() & (hu == TISSUE_HU)
    hu[tube] = AIR_HU
    lungs = find_lungs(volume(hu))
    assert dice(lungs.airways.labels > 0, tube) > 0.85
    assert not lungs.anatomical.labels[lungs.airways.labels > 0].any()
    assert not lungs.airways.labels[hu == TISSUE_HU].any()


def test_airways_that_the_published_rule_takes_for_lung_are_taken_back():
    """Without a wall between them and the lungs."""
    hu = chest(right_lung(), left_lung())
    z, y, x = millimetres()
    tube = windpipe() | ((abs(z + 4) < 7) & (abs(y + 20) < 7) & (abs(x) < 45))
    hu[tube & (hu == TISSUE_HU)] = AIR_HU
    lungs = find_lungs(volume(hu))
    trachea = windpipe() & (z > 40)
    assert (lungs.airways.labels[trachea] == 1).mean() > 0.9
    assert not lungs.anatomical.labels[trachea].any()
    assert np.count_nonzero(lungs.airways.labels) < 1.6 * np.count_nonzero(tube)


def test_without_a_trachea_there_are_no_airways():
    lungs = find_lungs(volume(chest(right_lung(), left_lung())))
    assert not lungs.airways.labels.any()


def airways_ml(lungs):
    return lungs.airways.labels.sum() * lungs.airways.geometry.voxel_volume_mm3 / 1e3


def assert_forked(lungs):
    """One tube above, two below; filled with gas."""
    air = lungs.airways.labels > 0
    slices = np.flatnonzero(air.any(axis=(1, 2)))
    left_edge = [np.flatnonzero(air[k].any(axis=0)) for k in (slices[0], slices[-1])]
    spans_mm = [(hit[-1] - hit[0]) * lungs.airways.geometry.spacing_mm[2] for hit in left_edge]
    assert spans_mm[-1] < 30
    widest = max(np.ptp(np.flatnonzero(air[k].any(axis=0))) for k in slices)
    assert widest * lungs.airways.geometry.spacing_mm[2] > 50


def test_the_airways_of_lctsc_are_found_down_to_the_bronchi(shared_data):
    scan, _ = read_lctsc(shared_data)
    lungs = find_lungs(scan)
    assert airways_ml(lungs) == pytest.approx(33, abs=5)
    assert scan.hu[lungs.airways.labels > 0].mean() < -930
    assert_forked(lungs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lung1", "lidc"])
def test_the_airways_of_whole_scans_too(name, shared_data, lidc_folder):
    folder = lidc_folder if name == "lidc" else shared_data / "lung1-001" / "dicom"
    scan = read_scan(folder)
    lungs = find_lungs(scan)
    assert 25 < airways_ml(lungs) < 60
    assert scan.hu[lungs.airways.labels > 0].mean() < -900
    assert_forked(lungs)
