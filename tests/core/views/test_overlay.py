import numpy as np
import pytest

from core.views.colour_maps import COLOUR_MAPS, colour_table
from core.views.overlay import OverlayStyle, blend, overlay_colours

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


def test_an_unknown_colour_map_is_named():
    with pytest.raises(ValueError, match="jet"):
        colour_table("jet")


def test_the_legend_has_as_many_steps_as_asked():
    assert overlay_colours(OverlayStyle(), steps=32).shape == (32, 3)
