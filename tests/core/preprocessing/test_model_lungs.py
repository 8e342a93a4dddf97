"""The model's mask is that of the published steps, on plain bodies and on real scans."""

import numpy as np
import pytest

from core.preprocessing.air import BLUR_SIGMA_MM
from core.preprocessing.lung_mask import find_lungs
from tests.core.preprocessing.published_lung_mask import published_lung_mask
from tests.core.preprocessing.real_scans import dice, read_lctsc, read_scan
from tests.core.preprocessing.thorax import (
    AIR_HU,
    chest,
    ellipsoid,
    left_lung,
    millimetres,
    right_lung,
    volume,
)


def assert_as_published(scan, least_dice, *, in_voxels=False):
    """In mm, as we do, unless the blur shall count voxels, as published."""
    spacing_mm = scan.geometry.spacing_mm
    sigma = (1.0, 1.0) if in_voxels else tuple(BLUR_SIGMA_MM / mm for mm in spacing_mm[1:])
    expected = published_lung_mask(scan.hu, spacing_mm, sigma)
    assert dice(find_lungs(scan).model.labels > 0, expected) > least_dice


def test_two_plain_lungs_are_exactly_those_of_the_published_steps():
    assert_as_published(volume(chest(right_lung(), left_lung())), 0.9999)


def test_lungs_with_vessels_a_nodule_and_a_stray_pocket_are_too():
    hu = chest(right_lung(), left_lung())
    for centre, radii in [((0, 0, -75), (60, 6, 9)), ((20, 30, -60), (12, 12, 12))]:
        hu[ellipsoid(centre, radii)] = 40
    hu[ellipsoid((90, -60, 75), (9, 9, 15))] = AIR_HU
    assert_as_published(volume(hu), 0.9999)


def test_touching_lungs_are_too():
    bridge = ellipsoid((10, -30, 0), (30, 8, 40))
    assert_as_published(volume(chest(right_lung(), left_lung(), bridge)), 0.995)


def test_lungs_that_open_into_the_air_outside_are_too():
    z, y, x = millimetres()
    opening = (abs(z - 99) < 4) & (y < -20) & (abs(x) < 60)
    hu = chest(right_lung(), left_lung())
    hu[opening] = AIR_HU
    assert_as_published(volume(hu), 0.99)


def test_a_square_matrix_filled_outside_its_circle_is_too():
    hu = chest(right_lung(), left_lung())
    square = np.full((100, 140, 140), -2000, np.int16)
    y, x = np.ogrid[:140, :140]
    square[:, 20:120] = hu
    square[:, np.hypot(y - 69.5, x - 69.5) >= 70] = -2000
    assert_as_published(volume(square), 0.9999)


def test_the_coarse_scan_is_too(shared_data):
    assert_as_published(read_scan(shared_data / "cip-tiny" / "dicom"), 0.99)


@pytest.mark.slow
def test_the_scan_of_lctsc_is_too(shared_data):
    assert_as_published(read_lctsc(shared_data)[0], 0.999)


@pytest.mark.slow
def test_lung1_is_that_of_the_published_steps_in_voxels(shared_data):
    """Nothing adapted: the blur of 1 voxel as published (0.98 mm here)."""
    assert_as_published(read_scan(shared_data / "lung1-001" / "dicom"), 0.99, in_voxels=True)


@pytest.mark.hand
def test_lidc_is_that_of_the_published_steps_in_voxels(lidc_folder):
    assert_as_published(read_scan(lidc_folder), 0.99, in_voxels=True)
