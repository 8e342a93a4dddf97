"""The interval says what the score depends on, and nothing where it depends on nothing."""

from weakref import WeakSet

import numpy as np
import pytest

from core.calcium.edits import AddLesion
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium.thick_reading import at_phase
from core.calcium.uncertainty import uncertainty
from core.progress import Silent
from core.volume import Volume
from tests.core.calcium.blocks import at, scan


def marked(volume, *indices):
    reading = Reading(volume)
    for index in indices:
        x, y, z = at(volume, index)
        reading = reading.edited(AddLesion((float(x), float(y), float(z)), Vessel.LAD))
    return reading


def test_a_large_dense_block_without_noise_is_certain():
    reading = marked(scan([(slice(2, 4), slice(10, 20), slice(10, 20), 700)]), (2, 15, 15))
    found = uncertainty(reading, noise_hu=None)
    assert (found.low, found.high, found.category_change) == (800, 800, 0)
    assert found.phase_scores == ()


def test_a_speck_of_one_pixel_may_vanish_with_the_least_area():
    reading = marked(scan([(slice(2, 3), slice(10, 11), slice(10, 11), 700)]), (2, 10, 10))
    found = uncertainty(reading, noise_hu=0.0)
    assert (found.least, found.greatest) == (0, 4)
    assert found.category_change == pytest.approx(1 / 3, abs=0.12)


def test_noise_moves_a_faint_lesion_both_ways():
    volume = scan([(slice(2, 3), slice(10, 14), slice(10, 14), 132)])
    hu = volume.hu.copy()
    hu[2, 9, 10:14] = 128  # a rim just under the threshold
    reading = marked(Volume(hu, volume.geometry), (2, 11, 11))
    found = uncertainty(reading, noise_hu=20.0)
    assert found.least == 0
    assert found.greatest == 20  # the rim counts where noise lifts it
    assert reading.score().total.agatston == 16


def test_thin_slices_are_scored_from_every_first_slice():
    blocks = [(slice(4, 8), slice(10, 14), slice(10, 14), 300)]
    volume = scan(blocks, shape=(18, 40, 40), spacing_mm=(1.0, 1.0, 1.0))
    found = uncertainty(marked(volume, (5, 11, 11)), noise_hu=None)
    assert len(found.phase_scores) == 3
    assert found.least < found.greatest


def test_overlapping_thick_slices_are_scored_from_either_of_two_first_ones():
    blocks = [(slice(5, 6), slice(10, 14), slice(10, 14), 300)]
    volume = scan(blocks, shape=(18, 40, 40), spacing_mm=(1.5, 1.0, 1.0))
    x, y, z = at(volume, (5, 11, 11))
    reading = Reading(volume, thickness_mm=3.0).edited(AddLesion((x, y, z), Vessel.LAD))
    assert reading.score().total.agatston == 24  # 16 mm2, weight 3, half a slice of 3 mm
    found = uncertainty(reading, noise_hu=None)
    assert found.phase_scores == (0, 48)  # whole slices of 3 mm: seen in one scan, not in the other
    assert found.slices == "slices every 3 mm"


def test_no_more_than_the_averages_of_one_phase_are_held(monkeypatch):
    blocks = [(slice(4, 8), slice(10, 14), slice(10, 14), 300)]
    volume = scan(blocks, shape=(60, 200, 200), spacing_mm=(0.5, 1.0, 1.0))
    reading = marked(volume, (5, 11, 11))
    alive = WeakSet()

    def watched(reading, phase):
        held_before = len(alive)
        assert held_before == 0
        made = at_phase(reading, phase)
        alive.add(made.volume)
        return made

    monkeypatch.setattr("core.calcium.uncertainty.at_phase", watched)
    assert len(uncertainty(reading, noise_hu=None).phase_scores) == 6


def test_the_same_reading_has_the_same_interval():
    hu = np.random.default_rng(1).normal(140, 30, (6, 40, 40)).astype(np.int16)
    reading = marked(Volume(hu, scan([]).geometry), (2, 20, 20))
    assert uncertainty(reading, 25.0) == uncertainty(reading, 25.0)


def test_it_can_be_cancelled():
    class Impatient(Silent):
        def step(self, fraction, message):
            raise KeyboardInterrupt

    reading = marked(scan([(slice(2, 3), slice(10, 14), slice(10, 14), 300)]), (2, 11, 11))
    with pytest.raises(KeyboardInterrupt):
        uncertainty(reading, 10.0, Impatient())
