import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from core.views.overlay import OverlayStyle, overlay_colours
from tests.results import example_result
from viewer.legend import legend_marks, paint_legend

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
    assert [label for _, label in legend_marks(threshold)] == labels
