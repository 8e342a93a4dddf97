"""Regions of the phantom, whose anatomy is known, and of real scans, whose cord an expert drew."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.phantom.cage import cage_of, spine_y
from core.phantom.great_vessels import Trunk, great_vessels
from core.phantom.heart import Chamber, chambers
from core.phantom.mediastinum import build_mediastinum
from core.phantom.sample import SAMPLE_SUBJECT, make_volume
from core.phantom.shapes import Canvas
from core.phantom.skeleton import build_skeleton
from core.preprocessing.lung_mask import Lungs, find_lungs
from core.preprocessing.organ_regions import ORGAN_NAMES, Organ, organ_regions
from core.volume import Mask, Volume
from tests.core.preprocessing.real_scans import dice, read_lctsc, read_scan, read_structures
from tests.core.preprocessing.thorax import chest, geometry, left_lung, right_lung, volume

SHAPE, SPACING_MM = (107, 128, 128), (3.0, 2.96, 2.96)


@dataclass(frozen=True, eq=False)
class Phantom:
    """The phantom with its lungs, its regions and its true organs on the regions' grid."""

    volume: Volume
    lungs: Lungs
    regions: Mask
    heart: NDArray[np.bool_]
    blood: NDArray[np.bool_]
    bone: NDArray[np.bool_]
    cord: NDArray[np.bool_]


@pytest.fixture(scope="module")
def phantom():
    scan = make_volume(SHAPE, SPACING_MM)
    lungs = find_lungs(scan)
    regions = organ_regions(scan, lungs)
    canvas = Canvas(regions.geometry, 0)
    organs = build_mediastinum(canvas, SAMPLE_SUBJECT)
    skeleton = build_skeleton(canvas, cage_of(SAMPLE_SUBJECT), SAMPLE_SUBJECT)
    heart, blood, cord = (np.zeros(canvas.hu.shape, bool) for _ in range(3))
    heart[organs.box], blood[organs.box] = organs.heart < 0, organs.blood < 0
    bone, spine = skeleton.bone < 0, skeleton.spine
    bone[spine.box] |= np.minimum(spine.body, spine.arch) < 0
    cord[spine.box] = spine.cord < 0
    return Phantom(scan, lungs, regions, heart, blood, bone, cord)


@pytest.fixture(scope="module")
def lung1(shared_data):
    scan = read_scan(shared_data / "lung1-001" / "dicom")
    return scan, organ_regions(scan, find_lungs(scan))


def millilitres(regions, organ):
    return np.count_nonzero(regions.labels == organ) * regions.geometry.voxel_volume_mm3 / 1e3


def at(regions, points_mm):
    """Labels at LPS points."""
    index = np.rint(regions.geometry.to_index(points_mm)).astype(int)
    return regions.labels[tuple(index.T)]


def middle_mm(regions, organ):
    return regions.geometry.to_patient(np.argwhere(regions.labels == organ)).mean(axis=0)


def test_every_organ_has_a_name_of_its_own():
    assert set(ORGAN_NAMES) == set(Organ)
    assert len(set(ORGAN_NAMES.values())) == len(Organ)


def test_regions_are_coarse_and_cover_the_scan(phantom):
    assert set(np.unique(phantom.regions.labels)) == set(Organ)
    assert all(1.7 < step <= 3.5 for step in phantom.regions.geometry.spacing_mm)
    last = np.array(phantom.volume.geometry.shape) - 1
    for corner in ((0, 0, 0), last, (last[0], 0, last[2])):
        assert phantom.regions.geometry.contains(phantom.volume.geometry.to_patient(corner))


def test_lungs_are_the_anatomical_lungs(phantom):
    for organ in (Organ.RIGHT_LUNG, Organ.LEFT_LUNG):
        count = np.count_nonzero(phantom.lungs.anatomical.labels == organ)
        litres = count * phantom.volume.geometry.voxel_volume_mm3 / 1e6
        assert millilitres(phantom.regions, organ) / 1e3 == pytest.approx(litres, rel=0.02)


