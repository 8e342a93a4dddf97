"""Places of slices by hand arithmetic."""

from dataclasses import replace

import numpy as np
import pytest

from core.preprocessing.reorient import reorient
from core.volume import Volume
from tests.phantoms import STORAGE_ORDERS, marked_thorax, series_record
from viewer.panels.strip_places import Mark, strip_places


def marks(strip):
    return "".join(place.mark.value or "." for place in strip.places)


def moved(record, number, by_mm):
    """The record with one slice shifted along z."""
    slices = list(record.slices)
    x, y, z = slices[number].position_mm
    slices[number] = replace(slices[number], position_mm=(x, y, z + by_mm))
    return replace(record, slices=tuple(slices))


def test_an_even_series_has_its_slices_at_their_distances():
    strip = strip_places(series_record(count=5, spacing_mm=3.0))
    assert [place.offset_mm for place in strip.places] == pytest.approx([0, 3, 6, 9, 12])
    assert marks(strip) == "....."
    assert strip.places[1].words == "Slice 2 of 5, 3.0 mm to the next"
    assert strip.places[4].words == "Slice 5 of 5"
    assert strip.summary == "5 places every 3.0 mm: complete"
    assert strip.letters == ("H", "F")


def test_missing_slices_have_places_of_their_own_counted_from_the_head():
    # stored from the feet (k = 0) to the head (k = 9): k = 3, 4 lie at places 6 and 7 from the head
    strip = strip_places(series_record(count=10, spacing_mm=2.0, drop=[3, 4]))
    assert marks(strip) == ".....MM..."
    assert strip.places[5].words == "Slice 6 of 10 is missing"
    assert strip.places[5].offset_mm == pytest.approx(10.0)
    assert strip.summary == "10 places every 2.0 mm: 2 missing"


def test_slices_at_one_place_are_one_place():
    strip = strip_places(series_record(count=6, double=[2]))
    assert marks(strip) == "...D.."
    assert "more than one slice at this place" in strip.places[3].words
    assert strip.summary.endswith("1 doubled")


def test_a_place_whose_second_slice_is_left_out_is_doubled_too():
    strip = strip_places(replace(series_record(count=6), doubled=(2,)))
    assert marks(strip) == "...D.."
    assert strip.summary.endswith("1 doubled")


def test_an_uneven_distance_is_told_at_the_slice_before_it():
    # the slice nearest to the head moves 1 mm further: the first distance is 3.5 mm
    strip = strip_places(moved(series_record(count=6, spacing_mm=2.5), 5, 1.0))
    assert marks(strip) == "G....."
    assert strip.places[0].words == "Slice 1 of 6, 3.5 mm to the next instead of 2.5 mm"
    assert strip.summary.endswith("1 uneven")


@pytest.mark.parametrize(
    ("order", "letters"),
    [
        ("axial to the feet", ("H", "F")),
        ("coronal", ("A", "P")),
        ("coronal to the front, upside down", ("A", "P")),
        ("sagittal", ("R", "L")),
        ("sagittal to the right", ("R", "L")),
    ],
)
def test_places_are_counted_as_the_views_count_slices(order, letters):
    assert strip_places(series_record(axes=STORAGE_ORDERS[order])).letters == letters


def test_a_single_slice_is_one_place():
    strip = strip_places(series_record(count=1))
    assert marks(strip) == "."
    assert strip.extent_mm == 0
    assert strip.summary == "One place"


@pytest.mark.parametrize("order", ["axial to the head", "axial to the feet", "coronal"])
def test_a_slice_that_has_a_file_but_was_not_read_is_missing(order):
    stored = marked_thorax(STORAGE_ORDERS[order])
    lost = reorient(Volume(stored.hu, stored.geometry, missing_slices=(2,)))
    count, step_mm = stored.geometry.shape[0], stored.geometry.spacing_mm[0]
    base = series_record(count=count, spacing_mm=step_mm, axes=STORAGE_ORDERS[order])
    slices = [
        replace(header, position_mm=tuple(stored.geometry.to_patient((k, 0, 0))))
        for k, header in enumerate(base.slices)
    ]
    normal = np.cross(STORAGE_ORDERS[order][2], STORAGE_ORDERS[order][1])
    slices.sort(key=lambda header: normal @ header.position_mm)
    strip = strip_places(replace(base, slices=tuple(slices)), lost)
    at = [k for k, place in enumerate(strip.places) if place.mark is Mark.MISSING]
    expected_mm = stored.geometry.to_patient((2, 0, 0)) @ strip.direction
    assert len(at) == 1
    assert strip.first_mm + strip.places[at[0]].offset_mm == pytest.approx(expected_mm)
