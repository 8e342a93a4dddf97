from dataclasses import replace

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import reorient
from core.report.figures import PIXEL_MM, hottest_point_mm, key_slice, key_views, shown_map
from core.report.picture_frame import HEIGHT_PX, WIDTH_PX
from core.views.planes import Plane
from core.volume import SaliencyMap, Volume
from tests.results import example_result

ORDERS = {
    "as shown": ((0, 1, 2), ()),
    "feet first": ((0, 1, 2), (0,)),
    "mirrored": ((0, 1, 2), (2,)),
    "upside down": ((0, 1, 2), (0, 1)),
    "coronal": ((1, 0, 2), (1,)),
    "sagittal": ((2, 0, 1), (1, 2)),
}


def stored(volume: Volume, order: str) -> Volume:
    """The same patient in another storage order."""
    axes, flips = ORDERS[order]
    hu = volume.hu.transpose(axes)
    affine = volume.geometry.affine.copy()
    affine[:3, :3] = affine[:3, list(axes)]
    for axis in flips:
        hu = np.flip(hu, axis)
        affine[:3, 3] += affine[:3, axis] * (hu.shape[axis] - 1)
        affine[:3, axis] *= -1
    geometry = VolumeGeometry(hu.shape, affine, volume.geometry.frame_of_reference_uid)
    return Volume(np.ascontiguousarray(hu), geometry, volume.series_uid)


@pytest.fixture(scope="module")
def example():
    return example_result()


@pytest.fixture(scope="module")
def views(example):
    request, result = example
    return key_views(request.volume, result)


def test_there_are_four_pictures_of_one_size(views):
    assert list(views) == ["axial", "coronal", "sagittal", "volume"]
    for picture in views.values():
        assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
        assert picture.dtype == np.uint8


@pytest.mark.parametrize("order", list(ORDERS)[1:])
def test_the_key_views_do_not_depend_on_the_storage_order(example, views, order):
    request, result = example
    again = key_views(stored(request.volume, order), result)
    for name, picture in views.items():
        assert np.array_equal(again[name], picture), name


@pytest.mark.parametrize(
    ("plane", "left", "right", "top", "bottom"),
    [("axial", *"RLAP"), ("coronal", *"RLHF"), ("sagittal", *"APHF")],
)
@pytest.mark.parametrize("order", list(ORDERS))
def test_the_letters_are_those_of_the_convention(example, order, plane, left, right, top, bottom):
    request, result = example
    volume = reorient(stored(request.volume, order))
    letters = key_slice(volume, result, Plane(plane)).place.edge_letters()
    assert letters == {"left": left, "right": right, "top": top, "bottom": bottom}


@pytest.mark.parametrize("plane", list(Plane))
def test_the_hottest_cell_is_coloured_where_it_lies_in_the_patient(example, plane):
    request, result = example
    hot_mm = np.array([31.0, -22.0, -530.0])
    axes = np.eye(3)[[2, 1, 0]]
    geometry = VolumeGeometry.from_axes((3, 3, 3), hot_mm - 12, axes, (12, 12, 12))
    values = np.zeros((3, 3, 3), np.float32)
    values[1, 1, 1] = 1
    marked = replace(result, saliency=(SaliencyMap(values, geometry, "gradcam", "logit", 0.5),))
    shown = key_slice(request.volume, marked, plane)
    pixels = shown.pixels.astype(int)
    coloured = np.nonzero(pixels.max(axis=2) - pixels.min(axis=2) > 60)
    # By hand: the slice through the nearest 4 mm voxel, 0.4 mm pixels from the picture's middle.
    down, right = {"axial": (1, 0), "coronal": (2, 0), "sagittal": (2, 1)}[plane]
    sign = 1 if plane is Plane.AXIAL else -1
    middle = (np.array(pixels.shape[:2]) - 1) / 2
    expected_row = middle[0] + sign * (hot_mm - shown.centre_mm)[down] / PIXEL_MM
    expected_column = middle[1] + (hot_mm - shown.centre_mm)[right] / PIXEL_MM
    assert coloured[0].mean() == pytest.approx(expected_row, abs=1)
    assert coloured[1].mean() == pytest.approx(expected_column, abs=1)


