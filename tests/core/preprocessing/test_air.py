"""The air of each slice: shapes as skimage measures them, size and roundness as published."""

import numpy as np
from skimage.measure import label, regionprops

from core.preprocessing.air import air_in_slices, shapes
from core.progress import Silent
from core.voxel_runs import find_runs, parts
from tests.core.preprocessing.thorax import AIR_HU, TISSUE_HU, volume


def air_of(hu, spacing_mm=(1.0, 1.0, 1.0)):
    return air_in_slices(volume(hu.astype(np.int16), spacing_mm), Silent()).painted()


def tissue(shape):
    """Tissue whose corner is not constant, so that no circle is assumed."""
    hu = np.full(shape, TISSUE_HU, np.int16)
    hu[:, 0, 0] += 1
    return hu


def test_areas_and_eccentricities_are_those_of_skimage():
    blobs = np.random.default_rng(3).random((1, 40, 50)) < 0.55
    runs = find_runs(blobs, 0, 1)
    count, part = parts(len(runs.start), runs.links(runs.row_step, diagonal=True))
    area_mm2, eccentricity = shapes(runs, part, count, (0.5, 0.5))
    expected = sorted((p.area * 0.25, p.eccentricity) for p in regionprops(label(blobs[0])))
    np.testing.assert_allclose(
        sorted(zip(area_mm2, eccentricity, strict=True)), expected, atol=1e-9
    )


def test_a_circle_in_millimetres_is_round_on_pixels_that_are_not_square():
    y, x = np.mgrid[:60, :60] - 30.0
    disc = (y * 2.0) ** 2 + (x * 0.5) ** 2 <= 14.0**2
    runs = find_runs(disc[None], 0, 1)
    count, part = parts(len(runs.start), runs.links(runs.row_step))
    _, eccentricity = shapes(runs, part, count, (2.0, 0.5))
    assert eccentricity[0] < 0.3  # 0.97 if pixels were taken for square


def test_parts_of_30_mm2_or_less_are_dropped():
    hu = tissue((1, 60, 60))
    hu[0, 10:15, 10:16] = AIR_HU  # 30 mm2, less once blurred
    hu[0, 30:38, 30:38] = AIR_HU
    air = air_of(hu)
    assert not air[0, :25, :25].any()
    assert 30 < air[0, 28:40, 28:40].sum() <= 64


def test_a_thin_line_of_air_is_dropped():
    hu = tissue((1, 60, 60))
    hu[0, 20:24, 5:55] = AIR_HU  # 4 x 50: eccentricity 0.997
    assert not air_of(hu).any()


def test_outside_the_circle_of_reconstruction_is_no_air():
    hu = np.full((1, 101, 101), AIR_HU)
    air = air_of(hu)
    assert air[0, 50, 50]
    assert air[0, 0, 50]
    assert not air[0, 0, 57]  # inside, but the blur would reach outside the circle
    assert not air[0, 14, 14]
    hu[0, 0, 0] += 1  # the corner is measured: no circle
    assert air_of(hu).all()


def test_the_circle_of_a_rectangular_matrix_reaches_its_longer_sides():
    hu = np.full((1, 60, 100), AIR_HU)
    air = air_of(hu)
    assert air[0, 30, 4:96].all()
    assert air[0, 0, 30:70].all()
    assert not air[0, 0, 0]
