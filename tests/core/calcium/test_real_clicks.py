"""Recorded clicks on lung1-001: stable lesions, away from bone, weighed as a plain second program.

The reference values were obtained by this program on 2026-11-21 and are those of `plain_agatston`
below, written from the definition with scipy alone; no other reading of this scan is published.
"""

from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from core.calcium.edits import AddLesion
from core.calcium.growth import grow
from core.calcium.scores import Vessel
from core.preprocessing.lung_mask import find_lungs
from core.preprocessing.organ_regions import Organ, organ_regions
from core.voxel_runs import voxels_of
from tests.core.calcium_scans import (
    LUNG1_LAD,
    LUNG1_LAD_FURTHER,
    LUNG1_LCX,
    LUNG1_RCA,
    lung1,
)

CLICKS = {
    LUNG1_RCA: (Vessel.RCA, 557.8994750976562, (49, 57)),
    LUNG1_LAD: (Vessel.LAD, 74.3865966796875, (64, 65)),
    LUNG1_LAD_FURTHER: (Vessel.LAD, 102.04315185546875, (62, 64)),
    LUNG1_LCX: (Vessel.LCX, 124.93133544921875, (56, 60)),
}


@pytest.fixture(scope="module")
def case(shared_data):
    return lung1(shared_data / "lung1-001")[2]


def clicked(case, point_mm):
    vessel = CLICKS.get(point_mm, (Vessel.LAD,))[0]
    return case.reading().edited(AddLesion(point_mm, vessel))


@pytest.mark.parametrize("point_mm", CLICKS)
def test_a_recorded_click_gives_the_recorded_lesion(case, point_mm):
    vessel, agatston, slices = CLICKS[point_mm]
    reading = clicked(case, point_mm)
    (lesion,) = reading.score().vessels[vessel].lesions
    assert lesion.agatston == pytest.approx(agatston, abs=1e-9)
    assert lesion.slices == slices
    assert reading.marks.lesions[0].words == ""


@pytest.mark.parametrize("point_mm", CLICKS)
def test_one_voxel_beside_the_click_is_the_same_lesion(case, point_mm):
    (lesion,) = clicked(case, point_mm).marks.lesions
    geometry = case.volume.geometry
    held = {tuple(voxel) for voxel in lesion.voxels.tolist()}
    start = np.rint(geometry.to_index(point_mm)).astype(int)
    tried = 0
    for step in product((-1, 0, 1), repeat=3):
        moved = tuple(int(n) for n in start + step)
        if moved not in held:
            continue
        x, y, z = geometry.to_patient(moved)
        (other,) = clicked(case, (float(x), float(y), float(z))).marks.lesions
        assert np.array_equal(other.voxels, lesion.voxels)
        tried += 1
    assert tried >= 3


def test_no_lesion_touches_spine_or_ribs(case):
    regions = organ_regions(case.volume, find_lungs(case.volume))
    for point_mm in CLICKS:
        (lesion,) = clicked(case, point_mm).marks.lesions
        reach = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
        around = (lesion.voxels[:, None] + reach).reshape(-1, 3)
        places = regions.geometry.to_index(case.volume.geometry.to_patient(around))
        labels = regions.labels[tuple(np.rint(places).astype(int).T)]
        assert not np.isin(labels, (Organ.VERTEBRAE, Organ.RIBS)).any()


def test_no_click_on_any_strong_candidate_of_the_heart_enters_bone(case):
    regions = organ_regions(case.volume, find_lungs(case.volume))
    found = case.in_heart
    of_run = found.lesion_of_part[found.parts.of_run]
    stopped = 0
    for number in np.argsort(-found.agatston)[:60]:
        voxels = voxels_of(found.runs.kept(of_run == number))
        point_mm = case.volume.geometry.to_patient(voxels[len(voxels) // 2])
        growth = grow(case.volume, point_mm, barrier=case.barrier, bounds=case.bounds)
        places = regions.geometry.to_index(case.volume.geometry.to_patient(growth.voxels))
        labels = regions.labels[tuple(np.rint(places).astype(int).T)]
        assert not np.isin(labels, (Organ.VERTEBRAE, Organ.RIBS)).any()
        stopped += bool(growth.stopped_by)
    assert stopped >= 5  # there are candidates that touch what stops them


def plain_agatston(hu, pixel_mm2, increment_mm):
    """Agatston of every 8-connected part of a slice stack, from the definition alone."""
    total = 0.0
    for plane in hu:
        labels, count = ndimage.label(plane >= 130, np.ones((3, 3)))
        for number in range(1, count + 1):
            values = plane[labels == number]
            area = len(values) * pixel_mm2
            if area >= 1:
                highest = values.max()
                weight = 1 + (highest >= 200) + (highest >= 300) + (highest >= 400)
                total += area * weight
    return total * increment_mm / 3


def test_all_candidates_of_the_heart_weigh_what_a_plain_second_program_says(case):
    """The heart region blanked outside, so that both see the same voxels."""
    geometry = case.volume.geometry
    assert case.heart is not None
    slices = np.unique(case.in_heart.parts.slices)
    _, rows, columns = geometry.shape
    in_plane = np.stack(np.indices((1, rows, columns)), axis=-1).reshape(-1, 3)
    blanked = np.full((len(slices), rows, columns), -1000, np.int16)
    for number, k in enumerate(slices):
        points = geometry.to_patient(in_plane + np.array([k, 0, 0]))
        places = np.rint(case.heart.geometry.to_index(points)).astype(int)
        held = np.all((places >= 0) & (places < case.heart.geometry.shape), axis=1)
        inside = np.zeros(rows * columns, bool)
        inside[held] = case.heart.labels[tuple(places[held].T)] > 0
        inside = inside.reshape(rows, columns)
        blanked[number][inside] = case.volume.hu[k][inside]
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    total = plain_agatston(blanked, row_mm * column_mm, slice_mm)
    assert total > 5000
    assert case.in_heart.agatston.sum() == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("point_mm", CLICKS)
def test_a_clicked_lesion_weighs_what_a_plain_second_program_says(case, point_mm):
    """The lesion cut out by scipy's own 3D labels (26 neighbours)."""
    geometry = case.volume.geometry
    centre = np.rint(geometry.to_index(point_mm)).astype(int)
    low = np.maximum(centre - (10, 40, 40), 0)
    high = centre + np.array((11, 41, 41))
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    hu = case.volume.hu[box]
    labels, _ = ndimage.label(hu >= 130, np.ones((3, 3, 3)))
    alone = np.where(labels == labels[tuple(centre - low)], hu, -1000)
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    expected = plain_agatston(alone, row_mm * column_mm, slice_mm)
    assert clicked(case, point_mm).score().total.agatston == pytest.approx(expected, rel=1e-12)
