from collections import Counter

import numpy as np
import pytest

from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series_index import index
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
COUNT = 12
PLAIN = np.full((COUNT, 4, 5), 40, np.int16)


def grid(count=COUNT, z=3.0):
    return VolumeGeometry.from_axes((count, 4, 5), (1, 2, z), AXIAL, (2.5, 70, 80), "1.2.9")


def stack(folder, name, hu=PLAIN, z=3.0, **tags):
    return write_series(folder / name, hu, grid(len(hu), z), **tags)


def reasons(found):
    return Counter(each.reason for each in found.unreadable)


def split_of(found):
    return [(record.slice_count, record.split_by) for record in found.series]


@pytest.mark.parametrize(
    ("first", "second", "by"),
    [
        ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}, "acquisition number"),
        ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}, "temporal position"),
        ({}, {"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}, "image type"),
        ({"AcquisitionTime": "101500.5"}, {"AcquisitionTime": "101530"}, "time"),
        ({"ContrastBolusAgent": "APPLIED"}, {}, "contrast agent"),
    ],
)
def test_two_scans_of_one_place_are_taken_apart(tmp_path, first, second, by):
    stack(tmp_path, "a", **first)
    stack(tmp_path, "b", PLAIN + 5, **second)
    found = index(tmp_path)
    assert split_of(found) == [(COUNT, by), (COUNT, by)]
    for record in found.series:
        assert len({s.path.parent for s in record.slices}) == 1
        assert fitness_of(record).view.level == 0
    assert found.series[1].uid == f"{found.series[0].uid}#2"


def test_contrast_agent_stays_with_its_own_part(tmp_path):
    stack(tmp_path, "a", AcquisitionNumber=1)
    stack(tmp_path, "b", PLAIN + 5, AcquisitionNumber=2, ContrastBolusAgent="APPLIED")
    agents = {r.slices[0].acquisition: r.contrast_agent for r in index(tmp_path).series}
    assert agents == {1: "", 2: "APPLIED"}


def test_two_kernels_are_two_series_even_where_no_place_is_doubled(tmp_path):
    stack(tmp_path, "a", ConvolutionKernel="B30f")
    stack(tmp_path, "b", PLAIN[:5], z=3 + 2.5 * COUNT, ConvolutionKernel="B70f")
    found = index(tmp_path)
    assert split_of(found) == [(COUNT, ""), (5, "kernel")]
    assert [record.kernel for record in found.series] == ["B30f", "B70f"]


def test_two_regions_apart_are_two_series(tmp_path):
    stack(tmp_path, "a", AcquisitionNumber=1)
    stack(tmp_path, "b", PLAIN[:7], z=91.3, AcquisitionNumber=2)
    assert split_of(index(tmp_path)) == [(COUNT, "acquisition number"), (7, "acquisition number")]


@pytest.mark.parametrize("step", [1, 4])
def test_an_acquisition_number_that_steps_within_a_stack_does_not_split_it(tmp_path, step):
    for k in range(COUNT):
        stack(tmp_path, str(k), PLAIN[:1], z=3 + 2.5 * k, AcquisitionNumber=k // step,
              SOPInstanceUID=f"1.2.{k}")  # fmt: skip
    assert split_of(index(tmp_path)) == [(COUNT, "")]


@pytest.mark.parametrize("missing", [4, 5])
def test_a_missing_slice_is_not_hidden_by_a_split(tmp_path, missing):
    for k in set(range(COUNT)) - {missing}:
        stack(tmp_path, str(k), PLAIN[:1], z=3 + 2.5 * k, AcquisitionNumber=k // 4,
              SOPInstanceUID=f"1.2.{k}")  # fmt: skip
    (record,) = index(tmp_path).series
    assert "One slice is missing" in fitness_of(record).model.reasons[0].text


def numbered(folder, numbers, hu):
    for k, number in enumerate(numbers):
        stack(folder, f"{number}", hu[k : k + 1], z=3 + 2.5 * k, InstanceNumber=number,
              SOPInstanceUID=f"1.2.{number}")  # fmt: skip


