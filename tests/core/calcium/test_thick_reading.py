"""A reading on slices of about 3 mm: the same as on the whole scan of them, without holding it."""

from dataclasses import replace

import numpy as np
import pytest

from core.calcium.edits import AddLesion, Remove
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium.thick_reading import at_phase, grouping_of, on_averages
from core.calcium.thin_slices import regrouped
from tests.core.calcium.blocks import at, scan

BLOCKS = [
    (slice(100, 108), slice(10, 14), slice(10, 14), 300),
    (slice(140, 143), slice(20, 22), slice(10, 14), 500),
]


def thin(thickness_mm=None, increment_mm=1.0):
    volume = scan(BLOCKS, shape=(300, 40, 80), spacing_mm=(increment_mm, 1.0, 1.0))
    reading = Reading(volume, thickness_mm=thickness_mm)
    return reading.edited(click(volume, (103, 11, 11))).edited(click(volume, (141, 21, 11)))


def click(volume, index):
    x, y, z = at(volume, index)
    return AddLesion((float(x), float(y), float(z)), Vessel.LAD)


@pytest.mark.parametrize(("thickness_mm", "increment_mm"), [(None, 1.0), (3.0, 1.5)])
def test_what_is_made_round_the_lesions_scores_as_what_is_made_of_the_whole_scan(
    thickness_mm, increment_mm
):
    reading = thin(thickness_mm, increment_mm)
    made = grouping_of(reading)
    assert made.step == (3 if thickness_mm is None else 2)
    for phase in range(made.step):
        near = at_phase(reading, phase)
        whole = reading.replayed(volume=regrouped(reading.volume, made, phase=phase))
        assert near.volume.hu.size < 0.4 * whole.volume.hu.size
        assert near.score().total.agatston == whole.score().total.agatston > 0


def test_a_removed_lesion_stays_removed_and_nothing_marked_needs_no_slices():
    reading = thin()
    for lesion in reading.marks.lesions:
        reading = reading.edited(Remove(lesion.click.point_mm))
    assert on_averages(reading).marks.lesions == ()
    untouched = Reading(reading.volume)
    assert on_averages(untouched) is untouched


def test_only_thin_slices_have_averages():
    assert on_averages(thin()).volume.geometry.spacing_mm[0] == pytest.approx(3.0)
    assert on_averages(thin(3.0, 1.5)) is None
    assert on_averages(thin(1.9, 1.9)) is None
    assert on_averages(Reading(scan([]))) is None


def test_overlapping_thick_slices_are_never_mixed():
    reading = thin(3.0, 1.5)
    values = np.unique(at_phase(reading, 1).volume.hu)
    assert set(values) == {40, 300, 500}


def test_a_plaque_that_reaches_beyond_the_made_part_is_followed_to_its_end():
    """A trail of 131, 129, 131 HU does not hang together with the clicked part; its mean does."""
    trail = slice(10, 12), slice(9, 110)
    volume = scan(
        [
            (slice(30, 33), slice(10, 12), slice(5, 9), 300),
            (slice(30, 33, 2), *trail, 131),
            (slice(31, 32), *trail, 129),
        ],
        shape=(60, 24, 120),
        spacing_mm=(1.0, 1.0, 1.0),
    )
    reading = Reading(volume).edited(replace(click(volume, (31, 10, 6)), only_slice=True))
    assert len(reading.marks.lesions[0].voxels) == 8
    assert on_averages(reading).score().total.agatston == 105 * 2 * 3
