"""The figure of phantoms beside their maps: what is drawn where."""

import io

import numpy as np
import pytest
from PIL import Image

from core.geometry import VolumeGeometry
from core.saliency_figure import (
    CAUSE_ROW,
    CELL_PX,
    HIGHEST_ROW,
    OUTLINE,
    SCAN_ROW,
    Heading,
    draw_figure,
    figure_column,
)
from core.views.lettering import WHITE
from core.volume import Mask, SaliencyMap, Volume

SHAPE = (6, 40, 60)
HEADING = Heading("Heart", "true risk x 6, model 70%", in_lung=False)


def column(threshold=0.5):
    """A grey block; the cause is a square of slice 4, and the map is hot there alone."""
    geometry = VolumeGeometry.from_axes(
        SHAPE, (0, 0, 0), np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]), (3.0, 2.0, 1.0)
    )
    truth = np.zeros(SHAPE, np.uint8)
    truth[4, 10:20, 20:40] = 1
    region = np.ones(SHAPE, np.uint8)
    saliency = SaliencyMap(truth.astype(np.float32), geometry, "gradcam", "mortality", threshold)
    volume = Volume(np.full(SHAPE, 40, np.int16), geometry)
    return figure_column(HEADING, volume, Mask(truth, geometry), Mask(region, geometry), [saliency])


def test_the_slice_with_the_cause_is_shown_plain_outlined_and_under_the_map():
    pictures = column().pictures
    assert list(pictures) == [SCAN_ROW, CAUSE_ROW, "GradCAM", HIGHEST_ROW]
    plain, outlined, hot, _ = (pictures[name].astype(int) for name in pictures)
    assert np.ptp(plain, axis=2).max() == 0
    near_outline = np.abs(outlined - np.array(OUTLINE)).max(axis=2) < 60
    assert near_outline.any()
    coloured = np.ptp(hot, axis=2) > 30
    rows, columns = np.nonzero(coloured)
    height, width = coloured.shape
    assert 0.15 < rows.min() / height < 0.3
    assert 0.45 < rows.max() / height < 0.6
    assert 0.28 < columns.min() / width < 0.38
    assert 0.62 < columns.max() / width < 0.72


def highest_row(hot_place=None):
    """The last row for a cause of slices 4 and 1; the map covers all of the cause in slice 1."""
    geometry = VolumeGeometry.from_axes(
        SHAPE, (0, 0, 0), np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]), (3.0, 2.0, 1.0)
    )
    truth, values = np.zeros((2, *SHAPE), np.float32)
    truth[4, 10:20, 20:40] = 1
    truth[1, 30:35, 40:50] = 1
    if hot_place:
        values[1, 28:37, 38:52] = 0.7
        values[hot_place] = 1
    volume = Volume(np.full(SHAPE, 40, np.int16), geometry)
    masks = (Mask(truth.astype(np.uint8), geometry), Mask(np.ones(SHAPE, np.uint8), geometry))
    saliency = SaliencyMap(values, geometry, "gradcam", "mortality", 0.5)
    picture = figure_column(HEADING, volume, *masks, [saliency]).pictures[HIGHEST_ROW].astype(int)
    height, width = picture.shape[:2]

    def middle(found):
        rows, columns = np.nonzero(found)
        return (rows.mean() / height, columns.mean() / width) if len(rows) else None

    ring = middle((picture == np.array(WHITE)).all(axis=2))
    return ring, middle(np.abs(picture - np.array(OUTLINE)).max(axis=2) < 60)


def test_the_highest_place_is_ringed_and_the_outline_is_seen_over_the_map():
    ring, outline = highest_row(hot_place=(1, 10, 15))
    assert ring == pytest.approx((10.5 / 40, 15.5 / 60), abs=0.01)
    assert outline == pytest.approx((32.5 / 40, 45 / 60), abs=0.03)


def test_an_empty_map_gets_no_ring():
    ring, outline = highest_row()
    assert ring is None
    assert outline == pytest.approx((15 / 40, 30 / 60), abs=0.03)  # the slice of most cause


def test_pixels_are_square_and_fit_their_cell():
    for picture in column().pictures.values():
        height, width = picture.shape[:2]
        assert width <= CELL_PX[0]
        assert height <= CELL_PX[1]
        assert abs(height / width - (40 * 2.0) / (60 * 1.0)) < 0.02


def test_the_figure_has_a_column_for_each_phantom():
    one, two = (Image.open(io.BytesIO(draw_figure([column()] * k, "m"))) for k in (1, 2))
    assert two.width - one.width >= CELL_PX[0]
    assert two.height == one.height