@pytest.mark.parametrize("place_by_place", [False, True])
def test_instance_numbers_in_step_with_the_places_tell_stacks_apart(tmp_path, place_by_place):
    k = np.arange(COUNT)
    first, second = (2 * k + 1, 2 * k + 2) if place_by_place else (k + 1, k + 1 + COUNT)
    numbered(tmp_path, first.tolist(), PLAIN)
    numbered(tmp_path, second.tolist(), PLAIN + 5)
    found = index(tmp_path)
    assert split_of(found) == [(COUNT, "instance order")] * 2
    parts = [{s.instance_number for s in record.slices} for record in found.series]
    assert set(first.tolist()) in parts


def test_instance_numbers_that_mean_nothing_never_mix_two_stacks(tmp_path):
    numbers = np.random.default_rng(2).permutation(2 * COUNT) + 1
    numbered(tmp_path, numbers[:COUNT].tolist(), PLAIN)
    numbered(tmp_path, numbers[COUNT:].tolist(), PLAIN + 5)
    (record,) = index(tmp_path).series
    assert record.slice_count == 2 * COUNT
    assert "at the position of another" in fitness_of(record).view.reasons[0].text


def test_a_slice_sent_twice_under_another_name_is_dropped(tmp_path):
    write_series(tmp_path, PLAIN, grid(), double=(2, 7))
    found = index(tmp_path)
    assert split_of(found) == [(COUNT, "")]
    assert reasons(found) == {"the same slice as another file: same place, same pixels": 2}
    assert fitness_of(found.series[0]).view.level == 0


@pytest.mark.parametrize("tags", [{}, {"AcquisitionNumber": 2, "InstanceNumber": 1}])
def test_one_slice_more_at_a_place_is_left_out_and_said(tmp_path, tags):
    """Equal pixels with another intercept are another slice; the one like the rest stays."""
    stack(tmp_path, "a", AcquisitionNumber=1)
    odd = {"AcquisitionNumber": 1, "InstanceNumber": 90, "SOPInstanceUID": "1.2.3", **tags}
    stack(tmp_path, "b", PLAIN[:1] - 100, z=3 + 2.5 * 4, intercept=-1124, **odd)
    found = index(tmp_path)
    (record,) = found.series
    assert (record.slice_count, record.doubled) == (COUNT, (4,))
    (left_out,) = found.unreadable
    assert left_out.path.parent.name == "b"
    assert left_out.reason == "at the place of another slice of the series, with other pixels"
    assert (read(record).hu == 40).all()
    fitness = fitness_of(record)
    assert [v.level for v in (fitness.view, fitness.model, fitness.calcium)] == [1, 2, 2]
    assert "lie at one place (slice 8, counted from the head)" in fitness.model.reasons[0].text
    assert fitness.model.reasons[0].remedy
    shown = record.slices[4].instance_number
    assert f"(instance number {shown})" in fitness.view.reasons[0].text


def test_a_tenth_of_the_places_may_be_doubled_and_no_more(tmp_path):
    hu = np.full((30, 4, 5), 40, np.int16)
    for count, kept in ((3, 30), (4, 34)):
        folder = tmp_path / str(count)
        stack(folder, "a", hu)
        for k in range(count):
            stack(folder, f"b{k}", hu[:1] + 7, z=3 + 2.5 * 6 * k, InstanceNumber=6 * k + 1,
                  SOPInstanceUID=f"1.2.3.{k}")  # fmt: skip
        (record,) = index(folder).series
        assert record.slice_count == kept
        assert fitness_of(record).view.level == (1 if kept == 30 else 2)


def test_a_few_doubled_places_that_the_headers_tell_apart_are_a_series_of_their_own(tmp_path):
    stack(tmp_path, "a", AcquisitionNumber=1)
    stack(tmp_path, "b", PLAIN[:3] + 5, z=3 + 2.5 * 4, AcquisitionNumber=2)
    found = index(tmp_path)
    assert split_of(found) == [(COUNT, "acquisition number"), (3, "acquisition number")]
    assert not found.unreadable
    assert all(fitness_of(record).view.level == 0 for record in found.series)