def test_the_heart_of_the_phantom_is_found(phantom):
    assert dice(phantom.regions.labels == Organ.HEART, phantom.heart) > 0.82
    middle_mm = chambers(SAMPLE_SUBJECT)[Chamber.LEFT_VENTRICLE].centre_mm
    assert at(phantom.regions, [middle_mm]) == Organ.HEART


def test_the_aorta_of_the_phantom_is_a_great_vessel_from_the_root_to_the_diaphragm(phantom):
    path = great_vessels(SAMPLE_SUBJECT)[Trunk.AORTA].path_mm
    chest_part = path[(path[:, 2] > 5) | ((path[:, 1] > 20) & (path[:, 2] > -70))]
    assert np.mean(at(phantom.regions, chest_part) == Organ.GREAT_VESSELS) > 0.8


def test_most_of_what_counts_as_great_vessels_is_blood(phantom):
    vessels = phantom.regions.labels == Organ.GREAT_VESSELS
    assert np.mean(phantom.blood[vessels]) > 0.95


def test_bones_of_the_phantom_are_bone(phantom):
    found = np.isin(phantom.regions.labels, (Organ.VERTEBRAE, Organ.RIBS))
    assert np.mean(found[phantom.bone]) > 0.97


def test_vertebral_bodies_and_the_cord_are_spine_and_ribs_are_not(phantom):
    z = np.arange(-100.0, 100.0, 5.0)
    bodies = np.stack([0 * z, spine_y(z, SAMPLE_SUBJECT.build.kyphosis), z], axis=1)
    assert np.mean(at(phantom.regions, bodies) == Organ.VERTEBRAE) > 0.95
    inner = phantom.cord.copy()
    inner[[*range(8), *range(-8, 0)]] = False
    assert np.mean(phantom.regions.labels[inner] == Organ.VERTEBRAE) > 0.9
    far = np.abs(phantom.regions.geometry.to_patient(np.argwhere(phantom.bone))[:, 0]) > 40
    labels = phantom.regions.labels[phantom.bone][far]
    assert not np.any(labels == Organ.VERTEBRAE)
    assert np.mean(labels == Organ.RIBS) > 0.97


def test_the_table_is_outside_and_the_liver_is_soft_tissue(phantom):
    under_the_back = [(x, 136.0, z) for x in (-60.0, 0.0, 60.0) for z in (-80.0, 0.0, 80.0)]
    assert np.all(at(phantom.regions, under_the_back) == Organ.OUTSIDE)
    assert np.all(at(phantom.regions, [(-80, 0, -110), (-60, 20, -120)]) == Organ.SOFT_TISSUE)


def test_contrast_in_heart_and_aorta_is_not_bone(phantom):
    enhanced = phantom.volume.hu.copy()
    canvas = Canvas(phantom.volume.geometry, 0)
    organs = build_mediastinum(canvas, SAMPLE_SUBJECT)
    deep = organs.heart < -9
    enhanced[organs.box][(organs.blood < 0) | deep] += 300
    scan = replace(phantom.volume, hu=enhanced)
    regions = organ_regions(scan, phantom.lungs)
    between = np.zeros(enhanced.shape, bool)
    between[organs.box] = deep
    between &= phantom.regions.labels == Organ.HEART
    assert np.mean(regions.labels[between] == Organ.HEART) > 0.95
    assert dice(regions.labels == Organ.HEART, phantom.heart) > 0.8


def test_without_airways_the_heart_is_sought_by_the_rule_for_the_carina(phantom):
    none = Mask(np.zeros_like(phantom.lungs.airways.labels), phantom.volume.geometry)
    regions = organ_regions(phantom.volume, replace(phantom.lungs, airways=none))
    assert not np.any(regions.labels == Organ.AIRWAYS)
    assert dice(regions.labels == Organ.HEART, phantom.heart) > 0.8


def test_a_place_keeps_its_organ_on_a_grid_of_other_spacing(phantom):
    """Every second slice of the phantom: 6 mm apart."""
    low = VolumeGeometry.from_axes(
        (54, *SHAPE[1:]),
        phantom.volume.geometry.to_patient((0, 0, 0)),
        phantom.volume.geometry.axes,
        (6.0, *SPACING_MM[1:]),
    )
    lungs = Lungs(
        **{
            name: Mask(getattr(phantom.lungs, name).labels[::2].copy(), low)
            for name in ("model", "anatomical", "airways")
        }
    )
    regions = organ_regions(Volume(phantom.volume.hu[::2].copy(), low), lungs)
    assert dice(regions.labels == Organ.HEART, phantom.regions.labels[::2] == Organ.HEART) > 0.85


