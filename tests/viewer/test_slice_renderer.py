from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from PySide6.QtGui import QImage

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT, reorient
from core.views.overlay import OverlayStyle, blend
from core.views.planes import Plane, nearest_slice, reslice, slice_geometry
from core.views.window import MEDIASTINUM, Window
from core.volume import SaliencyMap, Volume
from tests.results import example_result, heart_mm, thorax_volume
from viewer.slice_renderer import SliceRenderer, colour_table, saliency_codes, slab

BLACK_TO_WHITE = Window(255, 127.5)


THORAX = thorax_volume()
RESULT = example_result(THORAX)[1]


def grey_of(picture: QImage) -> np.ndarray:
    """Blue channel, which is the grey where no overlay lies."""
    bytes_ = np.array(picture.constBits(), np.uint8)  # a copy: the picture may be gone
    return bytes_.reshape(picture.height(), picture.bytesPerLine() // 4, 4)[:, : picture.width(), 0]


def colours_of(picture: QImage) -> np.ndarray:
    bytes_ = np.array(picture.constBits(), np.uint8)  # a copy: the picture may be gone
    return bytes_.reshape(picture.height(), picture.width(), 4)[:, :, 2::-1]


def ramp_volume() -> Volume:
    shape = (2, 3, 4)
    hu = np.arange(24, dtype=np.int16).reshape(shape)
    return Volume(hu, VolumeGeometry.from_axes(shape, (0, 0, 0), HEAD_BACK_LEFT, (3, 2, 1)))


def test_grey_of_a_window_of_255_hu_is_the_hounsfield_unit_itself():
    picture = SliceRenderer(Plane.AXIAL).picture(ramp_volume(), 1, BLACK_TO_WHITE)
    assert grey_of(picture).tolist() == [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]


def test_coronal_and_sagittal_pictures_have_the_head_at_the_top():
    coronal = SliceRenderer(Plane.CORONAL).picture(ramp_volume(), 0, BLACK_TO_WHITE)
    assert grey_of(coronal).tolist() == [[12, 13, 14, 15], [0, 1, 2, 3]]
    sagittal = SliceRenderer(Plane.SAGITTAL).picture(ramp_volume(), 3, BLACK_TO_WHITE)
    assert grey_of(sagittal).tolist() == [[15, 19, 23], [3, 7, 11]]


def test_a_kept_picture_never_shows_the_slice_window_or_volume_before():
    volume, result = THORAX, RESULT
    maps = [None, *result.saliency]
    styles = [OverlayStyle(), OverlayStyle(opacity=0.9), OverlayStyle(threshold=0.7)]
    kept = SliceRenderer(Plane.AXIAL)
    other = replace(volume, hu=(volume.hu + np.int16(40)).astype(np.int16))
    cases = product([volume, other], [31, 33], [MEDIASTINUM, Window(1500, -600)], maps, styles)
    for case, index, window, saliency, style in sorted(cases, key=lambda case: hash(case[1:3])):
        shown = kept.picture(case, index, window, saliency=saliency, style=style)
        fresh = SliceRenderer(Plane.AXIAL)
        assert shown == fresh.picture(case, index, window, saliency=saliency, style=style)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("method", ["gradcam", "gradient"])
@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.9])
def test_overlay_is_the_blend_of_the_report_to_within_the_rounding_of_256_codes(
    plane, method, threshold
):
    volume = THORAX
    saliency = RESULT.saliency_by(method)
    style = OverlayStyle(opacity=0.6, threshold=threshold)
    index = nearest_slice(volume, plane, heart_mm(volume.geometry))
    renderer = SliceRenderer(plane)
    grey = grey_of(renderer.picture(volume, index, MEDIASTINUM))
    shown = colours_of(renderer.picture(volume, index, MEDIASTINUM, saliency=saliency, style=style))
    place = slice_geometry(volume.geometry, plane, index)
    expected = blend(grey, reslice(saliency.thresholded(threshold), place), style)
    assert np.abs(shown.astype(int) - expected).max() <= 6
    assert (shown != grey[:, :, None]).any() == (expected != grey[:, :, None]).any()


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.6])
def test_a_signed_overlay_is_the_blend_of_the_report_to_within_the_rounding(threshold):
    gradient = RESULT.saliency_by("gradient")
    signs = np.where(np.indices(gradient.values.shape)[2] % 4 < 2, 1, -1).astype(np.float32)
    saliency = replace(gradient, values=gradient.values * signs, method="signed_gradient")
    style = OverlayStyle(opacity=0.6, threshold=threshold)
    index = nearest_slice(THORAX, Plane.AXIAL, heart_mm(THORAX.geometry))
    renderer = SliceRenderer(Plane.AXIAL)
    grey = grey_of(renderer.picture(THORAX, index, MEDIASTINUM))
    picture = renderer.picture(THORAX, index, MEDIASTINUM, saliency=saliency, style=style)
    place = slice_geometry(THORAX.geometry, Plane.AXIAL, index)
    cut = reslice(saliency.thresholded(threshold), place)
    expected = blend(grey, cut, style, signed=True)
    assert (cut < -threshold / 2).any()
    assert (cut > threshold / 2).any()
    assert np.abs(colours_of(picture).astype(int) - expected).max() <= 10  # 128 codes a side


