import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT, in_stored_order, reorient
from core.volume import Mask, Volume
from tests.phantoms import MARKER_HU, MARKER_MM, STORAGE_ORDERS, marked_thorax, thorax_hu

NAMES = sorted(STORAGE_ORDERS)


@pytest.mark.parametrize("name", NAMES)
def test_slices_grow_to_the_head_rows_to_the_back_columns_to_the_left(name):
    geometry = reorient(marked_thorax(STORAGE_ORDERS[name])).geometry
    along = (geometry.axes * HEAD_BACK_LEFT).sum(1)
    assert (along > np.cos(np.radians(30))).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_voxel_keeps_its_value_and_its_place(name):
    stored = marked_thorax(STORAGE_ORDERS[name])
    turned = reorient(stored)
    index = np.argwhere(np.ones(turned.geometry.shape, bool)).reshape(*turned.geometry.shape, 3)
    points = turned.geometry.to_patient(index)
    # The phantom is a formula of the place: what lies there must be what the formula says.
    agreeing = (thorax_hu(points) == turned.hu).mean()
    assert agreeing > 0.999  # rounding at surfaces
    at = np.rint(stored.geometry.to_index(points)).astype(int)
    np.testing.assert_array_equal(stored.hu[tuple(np.moveaxis(at, -1, 0))], turned.hu)


@pytest.mark.parametrize("name", NAMES)
def test_the_marker_stays_at_its_place_in_the_patient(name):
    turned = reorient(marked_thorax(STORAGE_ORDERS[name]))
    marked = np.argwhere(turned.hu == MARKER_HU).mean(0)
    np.testing.assert_allclose(turned.geometry.to_patient(marked), MARKER_MM, atol=3)
    middle = np.array(turned.geometry.shape) / 2
    assert marked[0] > middle[0], "towards the head"
    assert marked[1] < middle[1], "in front"
    assert marked[2] > middle[2], "on the patient's left"


def test_what_lies_right_already_is_not_copied():
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"])
    assert reorient(volume) is volume


def test_turning_twice_changes_nothing_more():
    once = reorient(marked_thorax(STORAGE_ORDERS["sagittal"]))
    assert reorient(once) is once
    assert once.hu.flags.c_contiguous


def test_padding_turns_with_the_values():
    stored = marked_thorax(STORAGE_ORDERS["coronal"])
    volume = Volume(stored.hu, stored.geometry, padding=stored.hu == MARKER_HU)
    turned = reorient(volume)
    np.testing.assert_array_equal(turned.padding, turned.hu == MARKER_HU)
    assert turned.padding.flags.c_contiguous


def test_axes_at_45_degrees_are_given_out_once_each():
    turn = np.sqrt(0.5)
    axes = [(0, turn, turn), (0, turn, -turn), (1, 0, 0)]
    geometry = VolumeGeometry.from_axes((2, 3, 4), (0, 0, 0), axes, (1, 1, 1))
    turned = reorient(Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), geometry))
    assert sorted(turned.hu.ravel()) == list(range(24))
    assert turned.geometry.shape[2] == 4
    determinants = np.linalg.det(turned.geometry.affine[:3, :3]), np.linalg.det(geometry.affine)
    assert abs(determinants[0]) == pytest.approx(abs(determinants[1]))


@pytest.mark.parametrize("name", NAMES)
def test_missing_slices_turn_with_the_values(name):
    stored = marked_thorax(STORAGE_ORDERS[name])
    hu = np.array(stored.hu)
    hu[[3, 4]] = -1024
    turned = reorient(Volume(hu, stored.geometry, missing_slices=(3, 4)))
    slabs = np.moveaxis(turned.hu, turned.missing_axis, 0)
    empty = [k for k, slab in enumerate(slabs) if (slab == -1024).all()]
    assert turned.missing_slices == tuple(empty)


@pytest.mark.parametrize("name", NAMES)
def test_labels_go_back_into_the_stored_order(name):
    stored = marked_thorax(STORAGE_ORDERS[name])
    turned = reorient(stored)
    labels = Mask((turned.hu % 251).astype(np.uint8), turned.geometry)
    back = in_stored_order(labels, stored.geometry)
    np.testing.assert_array_equal(back.labels, (stored.hu % 251).astype(np.uint8))
    assert back.geometry.agrees_with(stored.geometry)