@pytest.mark.parametrize("plane", list(Plane))
def test_the_grey_values_lie_where_the_place_says(example, plane):
    request, result = example
    volume = request.volume
    shown = key_slice(volume, replace(result, saliency=()), plane)
    rows, columns = np.indices(shown.place.shape)
    points = shown.place.to_patient(np.stack([rows, columns], axis=-1))
    nearest = np.rint(volume.geometry.to_index(points)).astype(int)
    hu = volume.hu[tuple(np.moveaxis(nearest, -1, 0))]
    lung, bone = hu < -700, hu > 200
    assert shown.pixels[lung].mean() < 10
    if bone.any():
        assert shown.pixels[bone].mean() > 225


@pytest.mark.parametrize("plane", list(Plane))
def test_millimetres_are_equally_long_along_both_edges(example, plane):
    request, result = example
    assert key_slice(request.volume, result, plane).place.pixel_mm == pytest.approx(
        (PIXEL_MM, PIXEL_MM)
    )


@pytest.mark.parametrize("spacing_mm", [(2.5, 3.0, 3.0), (2.3, 1.7, 3.1), (4.1, 0.9, 4.3)])
def test_a_chest_that_fills_the_scan_is_shown_to_its_edge_whatever_the_voxels(spacing_mm):
    axes = np.array(example_result()[0].volume.geometry.axes)
    shape = tuple(int(n) for n in np.ceil(np.array([120.0, 150.0, 190.0]) / spacing_mm))
    grid = VolumeGeometry.from_axes(shape, (0.0, 0.0, 0.0), axes, spacing_mm, "frame")
    volume = Volume(np.zeros(shape, np.int16), grid, "1.2.3")
    _, result = example_result(volume)
    for plane in Plane:
        shown = key_slice(volume, result, plane)
        edges = grid.to_index(shown.place.to_patient([(0, 0), np.array(shown.place.shape) - 1]))
        assert edges.min() >= -0.5
        assert (edges <= np.array(shape) - 0.5).all()


def test_the_planes_go_through_the_greatest_cell(example):
    _, result = example
    saliency = result.saliency_by("gradcam")
    index = saliency.geometry.to_index(hottest_point_mm(result))
    assert saliency.values[tuple(np.rint(index).astype(int))] == saliency.values.max()


def test_without_a_map_the_planes_go_through_the_middle_of_the_region(example):
    request, result = example
    bare = replace(result, saliency=())
    assert hottest_point_mm(bare) == pytest.approx(request.volume.geometry.centre_mm, abs=4)
    pixels = key_slice(request.volume, bare, Plane.AXIAL).pixels
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_a_map_of_zeros_colours_nothing(example):
    request, result = example
    saliency = result.saliency_by("gradcam")
    empty = replace(saliency, values=np.zeros(saliency.geometry.shape, np.float32))
    pixels = key_slice(request.volume, replace(result, saliency=(empty,)), Plane.AXIAL).pixels
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_another_map_is_shown_where_no_gradcam_was_made(example):
    request, result = example
    smooth = replace(result.saliency_by("gradient"), method="smoothgrad")
    without = replace(result, saliency=(smooth,))
    assert shown_map(without) is smooth
    shown = key_slice(reorient(request.volume), without, Plane.AXIAL)
    plain = key_slice(reorient(request.volume), replace(result, saliency=()), Plane.AXIAL)
    assert (shown.pixels.max(axis=2) - shown.pixels.min(axis=2)).any()
    assert not (plain.pixels.max(axis=2) - plain.pixels.min(axis=2)).any()


def test_gradcam_comes_before_every_other_map(example):
    _, result = example
    assert shown_map(result).method == "gradcam"
    assert shown_map(replace(result, saliency=result.saliency[::-1])).method == "gradcam"
    assert shown_map(replace(result, saliency=())) is None


def test_occlusion_that_stands_alone_keeps_its_name_and_is_shown_by_size(example):
    _, result = example
    gradcam = result.saliency_by("gradcam")
    alone = replace(
        result, saliency=(replace(gradcam, values=-gradcam.values, method="occlusion"),)
    )
    assert shown_map(alone).method == "occlusion"
    assert np.array_equal(shown_map(alone).values, gradcam.values)
    assert hottest_point_mm(alone) == pytest.approx(hottest_point_mm(result))


def test_a_signed_gradient_that_stands_alone_is_shown_without_its_sign(example):
    _, result = example
    positive = result.saliency_by("gradient")
    signed = replace(positive, values=-positive.values, method="signed_gradient")
    alone = replace(result, saliency=(signed,))
    assert np.array_equal(shown_map(alone).values, positive.values)
    assert shown_map(alone).method == "gradient"
    hottest = hottest_point_mm(alone)
    assert hottest == pytest.approx(hottest_point_mm(replace(result, saliency=(positive,))))