def test_what_raises_the_output_is_reddish_and_what_lowers_it_bluish():
    values = np.array([[-1.0, 0.0, 1.0]], np.float32)
    codes = saliency_codes(values, OverlayStyle(), signed=True)
    assert codes.tolist() == [[127, 0, 255]]
    table = colour_table(OverlayStyle(opacity=1.0), signed=True).reshape(256, 256)
    low, bare, high = (int(table[code, 100]) for code in codes[0])
    assert low & 0xFF > low >> 16 & 0xFF  # more blue than red
    assert high >> 16 & 0xFF > high & 0xFF
    assert bare == 0xFF646464


def test_an_absolute_threshold_is_drawn_as_its_share_of_the_maximum():
    saliency = RESULT.saliency_by("gradcam")
    index = nearest_slice(THORAX, Plane.AXIAL, heart_mm(THORAX.geometry))
    absolute = OverlayStyle(raw_threshold=0.3 * saliency.unit_value)
    pictures = [
        SliceRenderer(Plane.AXIAL).picture(
            THORAX, index, MEDIASTINUM, saliency=saliency, style=style
        )
        for style in (absolute, OverlayStyle(threshold=0.3), OverlayStyle(threshold=0.6))
    ]
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


def test_a_pixel_without_saliency_keeps_its_exact_grey():
    volume = THORAX
    saliency = RESULT.saliency_by("gradcam")
    index = nearest_slice(volume, Plane.AXIAL, heart_mm(volume.geometry))
    renderer = SliceRenderer(Plane.AXIAL)
    bare = colours_of(renderer.picture(volume, index, MEDIASTINUM)).copy()
    style = OverlayStyle(opacity=1.0)
    over = colours_of(renderer.picture(volume, index, MEDIASTINUM, saliency=saliency, style=style))
    place = slice_geometry(volume.geometry, Plane.AXIAL, index)
    outside = reslice(saliency.thresholded(0.5), place) <= 0.25
    assert outside.any()
    assert np.array_equal(bare[outside], over[outside])


def test_codes_are_zero_up_to_half_the_threshold_and_255_at_one():
    values = np.array([[0.0, 0.25, 0.26, 1.0]], dtype=np.float32)
    assert saliency_codes(values, OverlayStyle(threshold=0.5)).tolist() == [[0, 0, 3, 255]]


@pytest.mark.parametrize("plane", list(Plane))
def test_the_slab_reslices_to_what_the_whole_map_does(plane):
    volume = THORAX
    for saliency in RESULT.saliency:
        for index in (0, 17, volume.geometry.shape[plane.axis] - 1):
            place = slice_geometry(volume.geometry, plane, index)
            part = slab(saliency, place)
            np.testing.assert_allclose(reslice(part, place), reslice(saliency, place), atol=1e-5)
            assert part.values.size < saliency.values.size


