from dataclasses import replace
from pathlib import Path

from core.data.choice import best_for_calcium, best_for_model
from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.series import SeriesIndex
from tests.phantoms import series_record


def choose(found):
    return best_for_model(found, {record.uid: fitness_of(record) for record in found.series})


def study(**series):
    """Index of a study whose series are given as name=(slices, spacing_mm, changes)."""
    records = [
        series_record(uid=name, description=name, count=count, spacing_mm=spacing_mm, **changes)
        for name, (count, spacing_mm, changes) in series.items()
    ]
    return SeriesIndex(Path("study"), tuple(records))


def test_thin_slices_win_over_thick_ones():
    found = study(thick=(80, 5.0, {}), thin=(150, 1.25, {}), medium=(100, 2.0, {}))
    choice = choose(found)
    assert choice.record.description == "thin"
    assert choice.reason == "The thinnest suitable of 3 series: 150 slices of 1.25 mm."


def test_a_complete_series_wins_over_a_thinner_one_with_a_gap():
    found = study(gap=(200, 1.0, {"drop": (50,)}), whole=(90, 2.0, {}))
    assert choose(found).record.description == "whole"


def test_a_whole_chest_wins_over_a_thinner_part_of_it():
    found = study(part=(60, 1.0, {}), whole=(90, 2.0, {}))
    assert choose(found).record.description == "whole"


def test_equally_thin_series_are_told_apart_by_their_length():
    found = study(shorter=(90, 2.0, {}), longer=(120, 2.0, {}))
    assert choose(found).record.description == "longer"


def test_where_nothing_suits_the_best_is_given_with_the_reason():
    found = study(thick=(40, 8.0, {}), broken=(40, 8.0, {"drop": (9,)}))
    choice = choose(found)
    assert choice.record.description == "thick"
    assert fitness_of(choice.record).model.level == Level.BLOCK
    assert "over 2.5 mm axial thickness" in choice.reason


def test_an_index_without_series_gives_no_choice():
    found = study(one=(3, 1.0, {}))
    assert best_for_model(replace(found, series=()), {}) is None


def test_calcium_is_scored_on_the_series_nearest_to_three_millimetres():
    found = study(
        thin=(200, 1.0, {}),
        right=(100, 3.0, {}),
        contrast=(100, 3.0, {"contrast_agent": "APPLIED"}),
        sharp=(120, 3.0, {"kernel": "B70f"}),
    )
    choice = best_for_calcium(found, {r.uid: fitness_of(r) for r in found.series})
    assert choice.record.description == "right"
    assert choice.reason == "Nearest to 3 mm of 4 series: 100 slices of 3 mm."


def test_where_nothing_may_be_scored_the_reason_is_given():
    found = study(contrast=(100, 3.0, {"contrast_agent": "APPLIED"}))
    choice = best_for_calcium(found, {r.uid: fitness_of(r) for r in found.series})
    assert "Contrast agent was given" in choice.reason


def test_equally_thin_series_are_not_both_called_the_thinnest():
    found = study(shorter=(90, 2.0, {}), longer=(120, 2.0, {}))
    assert choose(found).reason.startswith("The longest of the thinnest suitable of 2 series")
