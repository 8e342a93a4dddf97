from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from core.views.overlay import OverlayStyle, overlay_colours
from tests.results import example_result
from viewer.legend import legend_marks, legend_title, paint_legend, threshold_words

SALIENCY = {each.method: each for each in example_result()[1].saliency}


def painted(style: OverlayStyle, width: int, height: int, method: str = "gradcam") -> np.ndarray:
    picture = QImage(width + 20, height + 20, QImage.Format.Format_RGB32)
    picture.fill(0)
    painter = QPainter(picture)
    paint_legend(painter, QRectF(10, 10, width, height), style, SALIENCY[method])
    painter.end()
    pixels = np.array(picture.constBits(), np.uint8)
    return pixels.reshape(height + 20, width + 20, 4)[:, :, 2::-1].astype(int)


def coloured(pixels: np.ndarray) -> np.ndarray:
    """True where a pixel is not grey."""
    return pixels.max(axis=2) - pixels.min(axis=2) > 40


@pytest.mark.parametrize("threshold", [0.25, 0.5, 0.8])
def test_only_the_part_above_the_threshold_is_coloured(qapp, threshold):
    bars = {
        "upright": coloured(painted(OverlayStyle(threshold=threshold), 64, 200)).any(axis=1),
        "lying": coloured(painted(OverlayStyle(threshold=threshold), 260, 44)).any(axis=0),
    }
    assert bars["upright"].sum() == pytest.approx((1 - threshold) * 170, abs=12)
    assert bars["lying"].sum() == pytest.approx((1 - threshold) * 248, abs=12)


def test_the_top_of_an_upright_bar_has_the_colour_of_saliency_one(qapp):
    style = OverlayStyle(threshold=0.5)
    pixels = painted(style, 64, 200)
    rows = np.nonzero(coloured(pixels).any(axis=1))[0]
    columns = np.nonzero(coloured(pixels).any(axis=0))[0]
    middle = int(columns.mean())
    top, bottom = pixels[rows[0] + 2, middle], pixels[rows[-1] - 1, middle]
    strongest, faintest = overlay_colours(style)[-1], overlay_colours(style)[0]
    assert np.abs(top - strongest).max() <= 40
    assert np.abs(bottom - faintest).max() <= 40


def test_the_method_is_named(qapp):
    style = OverlayStyle()
    assert not np.array_equal(
        painted(style, 64, 200, "gradcam")[:26], painted(style, 64, 200, "gradient")[:26]
    )


def test_the_painter_is_left_as_it_was(qapp):
    picture = QImage(100, 140, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    before = painter.font(), painter.pen(), painter.brush()
    paint_legend(painter, QRectF(0, 0, 64, 120), OverlayStyle(), SALIENCY["gradcam"])
    after = painter.font(), painter.pen(), painter.brush()
    painter.end()
    assert before == after


@pytest.mark.parametrize(
    ("threshold", "labels"),
    [(0.5, ["0", "1", "0.50"]), (0.05, ["1", "0.05"]), (0.95, ["0", "0.95"])],
)
def test_labels_never_overprint_the_threshold(threshold, labels):
    marks = legend_marks(OverlayStyle(threshold=threshold), SALIENCY["gradcam"])
    assert [label for _, label in marks] == labels


def test_on_the_absolute_scale_the_marks_are_raw_attributions(qapp):
    style = OverlayStyle(raw_threshold=0.00615)  # the map's maximum is 0.0123
    marks = legend_marks(style, SALIENCY["gradcam"])
    assert [label for _, label in marks] == ["0", "0.012", "0.00615"]
    assert [place for place, _ in marks] == pytest.approx([0, 1, 0.5])


def test_small_raw_attributions_are_written_with_one_power_of_ten(qapp):
    small = replace(SALIENCY["gradcam"], unit_value=2.1e-5)
    style = OverlayStyle(raw_threshold=9.39e-6)
    assert legend_title(style, small) == "GradCAM ×10⁻⁶"
    assert [label for _, label in legend_marks(style, small)] == ["0", "21", "9.39"]
    assert threshold_words(style) == "9.39e−06"
    assert legend_title(OverlayStyle(), small) == "GradCAM"


@pytest.mark.parametrize("method", ["gradcam", "signed_gradient"])
def test_a_threshold_above_the_maximum_leaves_the_bar_dark_and_says_so(qapp, method):
    style = OverlayStyle(raw_threshold=0.5)  # the map's maximum is 0.0123
    saliency = replace(SALIENCY["gradcam"], method=method)
    assert not coloured(painted(style, 64, 200)).any()
    assert "none above threshold" in legend_title(style, saliency)
    assert all(0 <= place <= 1 for place, _ in legend_marks(style, saliency))
    assert threshold_words(style) == "0.5"


def test_a_signed_map_runs_from_minus_one_to_one(qapp):
    signed = replace(SALIENCY["gradient"], method="signed_gradient")
    marks = legend_marks(OverlayStyle(threshold=0.4), signed)
    assert marks == [
        (0.0, "−1"), (1.0, "1"), (pytest.approx(0.3), "−0.40"), (pytest.approx(0.7), "0.40"),
    ]  # fmt: skip


def test_both_sides_of_a_signed_bar_are_coloured_and_its_middle_is_dark(qapp):
    picture = QImage(280, 64, QImage.Format.Format_RGB32)
    picture.fill(0)
    painter = QPainter(picture)
    signed = replace(SALIENCY["gradient"], method="signed_gradient")
    paint_legend(painter, QRectF(10, 10, 260, 44), OverlayStyle(threshold=0.5), signed)
    painter.end()
    pixels = np.array(picture.constBits(), np.uint8).reshape(64, 280, 4)[:, :, 2::-1].astype(int)
    columns = coloured(pixels).any(axis=0)
    left, right = columns[:140].sum(), columns[140:].sum()
    assert left == pytest.approx(62, abs=14)  # a quarter of 248 px on either side
    assert right == pytest.approx(62, abs=14)
    assert not columns[100:180].any()
