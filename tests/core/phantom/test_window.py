import numpy as np

from core.phantom.shapes import Canvas
from core.phantom.window import window
from tests.core.phantom.grids import centred

GRID = centred((96, 110, 150), (3.0, 2.0, 2.0), (0.0, -20.0, 0.0))


def test_a_part_shows_the_same_places_and_shares_its_values():
    canvas = Canvas(GRID, -1000.0, (1.1, 0.9, 1.05))
    part, box = window(canvas, (-30, -40, -50), (30, 20, 1000))
    assert np.allclose(part.x, canvas.x[:, :, box[2]], atol=1e-4)
    assert np.allclose(part.y, canvas.y[:, box[1]], atol=1e-4)
    assert np.allclose(part.z, canvas.z[box[0]], atol=1e-4)
    part.paint_ellipsoid((0, 0, 0), (10, 10, 10), 40.0)
    middle = [np.abs(axis).argmin() for axis in (canvas.z, canvas.y, canvas.x)]
    assert canvas.hu[tuple(middle)] == 40.0


def test_painting_a_part_is_painting_the_whole():
    whole, parted = (Canvas(GRID, -1000.0) for _ in range(2))
    whole.paint_ellipsoid((10, -20, 5), (12, 20, 9), 40.0)
    part, _ = window(parted, (-40, -60, -40), (60, 40, 40))
    part.paint_ellipsoid((10, -20, 5), (12, 20, 9), 40.0)
    assert np.allclose(whole.hu, parted.hu, atol=1e-2)
