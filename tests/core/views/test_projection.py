from dataclasses import replace

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.views.overlay import OverlayStyle
from core.views.projection import BACKGROUND, CUBE_MM, ROOM_CUBES, Viewpoint, volume_picture
from core.volume import SaliencyMap, Volume
from tests.results import example_result, thorax_volume

FRONT = Viewpoint(azimuth_degrees=0.0)
SHAPE = (60, 50, 80)  # 120 mm high, 100 mm deep, 160 mm wide
GEOMETRY = VolumeGeometry.from_axes(SHAPE, (-80, -50, 0), HEAD_BACK_LEFT, (2, 2, 2))
PIXEL_MM = 0.9


def box_of_bone() -> Volume:
    """Air with a cube of bone of 8 mm in every corner, so that the picture shows the whole grid."""
    hu = np.full(SHAPE, -1000, np.int16)
    for corner in np.ndindex(2, 2, 2):
        hu[tuple(slice(-6, -2) if far else slice(2, 6) for far in corner)] = 1000
    return Volume(hu, GEOMETRY)


def spot(point_mm: tuple[float, float, float], value: float = 1.0) -> SaliencyMap:
    values = np.zeros(SHAPE, np.float32)
    middle = np.rint(GEOMETRY.to_index(point_mm)).astype(int)
    values[tuple(slice(index - 3, index + 4) for index in middle)] = value
    return SaliencyMap(values, GEOMETRY, "gradcam", "logit", 0.5)


def brightest(light: np.ndarray) -> tuple[float, float]:
    """Share of height and width at which the light is strongest."""
    strength = light.sum(axis=2)
    rows, columns = np.nonzero(strength > strength.max() * 0.8)
    return rows.mean() / light.shape[0], columns.mean() / light.shape[1]


@pytest.mark.parametrize("azimuth", [-60, 0, 25, 90])
def test_the_axes_of_a_viewpoint_are_perpendicular_and_right_handed(azimuth):
    view = Viewpoint(azimuth)
    axes = np.stack([view.right, view.down, view.away])
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1)


def test_from_the_front_the_patients_left_is_on_the_right_of_the_picture():
    assert np.allclose(FRONT.right, (1, 0, 0))
    assert np.allclose(FRONT.away, (0, 1, 0))


def test_positive_azimuth_looks_from_the_patients_left():
    eye = -Viewpoint(25).away
    assert eye[0] > 0  # to the left
    assert eye[1] < 0  # in front


@pytest.mark.parametrize(
    ("point_mm", "height", "width"),
    [
        ((0, 0, 60), 0.5, 0.5),
        ((40, 0, 60), 0.5, 0.5 + 40 / 160),
        ((-40, 0, 60), 0.5, 0.5 - 40 / 160),
        ((0, 0, 90), 0.5 - 30 / 120, 0.5),
    ],
)
def test_the_saliency_glows_where_it_lies_in_the_patient(point_mm, height, width):
    dark, lit = (
        volume_picture(box_of_bone(), saliency, viewpoint=FRONT, pixel_mm=PIXEL_MM).astype(int)
        for saliency in (None, spot(point_mm))
    )
    found_height, found_width = brightest(lit - dark)
    assert found_height == pytest.approx(height, abs=0.03)
    assert found_width == pytest.approx(width, abs=0.03)


def test_a_cell_below_the_threshold_does_not_glow():
    weak = volume_picture(box_of_bone(), spot((0, 0, 60), value=0.49))
    assert np.array_equal(weak, volume_picture(box_of_bone(), None))


def test_the_glow_shows_through_bone_in_front_of_it():
    volume = box_of_bone()
    hu = volume.hu.copy()
    hu[:, 4:8, :] = 1000
    wall = replace(volume, hu=hu)
    dark = volume_picture(wall, None, viewpoint=FRONT).astype(int)
    lit = volume_picture(wall, spot((0, 20, 60)), viewpoint=FRONT).astype(int)
    assert (lit - dark).max() > 3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_picture_does_not_depend_on_the_storage_order(axis):
    request, result = example_result()
    volume, saliency = request.volume, result.saliency_by("gradcam")
    affine = volume.geometry.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (volume.geometry.shape[axis] - 1)
    affine[:3, axis] *= -1
    flipped = Volume(np.flip(volume.hu, axis).copy(), VolumeGeometry(volume.geometry.shape, affine))
    assert np.array_equal(
        volume_picture(flipped, saliency, region=result.lungs_and_heart, pixel_mm=2),
        volume_picture(volume, saliency, region=result.lungs_and_heart, pixel_mm=2),
    )


def test_the_heart_is_drawn_on_the_patients_left():
    request, result = example_result()
    region = result.lungs_and_heart
    picture = volume_picture(request.volume, None, region=region, viewpoint=FRONT).astype(int)
    red = picture[..., 0] - picture[..., 2] > 25
    columns = np.nonzero(red & (picture[..., 1] < 0.6 * picture[..., 0]))[1]
    spine = np.nonzero(picture.min(axis=2) > 80)[1]
    assert columns.mean() > spine.mean()


def test_a_volume_of_air_gives_the_background():
    air = Volume(np.full(SHAPE, -1000, np.int16), GEOMETRY)
    picture = volume_picture(air, None)
    assert np.array_equal(np.unique(picture.reshape(-1, 3), axis=0)[0], np.rint(BACKGROUND * 255))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1


def test_the_picture_is_trimmed_to_what_it_shows():
    hu = np.full(SHAPE, -1000, np.int16)
    hu[10:30, 20:30, 20:50] = 1000  # 40 mm high, 60 mm wide
    picture = volume_picture(Volume(hu, GEOMETRY), None, viewpoint=FRONT, pixel_mm=CUBE_MM)
    shown_mm = (np.array(picture.shape[:2]) - 2 * ROOM_CUBES) * CUBE_MM
    assert shown_mm == pytest.approx((40, 60), abs=4)


def test_a_finer_scan_is_averaged_and_not_sampled():
    coarse = thorax_volume()
    fine_hu = np.repeat(np.repeat(np.repeat(coarse.hu, 4, 0), 4, 1), 4, 2)[:120, :200, :200]
    noise = np.where(np.indices(fine_hu.shape).sum(axis=0) % 2, 300, -300)
    geometry = VolumeGeometry.from_axes(fine_hu.shape, (0, 0, 0), HEAD_BACK_LEFT, (0.9, 0.9, 0.9))
    plain = Volume(fine_hu, geometry)
    noisy = Volume((fine_hu + noise).astype(np.int16), geometry)
    difference = volume_picture(plain, None).astype(int) - volume_picture(noisy, None)
    assert np.abs(difference).max() <= 1


def test_the_threshold_of_the_style_decides():
    style = OverlayStyle(threshold=0.2)
    shown = volume_picture(box_of_bone(), spot((0, 0, 60), value=0.49), style=style)
    assert not np.array_equal(shown, volume_picture(box_of_bone(), None))
