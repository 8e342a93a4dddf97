"""A scan made ready for its calcium reading: regions, barrier, checks; any storage order."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from core.calcium.edit_documents import edits_of
from core.calcium.edits import AddLesion
from core.calcium.growth import grow
from core.calcium.protocol import Light, category_first, refusal
from core.calcium.scores import Vessel
from core.calcium_case import open_case
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.phantom.protocol import Protocol
from core.phantom.sample import SAMPLE_SUBJECT
from core.phantom.scanner import image
from core.phantom.subject import Finding
from core.preprocessing.lung_mask import find_lungs
from core.preprocessing.organ_regions import Organ, organ_regions
from core.preprocessing.reorient import reorient
from core.progress import Silent
from core.volume import Mask
from tests.core.calcium.blocks import scan
from tests.core.calcium_scans import (
    AXIAL_ORDERS,
    LUNG1_LAD,
    LUNG1_RCA,
    MARKS,
    calcified_thorax,
    chosen,
    lung1,
)
from tests.phantoms import series_record, write_series


def light(case, name):
    return next(check.light for check in case.checks if check.name == name)


@pytest.fixture(scope="module")
def real(shared_data):
    return lung1(shared_data / "lung1-001")


def test_the_heart_region_holds_the_coronary_calcium_and_neither_bone_nor_lung(real):
    _, _, case = real
    assert case.heart is not None
    for point_mm in (LUNG1_RCA, LUNG1_LAD):
        index = np.rint(case.heart.geometry.to_index(point_mm)).astype(int)
        assert case.heart.labels[tuple(index)] == 1
        in_barrier = np.rint(case.barrier.geometry.to_index(point_mm)).astype(int)
        assert case.barrier.labels[tuple(in_barrier)] == 0
    heart_mm = case.heart.geometry.to_patient(np.argwhere(case.heart.labels))
    in_bone = np.rint(case.barrier.geometry.to_index(heart_mm)).astype(int)
    assert not case.barrier.labels[tuple(in_bone.T)].any()
    litres = case.heart.labels.sum() * case.heart.geometry.voxel_volume_mm3 / 1e6
    assert 0.5 < litres < 2.0
    assert 0 < case.in_heart.lesion_count < case.candidates.lesion_count


def test_the_heart_s_edge_lies_5_mm_round_the_region_and_stops_growths(real):
    _, _, case = real
    heart, bounds = case.heart, case.bounds
    assert bounds.geometry.agrees_with(heart.geometry)
    assert not (heart.labels > bounds.labels).any()
    from_heart = distance_transform_edt(heart.labels == 0, heart.geometry.spacing_mm)
    assert from_heart[bounds.labels > 0].max() == pytest.approx(5, abs=2)
    border = np.ones(bounds.labels.shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    assert not bounds.labels[border].any()  # the smaller grid has room for all of it
    plaque_of_the_aorta = (-17.0, -257.0, -430.0)  # 60 mm above the coronary arteries
    growth = grow(case.volume, plaque_of_the_aorta, barrier=case.barrier, bounds=bounds)
    assert growth.stopped_by == "heart"
    freely = grow(case.volume, plaque_of_the_aorta, barrier=case.barrier)
    assert len(freely.voxels) > len(growth.voxels) > 0


def test_the_reading_knows_edge_and_thickness(real):
    record, _, case = real
    reading = case.reading()
    assert reading.bounds is case.bounds
    assert reading.thickness_mm == case.thickness_mm == record.slices[0].thickness_mm


def test_a_scan_without_contrast_may_be_scored_and_says_that_it_is_not_gated(real):
    _, _, case = real
    assert refusal(case.checks) is None
    assert case.blood is not None
    assert 20 < case.blood.mean_hu < 60
    assert light(case, "Tube voltage") is Light.GREEN
    gating = category_first(case.checks)
    assert gating is not None
    assert gating.value == "not stated"


def test_blood_as_bright_as_contrast_refuses_the_score(real):
    record, stored, _ = real
    upright = reorient(stored)
    regions = organ_regions(upright, find_lungs(upright))
    vessels = regions.labels == Organ.GREAT_VESSELS
    hu = upright.hu.copy()
    for block in np.argwhere(vessels):  # a contrast agent adds the same everywhere in the blood
        low = upright.geometry.to_index(regions.geometry.to_patient(block - 0.5))
        high = upright.geometry.to_index(regions.geometry.to_patient(block + 0.5))
        box = tuple(slice(max(round(a), 0), round(b)) for a, b in zip(low, high, strict=True))
        hu[box] += 150
    case = open_case(record, replace(upright, hu=hu), regions=regions)
    refused = refusal(case.checks)
    assert refused is not None
    assert refused.name == "Contrast agent"


def test_known_regions_are_taken_as_they_are(real):
    record, stored, _ = real
    coarse = VolumeGeometry.from_axes((4, 4, 4), (0, 0, 0), np.eye(3)[::-1], (50.0, 50.0, 50.0))
    nothing = Mask(np.zeros((4, 4, 4), np.uint8), coarse)
    case = open_case(record, stored, regions=nothing)
    assert case.heart is None
    assert case.blood is None
    assert not case.barrier.labels.any()


def test_a_scan_of_the_heart_alone_takes_what_is_too_large_for_bone():
    small = (slice(2, 4), slice(5, 8), slice(5, 8), 300)
    large = (slice(0, 20), slice(30, 50), slice(10, 30), 300)  # 20 x 20 x 20 x 3 mm3
    volume = scan([small, large], shape=(20, 60, 60))
    case = open_case(series_record(count=20, spacing_mm=3.0), volume)
    assert case.heart is None
    assert case.in_heart is case.candidates
    assert case.barrier.labels[10, 40, 20] == 1
    assert case.barrier.labels[2, 6, 6] == 0
    assert case.barrier.labels.sum() == 20 * 20 * 20
    assert "look for contrast agent yourself" in case.checks[0].words


def test_coronal_slices_are_refused():
    with pytest.raises(SeriesError, match="axial slices"):
        open_case(series_record(), calcified_thorax("coronal"))


def test_in_the_sample_the_heart_holds_its_painted_plaques_and_nothing_else():
    protocol = Protocol(
        slices=120, matrix=256, pixel_mm=1.48, padding_hu=-1024, gated=True, noise_hu=12.0
    )
    scan = image(SAMPLE_SUBJECT, protocol, Silent())
    case = open_case(series_record(count=120, spacing_mm=2.0, kvp=120.0), scan.volume)
    reading = case.reading()
    # A plaque of less than a point may lie under 130 HU, or be too small to count, in every slice.
    coronary = [plaque for plaque in scan.plaques if plaque.vessel and plaque.agatston >= 1]
    for plaque in coronary:
        edit = AddLesion(plaque.centre_mm, Vessel(plaque.vessel.value))
        after, missed = reading.with_edits([edit])
        if missed:  # two plaques that touch are one lesion
            assert reading.lesion_at(plaque.centre_mm) is not None
        reading = after
    score = reading.score()
    assert {v.value for v in Vessel if score.vessels[v].lesions} == {p.vessel for p in coronary}
    intended = SAMPLE_SUBJECT.diseases.total_agatston
    assert score.total.agatston == pytest.approx(intended, rel=0.15)
    painted_mm = np.array([plaque.centre_mm for plaque in scan.plaques])  # of the aorta too
    apart_mm = np.linalg.norm(case.in_heart.centres_mm[:, None] - painted_mm, axis=-1).min(axis=1)
    elsewhere_mm = case.in_heart.centres_mm[
        apart_mm > 8
    ]  # spurs of the spine, no cartilage of ribs
    index = np.rint(scan.volume.geometry.to_index(elsewhere_mm)).astype(int)
    spine = distance_transform_edt(
        ~scan.truth[Finding.VERTEBRAE].astype(bool), scan.volume.geometry.spacing_mm
    )
    assert spine[tuple(index.T)].max(initial=0) < 5
    assert refusal(case.checks) is None


def score_of(folder, marks):
    record, stored = chosen(folder)
    reading, missed = open_case(record, stored).reading().with_edits(edits_of(marks))
    assert not missed
    return reading


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calcified") / "series"
    volume = calcified_thorax()
    write_series(folder, volume.hu, volume.geometry, shuffle_names=False)
    return score_of(folder, MARKS)


def test_three_plaques_are_found_by_their_clicks(reference):
    found = reference.score()
    assert found.vessel_count == 3
    assert all(found.vessels[v].agatston > 10 for v in found.vessels if v.value in ("LAD", "RCA"))


@pytest.mark.parametrize("order", AXIAL_ORDERS)
def test_every_storage_order_and_shuffled_names_give_the_same_score(tmp_path, order, reference):
    volume = calcified_thorax(order)
    position = "FFS" if "feet first" in order else "HFS"
    folder = tmp_path / "series"
    write_series(folder, volume.hu, volume.geometry, patient_position=position)
    assert score_of(folder, MARKS).score() == reference.score()  # every number of every lesion


def test_slices_stored_in_another_order_of_files_give_the_same_score(tmp_path, reference):
    volume = calcified_thorax()
    paths = write_series(tmp_path / "series", volume.hu, volume.geometry, shuffle_names=False)
    order = np.random.default_rng(3).permutation(len(paths))
    for path, number in zip(paths, order, strict=True):
        path.rename(path.with_name(f"moved{number:04d}"))
    assert score_of(tmp_path / "series", MARKS).score() == reference.score()