def test_a_body_without_lungs_is_soft_tissue():
    hu = chest()
    nothing = Mask(np.zeros(hu.shape, np.uint8), geometry(hu.shape))
    regions = organ_regions(volume(hu), Lungs(nothing, nothing, nothing))
    assert set(np.unique(regions.labels)) == {Organ.OUTSIDE, Organ.SOFT_TISSUE}


@pytest.mark.parametrize("present", ["both", "right", "left"])
def test_a_body_without_bones_or_vessels_has_none(present):
    right, left = right_lung() & (present != "left"), left_lung() & (present != "right")
    hu = chest(right, left)
    labels = Mask(np.where(right, 1, np.where(left, 2, 0)).astype(np.uint8), geometry(hu.shape))
    nothing = Mask(np.zeros(hu.shape, np.uint8), geometry(hu.shape))
    regions = organ_regions(volume(hu), Lungs(labels, labels, nothing))
    assert not np.isin(regions.labels, (Organ.VERTEBRAE, Organ.RIBS, Organ.AIRWAYS)).any()
    assert np.any(regions.labels == Organ.SOFT_TISSUE)


def test_a_field_of_view_that_cuts_the_body_on_all_sides_is_all_organ(phantom):
    cut = (slice(20, 80), slice(34, 94), slice(20, 108))
    low = VolumeGeometry.from_axes(
        (60, 60, 88),
        phantom.volume.geometry.to_patient((20, 34, 20)),
        phantom.volume.geometry.axes,
        SPACING_MM,
    )
    parts = {
        name: Mask(getattr(phantom.lungs, name).labels[cut].copy(), low)
        for name in ("model", "anatomical", "airways")
    }
    regions = organ_regions(Volume(phantom.volume.hu[cut].copy(), low), Lungs(**parts))
    assert np.mean(regions.labels == Organ.OUTSIDE) < 0.02
    assert dice(regions.labels == Organ.HEART, phantom.heart[cut]) > 0.6


def test_the_heart_of_a_real_scan_lies_left_of_the_middle_in_front_of_the_spine(lung1):
    _, regions = lung1
    heart, spine = (middle_mm(regions, organ) for organ in (Organ.HEART, Organ.VERTEBRAE))
    assert 300 < millilitres(regions, Organ.HEART) < 1500
    assert 5 < heart[0] - spine[0] < 50
    assert spine[1] - heart[1] > 40


def test_the_cord_that_an_expert_drew_is_in_the_spine(lung1, shared_data):
    scan, regions = lung1
    (path,) = (shared_data / "lung1-001" / "rtstruct").glob("*.dcm")
    cord = read_structures(path, scan.geometry)["Spinal-Cord"]
    points = scan.geometry.to_patient(np.argwhere(cord))
    assert np.mean(at(regions, points) == Organ.VERTEBRAE) > 0.9


def test_the_aorta_of_a_real_scan_runs_beside_the_spine(shared_data):
    scan, _ = read_lctsc(shared_data)
    regions = organ_regions(scan, find_lungs(scan))
    beside = [(29, 162, 146), (38, 163, 148), (47, 165, 149)]  # the middle of the aorta, by eye
    assert [regions.labels[index] for index in beside] == [Organ.GREAT_VESSELS] * 3
    assert 300 < millilitres(regions, Organ.HEART) < 1500


def test_thick_slices_and_coarse_pixels_have_regions_too(shared_data):
    for name in ("lungdx-a0002", "cip-tiny"):
        scan = read_scan(shared_data / name / "dicom")
        regions = organ_regions(scan, find_lungs(scan))
        assert 300 < millilitres(regions, Organ.HEART) < 1500
        assert 200 < millilitres(regions, Organ.VERTEBRAE) < 1000