def test_the_slab_of_an_oblique_map_reslices_to_what_the_whole_map_does():
    volume = THORAX
    whole = RESULT.saliency_by("gradient")
    c, s = np.cos(0.3), np.sin(0.3)
    turned = np.eye(4)
    turned[:2, :2] = [[c, -s], [s, c]]
    affine = turned @ whole.geometry.affine
    oblique = SaliencyMap(
        whole.values, VolumeGeometry(whole.geometry.shape, affine), "gradient", "", 0.5
    )
    place = slice_geometry(volume.geometry, Plane.CORONAL, 40)
    np.testing.assert_allclose(
        reslice(slab(oblique, place), place), reslice(oblique, place), atol=1e-5
    )


# --- the patient's left is on the right of the picture, for every storage order ---

STORED = [
    ((0, 1, 2), (1, 1, 1)),  # axial, head last
    ((0, 1, 2), (-1, 1, 1)),  # axial, feet last
    ((0, 1, 2), (1, 1, -1)),  # mirrored rows
    ((0, 1, 2), (-1, -1, 1)),  # prone storage
    ((0, 1, 2), (-1, -1, -1)),
    ((1, 0, 2), (1, -1, 1)),  # coronal
    ((1, 0, 2), (-1, -1, -1)),
    ((2, 0, 1), (1, -1, 1)),  # sagittal
    ((2, 0, 1), (-1, -1, -1)),
    ((2, 1, 0), (1, 1, -1)),
]
DIRECTIONS = {"L": (1, 0, 0), "P": (0, 1, 0), "H": (0, 0, 1)}


def stored_with_markers(order: tuple, signs: tuple, tilt: float) -> Volume:
    """Air with three markers, 60 mm to the left (100 HU), the back (150) and the head (200)."""
    axes = np.array([HEAD_BACK_LEFT[k] * sign for k, sign in zip(order, signs, strict=True)])
    c, s = np.cos(tilt), np.sin(tilt)
    axes = axes @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    spacing = np.array([5.0, 4.0, 3.0])[list(order)]
    shape = tuple(np.array([41, 51, 61])[list(order)])
    geometry = VolumeGeometry.from_axes(shape, (0, 0, 0), axes, spacing)
    points = geometry.to_patient(np.stack(np.indices(shape), axis=-1)) - geometry.centre_mm
    hu = np.zeros(shape, dtype=np.int16)
    for value, direction in zip((100, 150, 200), DIRECTIONS.values(), strict=True):
        hu[np.linalg.norm(points - 60 * np.array(direction), axis=-1) < 12] = value
    return Volume(hu, geometry)


@pytest.mark.parametrize("tilt", [0.0, 0.15])
@pytest.mark.parametrize(("order", "signs"), STORED)
def test_markers_lie_on_their_side_of_the_screen_in_every_storage_order(order, signs, tilt):
    volume = reorient(stored_with_markers(order, signs, tilt))
    centre = volume.geometry.centre_mm
    sides = {
        (Plane.AXIAL, 100): "right",
        (Plane.AXIAL, 150): "bottom",
        (Plane.CORONAL, 100): "right",
        (Plane.CORONAL, 200): "top",
        (Plane.SAGITTAL, 150): "right",
        (Plane.SAGITTAL, 200): "top",
    }
    letters = {100: "L", 150: "P", 200: "H"}
    for (plane, grey), side in sides.items():
        index = nearest_slice(volume, plane, centre)
        picture = grey_of(SliceRenderer(plane).picture(volume, index, BLACK_TO_WHITE))
        rows, columns = np.nonzero(np.abs(picture.astype(int) - grey) < 1)
        height, width = picture.shape
        seen = {
            "right": columns.mean() > 0.6 * width,
            "bottom": rows.mean() > 0.6 * height,
            "top": rows.mean() < 0.4 * height,
        }
        assert seen[side]
        place = slice_geometry(volume.geometry, plane, index)
        assert place.edge_letters()[side].startswith(letters[grey])
