"""The pre-flight card: what it says, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from core.calcium.aorta import BloodPool, blood_pool
from core.calcium.protocol import Acquisition, Light, preflight, refusal
from core.geometry import VolumeGeometry
from core.volume import Mask, Volume
from tests.core.calcium.blocks import AXIAL

GOOD = Acquisition(120.0, "Qr36", False, 3.0, 3.0, True)
BLOOD = BloodPool(mean_hu=42.0, noise_hu=12.0)


def lights(acquisition, blood=BLOOD):
    return {check.name: check.light for check in preflight(acquisition, blood)}


def test_a_scan_made_for_scoring_is_green_throughout():
    assert set(lights(GOOD).values()) == {Light.GREEN}
    assert refusal(preflight(GOOD, BLOOD)) is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"kvp": 100.0}, "Tube voltage"),
        ({"kvp": None}, "Tube voltage"),
        ({"increment_mm": 5.0, "thickness_mm": 5.0}, "Slices"),
        ({"increment_mm": 1.0, "thickness_mm": 1.0}, "Slices"),
        ({"increment_mm": 0.7, "thickness_mm": 1.0}, "Slices"),
        ({"increment_mm": 2.0, "thickness_mm": 2.0}, "Slices"),
        ({"has_sharp_kernel": True}, "Kernel"),
        ({"is_gated": False}, "ECG gating"),
        ({"is_gated": None}, "ECG gating"),
        ({"contrast_agent": "Ultravist"}, "Contrast agent"),
    ],
)
def test_what_departs_from_the_definition_turns_its_own_light_amber(change, name):
    found = lights(replace(GOOD, **change))
    assert found[name] is Light.AMBER
    assert [light for light in found.values() if light is not Light.GREEN] == [Light.AMBER]


def test_overlapping_slices_are_explained_and_no_reason_to_worry():
    check = next(
        each for each in preflight(replace(GOOD, increment_mm=1.5), BLOOD) if each.name == "Slices"
    )
    assert check.light is Light.GREEN
    assert "overlap" in check.words


@pytest.mark.parametrize(
    ("thickness_mm", "increment_mm", "words"),
    [
        (1.25, 1.25, "the score on averages of 2.5 mm stands beside it"),
        (1.0, 0.7, "the score on averages of 2.8 mm stands beside it"),
        (2.0, 2.0, "too thick to average"),
        (3.0, 1.5, "They overlap"),
    ],
)
def test_slices_are_named_by_what_is_made_of_them(thickness_mm, increment_mm, words):
    acquisition = replace(GOOD, thickness_mm=thickness_mm, increment_mm=increment_mm)
    check = next(each for each in preflight(acquisition, BLOOD) if each.name == "Slices")
    assert words in check.words


@pytest.mark.parametrize(("mean_hu", "refused"), [(100.0, False), (100.5, True), (350.0, True)])
def test_contrast_in_the_blood_refuses_the_score(mean_hu, refused):
    checks = preflight(GOOD, BloodPool(mean_hu, 12.0))
    assert (refusal(checks) is not None) == refused


@pytest.mark.parametrize(
    ("noise_hu", "light"), [(20.0, Light.GREEN), (20.5, Light.AMBER), (30.5, Light.RED)]
)
def test_noise_turns_amber_over_20_and_red_over_30(noise_hu, light):
    assert lights(GOOD, BloodPool(40.0, noise_hu))["Noise"] is light


def test_without_great_vessels_nothing_is_invented():
    found = lights(GOOD, None)
    assert found["Contrast agent"] is Light.AMBER
    assert found["Noise"] is Light.AMBER


def test_density_and_noise_of_a_vessel_are_measured_in_its_core():
    rng = np.random.default_rng(0)
    shape = (30, 60, 60)
    hu = rng.normal(0, 200, shape)  # what is not vessel is far noisier
    hu[:, 15:45, 15:45] = rng.normal(45, 18, (30, 30, 30))
    geometry = VolumeGeometry.from_axes(shape, (0, 0, 0), AXIAL, (2.5, 0.9, 0.9))
    volume = Volume(hu.astype(np.int16), geometry)
    labels = np.zeros((30, 20, 20), dtype=np.uint8)
    labels[:, 5:15, 5:15] = 1
    grid = VolumeGeometry.from_axes(labels.shape, (0.9, 0.9, 0), AXIAL, (2.5, 2.7, 2.7))
    found = blood_pool(volume, Mask(labels, grid))
    assert found is not None
    assert found.mean_hu == pytest.approx(45, abs=1.5)
    assert found.noise_hu == pytest.approx(18, abs=1.0)


def test_a_vessel_too_small_to_measure_gives_nothing():
    geometry = VolumeGeometry.from_axes((9, 30, 30), (0, 0, 0), AXIAL, (3, 1, 1))
    volume = Volume(np.zeros((9, 30, 30), np.int16), geometry)
    assert blood_pool(volume, Mask(np.zeros((9, 30, 30), np.uint8), geometry)) is None


def test_a_named_contrast_agent_refuses_where_the_blood_cannot_be_measured():
    assert refusal(preflight(replace(GOOD, contrast_agent="Ultravist"), None)) is not None
