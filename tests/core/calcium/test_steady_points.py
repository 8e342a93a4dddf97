"""Marks keep their lesions on averages, whichever part of the lesion was clicked."""

import pytest

from core.calcium.edits import AddLesion, Cut, Remove, SetVessel
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium.thick_reading import at_phase, grouping_of
from core.calcium.uncertainty import uncertainty
from tests.core.calcium.blocks import at, scan

TIPPED = [
    (slice(9, 15), slice(10, 14), slice(10, 14), 500),
    (slice(8, 9), slice(13, 21), slice(10, 14), 135),  # the faint tip, further back
]


def thin_reading(*edits):
    reading = Reading(scan(TIPPED, shape=(24, 40, 40), spacing_mm=(1.0, 1.0, 1.0)))
    for edit in edits:
        reading = reading.edited(edit)
    return reading


def point(*index):
    x, y, z = at(scan([], shape=(24, 40, 40), spacing_mm=(1.0, 1.0, 1.0)), index)
    return float(x), float(y), float(z)


def phases(reading):
    return [at_phase(reading, phase) for phase in range(grouping_of(reading).step)]


@pytest.mark.parametrize("clicked", [(8, 19, 12), (9, 12, 12), (12, 11, 13), (14, 12, 12)])
def test_wherever_the_lesion_was_clicked_every_average_scores_it_alike(clicked):
    reading = thin_reading(AddLesion(point(*clicked), Vessel.LAD))
    expected = [
        phase.score().total.agatston
        for phase in phases(thin_reading(AddLesion(point(12, 12, 12), Vessel.LAD)))
    ]
    assert [phase.score().total.agatston for phase in phases(reading)] == expected
    assert min(expected) > 0
    assert uncertainty(reading, None).low > 0


def test_a_reassigned_and_a_removed_lesion_stay_so_on_averages():
    tip = point(8, 19, 12)
    reassigned = thin_reading(AddLesion(tip, Vessel.LAD), SetVessel(tip, Vessel.OTHER))
    for phase in phases(reassigned):
        assert [each.vessel for each in phase.marks.lesions] == [Vessel.OTHER]
    for phase in phases(thin_reading(AddLesion(tip, Vessel.LAD), Remove(tip))):
        assert phase.marks.lesions == ()


def test_a_cut_lesion_is_cut_on_averages_too():
    line = Cut(point(8, 5, 11.5), point(8, 25, 11.5))
    left = point(8, 19, 10)
    reading = thin_reading(
        AddLesion(point(8, 19, 12), Vessel.LAD), line, SetVessel(left, Vessel.OTHER)
    )
    for phase in phases(reading):
        assert sorted(each.vessel for each in phase.marks.lesions) == [Vessel.LAD, Vessel.OTHER]


def test_by_another_rule_the_clicks_stay_where_they_were_made():
    reading = thin_reading(AddLesion(point(8, 19, 12), Vessel.LAD))
    assert reading.replayed(rule=reading.rule).edits == reading.edits
