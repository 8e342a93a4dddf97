import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.phantom.calcium import plaques
from core.phantom.plaque import Plaque
from core.phantom.plaque_painting import (
    MOST_SHIFT_MM,
    calcium_contrast,
    covers,
    paint_plaques,
    paint_slice,
    truth,
)
from core.phantom.subject import Diseases, Finding, Subject, Vessel
from tests.core.phantom.calcium_scans import CENTRE_MM, geometry_of, scanned, with_agatston

UPRIGHT = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def plaque(centre_mm=CENTRE_MM, radius=2.5, hu=600.0, **more):
    radii = (radius, radius, radius)
    return Plaque(Finding.AORTIC_CALCIUM, None, centre_mm, radii, UPRIGHT, hu, **more)


def test_a_plaque_is_painted_with_its_density_and_its_volume():
    geometry = geometry_of(1.0)
    hu = np.full(geometry.shape, 40.0, np.float32)
    paint_plaques(hu, geometry, [plaque()])
    assert hu.max() == pytest.approx(600)
    volume_mm3 = (hu - 40).sum() / 560 * geometry.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(plaque().volume_mm3, rel=0.01)


def test_thick_slices_hold_the_same_calcium_as_thin_ones():
    sums = []
    for increment_mm in (1.0, 3.0):
        geometry = geometry_of(increment_mm)
        hu = np.zeros(geometry.shape, np.float32)
        paint_plaques(hu, geometry, [plaque()])
        sums.append(hu.sum() * geometry.voxel_volume_mm3)
    assert sums[0] == pytest.approx(sums[1], rel=0.02)


def test_overlapping_slices_see_more_of_a_plaque_each():
    geometry = geometry_of(1.0)
    thin, thick = (
        truth(geometry.shape, covers(geometry, [plaque()], t))[Finding.AORTIC_CALCIUM]
        for t in (None, 3.0)
    )
    assert np.ptp(np.nonzero(thick)[0]) > np.ptp(np.nonzero(thin)[0])


def test_calcium_is_brighter_at_a_lower_voltage():
    """Thresholds of 177, 145 and 119 HU at 80, 100 and 135 kV stand for 130 HU at 120 kV."""
    ratios = [calcium_contrast(kvp) for kvp in (80.0, 100.0, 120.0, 135.0, 140.0)]
    assert ratios[:4] == pytest.approx([1.362, 1.115, 1.0, 0.915], abs=0.001)
    assert (np.diff(ratios) < 0).all()
    geometry = geometry_of(1.0)
    brightest = []
    for kvp in (100.0, 120.0):
        hu = np.full(geometry.shape, 40.0, np.float32)
        paint_plaques(hu, geometry, [plaque()], kvp=kvp)
        brightest.append(hu.max() - 40)
    assert brightest[0] / brightest[1] == pytest.approx(145 / 130, rel=1e-3)


def test_a_plaque_outside_the_scan_is_left_out():
    x, y, _ = CENTRE_MM
    assert covers(geometry_of(1.0), [plaque((x, y, 200.0)), plaque((-300.0, y, 0.0))]) == ()


def test_every_plaque_is_marked_however_thick_the_slices():
    subject = with_agatston(200)
    geometry = geometry_of(3.0)
    for cover in covers(geometry, plaques(subject)):
        assert truth(geometry.shape, [cover])[Finding.CORONARY_CALCIUM].sum() > 0


def test_the_bright_voxels_are_the_marked_ones_and_their_neighbours():
    volume, masks = scanned(with_agatston(600), 1.0)
    bright = volume.hu >= 130
    marked = masks[Finding.CORONARY_CALCIUM]
    assert (marked & bright).sum() > 0.9 * marked.sum()
    candidates = find_candidates(volume)
    nearest = np.argwhere(marked)
    for centre in candidates.centres_mm:
        apart = np.abs(nearest - volume.geometry.to_index(centre)).max(axis=1)
        assert apart.min() <= 2


def test_a_plaque_is_moved_by_less_than_its_allowance_and_keeps_its_substance():
    subject = with_agatston(300)
    before = plaques(subject)
    for old, cover in zip(before, covers(geometry_of(3.0), before), strict=True):
        new = cover.plaque
        assert np.abs(np.subtract(new.centre_mm, old.centre_mm)).max() <= MOST_SHIFT_MM + 1e-9
        assert (new.radii_mm, new.hu, new.axes) == (old.radii_mm, old.hu, old.axes)


def test_plaques_that_are_not_coronary_stay_where_they_are():
    subject = Subject(1, diseases=Diseases(valve_calcium_mm3=200.0))
    before = plaques(subject)
    assert [cover.plaque for cover in covers(geometry_of(3.0), before)] == list(before)


def test_slices_painted_one_by_one_are_the_painted_volume():
    subject = Subject(1, diseases=Diseases(coronary_agatston={Vessel.LAD: 90.0}))
    geometry = geometry_of(3.0)
    whole, single = (np.full(geometry.shape, 10.0, np.float32) for _ in range(2))
    masks = paint_plaques(whole, geometry, plaques(subject))
    found = covers(geometry, plaques(subject))
    for k in range(geometry.shape[0]):
        paint_slice(single[k], k, found)
    assert (whole == single).all()
    assert (
        masks[Finding.CORONARY_CALCIUM] == truth(geometry.shape, found)[Finding.CORONARY_CALCIUM]
    ).all()


def test_the_wall_of_a_plaque_is_soft():
    geometry = geometry_of(1.0)
    hu = np.full(geometry.shape, -100.0, np.float32)
    paint_plaques(hu, geometry, [plaque(wall_mm=2.0)])
    x, y, z = CENTRE_MM
    beside = tuple(np.rint(geometry.to_index((x + 3.5, y, z))).astype(int))
    assert hu[beside] == pytest.approx(40, abs=3)
