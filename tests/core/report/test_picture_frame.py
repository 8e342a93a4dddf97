from dataclasses import replace

import numpy as np

from core.prognosis import NOT_TRAINED
from core.report.picture_frame import HEIGHT_PX, WIDTH_PX, Caption, framed, picture_area
from core.views.overlay import OverlayStyle, overlay_colours

LETTERS = {"left": "R", "right": "L", "top": "A", "bottom": "P"}
CAPTION = Caption("Axial", "z 1.0 mm", LETTERS, "GradCAM", (NOT_TRAINED,))
STYLE = OverlayStyle(threshold=0.5)
BLUE = (10, 20, 250)


def blue(rows: int, columns: int) -> np.ndarray:
    return np.full((rows, columns, 3), BLUE, np.uint8)


def extent(frame: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero((frame == BLUE).all(axis=2))
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def test_a_picture_is_made_as_large_as_it_fits_and_not_distorted():
    left, top, right, bottom = picture_area()
    height, width = extent(framed(blue(200, 100), CAPTION, STYLE))
    assert height == bottom - top
    assert abs(width - height / 2) <= 1
    height, width = extent(framed(blue(100, 400), CAPTION, STYLE))
    assert width == right - left
    assert abs(height - width / 4) <= 1


def test_each_of_the_four_letters_is_drawn_at_its_edge():
    frame = framed(blue(300, 300), CAPTION, STYLE)
    places = {}
    for edge in LETTERS:
        other = framed(blue(300, 300), replace(CAPTION, letters={**LETTERS, edge: ""}), STYLE)
        places[edge] = [index.mean() for index in np.nonzero((frame != other).any(axis=2))]
    rows, columns = np.nonzero((frame == BLUE).all(axis=2))
    assert places["left"][1] < columns.min() + 40
    assert places["right"][1] > columns.max() - 40
    assert places["top"][0] < rows.min() + 60
    assert places["bottom"][0] > rows.max() - 60


def test_the_legend_has_colours_only_above_the_threshold():
    for threshold in (0.3, 0.5, 0.8):
        style = OverlayStyle(threshold=threshold)
        _, _, right, bottom = picture_area()
        legend = framed(blue(100, 100), CAPTION, style)[:bottom, right + 20].astype(int)
        coloured = np.flatnonzero(legend.max(axis=1) - legend.min(axis=1) > 40)
        assert abs(len(coloured) / 380 - (1 - threshold)) < 0.04
        assert np.abs(legend[coloured[-2]] - overlay_colours(style)[0]).max() < 12


def test_no_text_leaves_the_frame():
    long = Caption(
        "Axial", "z " * 80, LETTERS, "word " * 90, (NOT_TRAINED,) * 4, "1.2e\N{MINUS SIGN}05"
    )
    frame = framed(blue(100, 100), long, STYLE)
    assert frame.shape == (HEIGHT_PX, WIDTH_PX, 3)
    border = np.concatenate([frame[:, -6:].reshape(-1, 3), frame[-4:].reshape(-1, 3)])
    assert len(np.unique(border, axis=0)) == 1


def test_the_warning_and_the_line_on_use_are_burned_in():
    with_warning = framed(blue(100, 100), CAPTION, STYLE)
    without = framed(blue(100, 100), replace(CAPTION, warnings=()), STYLE)
    assert not np.array_equal(with_warning[-140:], without[-140:])
    assert (without[-140:].max(axis=2) > 120).sum() > 500


def test_the_threshold_stands_in_the_legend_in_the_unit_of_the_map_too():
    raw = framed(blue(100, 100), replace(CAPTION, raw_threshold="0.0062"), STYLE)
    rows, columns, _ = np.nonzero(raw != framed(blue(100, 100), CAPTION, STYLE))
    _, top, right, bottom = picture_area()
    assert columns.min() > right
    threshold_row = (top + bottom) / 2 + (0.5 - STYLE.threshold) * 380
    assert abs(rows.mean() - threshold_row) < 40
