from dataclasses import replace

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.views.colour_maps import COLOUR_MAPS, DIVERGING_MAPS, colour_table
from core.views.overlay import OverlayStyle, blend, is_signed, overlay_colours
from core.volume import SaliencyMap

GREY = np.full((2, 3), 100, np.uint8)


def saliency(*values):
    return np.array(values, np.float32).reshape(2, 3)


def test_pixels_without_saliency_stay_grey():
    rgb = blend(GREY, saliency(0, 0, 0, 0, 0, 0.24), OverlayStyle(threshold=0.5))
    assert (rgb == 100).all()
    assert rgb.dtype == np.uint8


def test_the_hottest_pixel_has_the_last_colour_at_the_chosen_opacity():
    style = OverlayStyle(opacity=0.5, threshold=0.5)
    rgb = blend(GREY, saliency(0, 0, 0, 0, 1, 0), style)
    expected = np.rint(0.5 * 100 + 0.5 * colour_table("inferno")[255])
    np.testing.assert_array_equal(rgb[1, 1], expected)
    np.testing.assert_array_equal(np.delete(rgb.reshape(6, 3), 4, axis=0), 100)


def test_the_threshold_has_the_first_colour_of_the_legend():
    style = OverlayStyle(opacity=1.0, threshold=0.5)
    rgb = blend(GREY, saliency(0.5, 0, 0, 0, 0, 0), style)
    np.testing.assert_array_equal(rgb[0, 0], overlay_colours(style)[0])


def test_between_threshold_and_half_of_it_the_colour_fades_out():
    style = OverlayStyle(opacity=1.0, threshold=0.8)
    rgb = blend(GREY, saliency(0.8, 0.7, 0.6, 0.5, 0.41, 0.4), style).reshape(6, 3).astype(int)
    distance = np.abs(rgb - 100).sum(1)
    assert (np.diff(distance) < 0).all()
    assert distance[-1] == 0


def test_no_threshold_divides_by_nothing():
    rgb = blend(GREY, saliency(0, 0.5, 1, 0, 0, 0), OverlayStyle(opacity=1, threshold=0.0))
    assert (rgb[0, 0] == 100).all()
    np.testing.assert_array_equal(rgb[0, 2], colour_table("inferno")[255])
    full = blend(GREY, saliency(0, 0.5, 1, 0, 0, 0), OverlayStyle(opacity=1, threshold=1.0))
    np.testing.assert_array_equal(full[0, 2], overlay_colours(OverlayStyle())[0])


def test_a_raw_threshold_above_the_maximum_of_a_map_draws_nothing_of_it():
    values = np.zeros((2, 2, 3), np.float32)
    values[0] = saliency(0, 0.5, 0.9, 1, 1, 0.3)
    geometry = VolumeGeometry(values.shape, np.eye(4))
    shown = SaliencyMap(values, geometry, "gradcam", "", 0.5, 0.01)
    for raw_threshold, drawn in ((0.0099, 2), (0.01, 2), (0.0101, 0), (5.0, 0)):
        style = OverlayStyle(raw_threshold=raw_threshold).of(shown)
        kept = shown.thresholded(style.threshold).values[0]
        assert np.count_nonzero(kept) == drawn
        assert (blend(GREY, kept, style) != 100).any(axis=2).sum() == drawn
        assert style.draws_nothing == (drawn == 0)
    assert OverlayStyle(raw_threshold=0.1).of(replace(shown, unit_value=0.0)).draws_nothing


def test_the_input_is_not_written():
    grey = GREY.copy()
    grey.flags.writeable = False
    blend(grey, saliency(1, 1, 1, 1, 1, 1), OverlayStyle())


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_every_colour_map_gets_brighter_and_has_256_colours(name):
    table = colour_table(name)
    assert table.shape == (256, 3)
    brightness = table @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > -1).all()
    assert brightness[-1] - brightness[0] > 150


def brightness_of(table):
    return table @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("name", DIVERGING_MAPS)
def test_a_diverging_map_is_dark_in_the_middle_and_alike_bright_at_both_ends(name):
    brightness = brightness_of(colour_table(name))
    middle = int(brightness.argmin())
    assert middle == pytest.approx(128, abs=4)
    assert (np.diff(brightness[: middle + 1]) < 1).all()
    assert (np.diff(brightness[middle:]) > -1).all()
    assert min(brightness[0], brightness[-1]) - brightness[middle] > 130
    assert brightness[0] == pytest.approx(brightness[-1], abs=20)


@pytest.mark.parametrize("name", DIVERGING_MAPS)
def test_both_signs_are_told_apart_and_stand_out_from_their_threshold_on(name):
    style = OverlayStyle(diverging_map=name)
    low, high = (overlay_colours(style, sign=sign).astype(int) for sign in (-1, 1))
    np.testing.assert_array_equal(low[-1], colour_table(name)[0])
    np.testing.assert_array_equal(high[-1], colour_table(name)[255])
    assert np.abs(low - high).sum(axis=1).min() > 60
    assert np.diff(brightness_of(low)).mean() > 0.1


def test_a_signed_pixel_takes_the_colour_of_its_side():
    style = OverlayStyle(opacity=1.0, threshold=0.5)
    rgb = blend(GREY, saliency(-1, 1, 0, -0.2, 0.2, 0), style, signed=True)
    np.testing.assert_array_equal(rgb[0, 0], colour_table("berlin")[0])
    np.testing.assert_array_equal(rgb[0, 1], colour_table("berlin")[255])
    assert (rgb.reshape(6, 3)[2:] == 100).all()


def small_map(method, unit_value):
    geometry = VolumeGeometry((1, 1, 2), np.eye(4))
    return SaliencyMap(np.ones((1, 1, 2), np.float32), geometry, method, "", 0.5, unit_value)


def test_an_absolute_threshold_is_a_share_of_each_maps_own_maximum():
    style = OverlayStyle(threshold=0.7, raw_threshold=0.02)
    assert style.of(small_map("gradcam", 0.08)).threshold == pytest.approx(0.25)
    assert style.of(small_map("gradcam", 0.02)).threshold == 1.0
    assert style.of(small_map("gradcam", 0.01)).draws_nothing
    relative = OverlayStyle(threshold=0.7)
    assert relative.of(small_map("gradcam", 0.08)) is relative


def test_only_signed_methods_are_signed():
    assert is_signed(small_map("signed_gradient", 1.0))
    assert is_signed(small_map("occlusion", 1.0))
    assert not is_signed(small_map("gradient", 1.0))


def test_an_unknown_colour_map_is_named():
    with pytest.raises(ValueError, match="jet"):
        colour_table("jet")


def test_the_legend_has_as_many_steps_as_asked():
    assert overlay_colours(OverlayStyle(), steps=32).shape == (32, 3)
