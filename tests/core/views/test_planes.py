import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import reorient
from core.views.planes import (
    Plane,
    direction_letters,
    nearest_slice,
    reslice,
    slice_geometry,
    slice_number,
    slice_values,
)
from core.volume import SaliencyMap
from tests.phantoms import MARKER_HU, MARKER_MM, STORAGE_ORDERS, marked_thorax

NAMES = sorted(STORAGE_ORDERS)
STRAIGHT = [name for name in NAMES if name != "oblique"]
LETTERS = {
    Plane.AXIAL: {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    Plane.CORONAL: {"left": "R", "right": "L", "top": "H", "bottom": "F"},
    Plane.SAGITTAL: {"left": "A", "right": "P", "top": "H", "bottom": "F"},
}


def shown(volume, plane, point_mm):
    index = nearest_slice(volume, plane, point_mm)
    place = slice_geometry(volume.geometry, plane, index)
    return place, slice_values(volume.hu, plane, index)


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("name", STRAIGHT)
def test_edges_bear_the_letters_of_radiological_convention(name, plane):
    volume = reorient(marked_thorax(STORAGE_ORDERS[name]))
    assert slice_geometry(volume.geometry, plane, 3).edge_letters() == LETTERS[plane]


def test_oblique_edges_name_the_strongest_direction_first():
    volume = reorient(marked_thorax(STORAGE_ORDERS["oblique"]))
    letters = slice_geometry(volume.geometry, Plane.AXIAL, 3).edge_letters()
    assert letters["right"] == "L"
    assert letters["bottom"] == "PH"
    assert letters["top"] == "AF"


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("name", NAMES)
def test_a_pixel_shows_the_voxel_of_its_place_in_the_patient(name, plane):
    volume = reorient(marked_thorax(STORAGE_ORDERS[name]))
    place, picture = shown(volume, plane, MARKER_MM)
    assert picture.shape == place.shape
    marked = np.argwhere(picture == MARKER_HU)
    assert len(marked) > 5
    np.testing.assert_allclose(place.to_patient(marked.mean(0)), MARKER_MM, atol=5)
    for pixel in [(0, 0), (place.shape[0] - 1, 2), (5, place.shape[1] - 1), tuple(marked[0])]:
        index = np.rint(volume.geometry.to_index(place.to_patient(pixel))).astype(int)
        assert index[plane.axis] == place.index
        assert volume.hu[tuple(index)] == picture[pixel]


@pytest.mark.parametrize("name", NAMES)
def test_the_marker_appears_where_a_radiologist_expects_it(name):
    volume = reorient(marked_thorax(STORAGE_ORDERS[name]))
    for plane, upper, right in [
        (Plane.AXIAL, True, True),  # front is up, the patient's left is right
        (Plane.CORONAL, True, True),  # head is up
        (Plane.SAGITTAL, True, False),  # front is on the left
    ]:
        place, picture = shown(volume, plane, MARKER_MM)
        row, column = np.argwhere(picture == MARKER_HU).mean(0)
        assert (row < place.shape[0] / 2) == upper
        assert (column > place.shape[1] / 2) == right


@pytest.mark.parametrize("plane", Plane)
def test_pixels_and_patient_points_go_there_and_back(plane):
    volume = reorient(marked_thorax(STORAGE_ORDERS["oblique"]))
    place = slice_geometry(volume.geometry, plane, 4)
    pixels = np.array([(0, 0), (3.25, 7.5), (20, 1)])
    np.testing.assert_allclose(place.to_pixel(place.to_patient(pixels)), pixels, atol=1e-9)
    off_plane = place.to_patient((3.25, 7.5)) + 9 * volume.geometry.axes[plane.axis]
    np.testing.assert_allclose(place.to_pixel(off_plane), (3.25, 7.5), atol=1e-9)


def test_pixel_sizes_are_those_of_the_volume():
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"], (8.0, 6.0, 5.0))
    sizes = {plane: slice_geometry(volume.geometry, plane, 0).pixel_mm for plane in Plane}
    assert sizes[Plane.AXIAL] == pytest.approx((6, 5))
    assert sizes[Plane.CORONAL] == pytest.approx((8, 5))
    assert sizes[Plane.SAGITTAL] == pytest.approx((8, 6))


def test_the_nearest_slice_of_a_far_point_is_the_last_one():
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"])
    assert nearest_slice(volume, Plane.AXIAL, (0, 0, 9999)) == volume.geometry.shape[0] - 1
    assert nearest_slice(volume, Plane.AXIAL, (0, 0, -9999)) == 0


def test_readers_count_from_the_head_from_the_front_and_from_the_right():
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"])
    for plane, corner_mm in [
        (Plane.AXIAL, (0, 0, 9999)),
        (Plane.CORONAL, (0, -9999, 0)),
        (Plane.SAGITTAL, (-9999, 0, 0)),
    ]:
        count = volume.geometry.shape[plane.axis]
        assert slice_number(plane, nearest_slice(volume, plane, corner_mm), count) == 1


def test_directions_are_named_by_the_patients_sides():
    for vector, letters in [((1, 0, 0), "L"), ((0, -1, 0), "A"), ((0, 0, -1), "F")]:
        assert direction_letters(np.array(vector, float)) == letters
    assert direction_letters(np.array([0.8, 0.6, 0])) == "LP"
    assert direction_letters(np.array([0.1, -0.99, 0])) == "A"


def random_map(axes, shape, spacing_mm, origin_mm):
    values = np.random.default_rng(3).random(shape).astype(np.float32)
    geometry = VolumeGeometry.from_axes(shape, origin_mm, axes, spacing_mm)
    return SaliencyMap(values, geometry, "gradcam", "mortality", 0.5)


def expected_reslice(saliency, place):
    pixels = np.moveaxis(np.indices(place.shape), 0, -1)
    index = saliency.geometry.to_index(place.to_patient(pixels))
    return map_coordinates(
        saliency.values, np.moveaxis(index, -1, 0), order=1, mode="grid-constant", cval=0
    )


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("name", NAMES)
def test_saliency_is_linear_between_cells_in_patient_space(name, plane):
    volume = reorient(marked_thorax(STORAGE_ORDERS["axial to the head"]))
    saliency = random_map(STORAGE_ORDERS[name], (7, 6, 5), (40, 35, 30), volume.geometry.centre_mm)
    for index in (3, volume.geometry.shape[plane.axis] // 2, volume.geometry.shape[plane.axis] - 4):
        place = slice_geometry(volume.geometry, plane, index)
        resliced = reslice(saliency, place)
        assert resliced.shape == place.shape
        assert resliced.dtype == np.float32
        np.testing.assert_allclose(resliced, expected_reslice(saliency, place), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_saliency_on_the_grid_of_an_oblique_scan_lies_on_its_slices(name):
    volume = reorient(marked_thorax(STORAGE_ORDERS["oblique"]))
    values = np.random.default_rng(4).random(volume.geometry.shape).astype(np.float32)
    saliency = SaliencyMap(values, volume.geometry, "gradient", "mortality", 0.5)
    for plane in Plane:
        place = slice_geometry(volume.geometry, plane, 6)
        expected = slice_values(values, plane, 6)
        np.testing.assert_allclose(reslice(saliency, place), expected, atol=1e-5)


def test_outside_the_map_there_is_no_saliency():
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"])
    saliency = random_map(STORAGE_ORDERS["axial to the head"], (3, 3, 3), (5, 5, 5), (900, 900, 0))
    assert not reslice(saliency, slice_geometry(volume.geometry, Plane.AXIAL, 10)).any()
