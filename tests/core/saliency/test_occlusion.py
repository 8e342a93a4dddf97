"""Occlusion by hand arithmetic, against captum's, and in the right millimetres."""

import numpy as np
import pytest
import torch
from captum.attr import Occlusion

from core.geometry import VolumeGeometry
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.progress import Cancelled, Silent
from core.saliency.occlusion import (
    cube_about,
    hidden_cubes,
    lattice,
    neighbourhood,
    occlusion,
    replaced,
)
from tests.phantoms import STORAGE_ORDERS

GRID = VolumeGeometry.from_axes((16, 24, 24), (-50, 20, 300), STORAGE_ORDERS["oblique"], (4, 2, 2))
ALL = np.ones(GRID.shape, bool)


def test_a_cube_takes_the_voxels_whose_centres_lie_in_it():
    cube = cube_about(np.array([5.0, 10.0, 10.5]), np.array([3.0, 4.0, 4.0]), GRID.shape)
    assert cube == (slice(4, 7), slice(8, 12), slice(9, 13))


def test_a_cube_smaller_than_a_voxel_takes_the_one_it_lies_in():
    cube = cube_about(np.array([5.2, 9.8, 3.0]), np.array([0.1, 0.1, 0.1]), GRID.shape)
    assert cube == (slice(5, 6), slice(10, 11), slice(3, 4))


def test_a_cube_is_cut_at_the_border_of_the_grid():
    cube = cube_about(np.array([0.0, 23.0, 40.0]), np.array([3.0, 4.0, 4.0]), GRID.shape)
    assert cube == (slice(0, 2), slice(21, 24), slice(24, 24))


@pytest.mark.parametrize("edge", [1.0, 2.5, 3.3, 7.0])
def test_neighbouring_cubes_share_no_voxel_and_leave_none_out(edge):
    centres = 0.37 + edge * np.arange(60)
    parts = [cube_about(np.full(3, c), np.full(3, edge), (40, 40, 40))[0] for c in centres]
    taken = np.concatenate([np.arange(40)[part] for part in parts])
    assert taken.tolist() == sorted(set(taken))
    assert set(range(1, 40)) <= set(taken)


def test_the_cube_gets_the_mean_of_its_shell_and_nothing_else_changes():
    image = np.zeros(GRID.shape, np.float32)
    image[:, :, :12] = 0.2
    image[:, :, 12:] = 0.6
    image[6:9, 10:14, 3:7] = 1.0
    cube = (slice(6, 9), slice(10, 14), slice(3, 7))
    made = replaced(image, ALL, cube, GRID)  # 10 mm: 5 columns about it, up to column 11
    assert made[cube] == pytest.approx(0.2)
    made[cube] = image[cube]
    assert np.array_equal(made, image)


def test_only_the_region_is_used_and_only_the_region_is_changed():
    inside = np.zeros(GRID.shape, bool)
    inside[:, :, :5] = True
    image = np.where(inside, np.float32(0.2), np.float32(0.9))
    cube = (slice(6, 9), slice(10, 14), slice(3, 7))
    image[cube] = 0.5
    made = replaced(image, inside, cube, GRID)
    assert made[6:9, 10:14, 3:5] == pytest.approx(0.2)
    assert (made[6:9, 10:14, 5:7] == 0.5).all()


def test_a_cube_with_nothing_of_the_region_around_it_gets_the_mean_of_the_region():
    inside = np.zeros(GRID.shape, bool)
    cube = (slice(6, 9), slice(10, 14), slice(3, 7))
    inside[cube] = True
    image = np.random.default_rng(0).random(GRID.shape, dtype=np.float32)
    assert replaced(image, inside, cube, GRID)[cube] == pytest.approx(float(image[cube].mean()))
    assert neighbourhood(image, inside, cube, GRID).size == inside.sum()


def test_the_cells_are_cubes_that_cover_the_region():
    inside = np.zeros(GRID.shape, bool)
    inside[3:14, 5:20, 2:21] = True  # 44 x 30 x 38 mm
    cells = lattice(inside, GRID, 10.0)
    assert cells.shape == (5, 3, 4)
    assert cells.spacing_mm == pytest.approx((10, 10, 10))
    assert np.abs(cells.axes - GRID.axes).max() < 1e-9
    assert cells.centre_mm == pytest.approx(GRID.to_patient((8, 12, 11)))
    count = np.zeros(GRID.shape, int)
    for cube in hidden_cubes(inside, GRID, cells, 10.0).values():
        count[cube] += 1
    assert (count[inside] == 1).all()


def test_an_empty_region_is_refused():
    with pytest.raises(ValueError, match="nothing to hide"):
        lattice(~ALL, GRID, 10.0)


def test_cubes_with_hardly_any_of_the_region_cost_no_pass():
    inside = ALL.copy()
    inside[:, :, 12:] = False
    inside[0, 0, 23] = True
    cells = lattice(inside, GRID, 12.0)
    assert {cell[2] for cell in hidden_cubes(inside, GRID, cells, 12.0)} == {0, 1}


def test_of_a_sum_the_fall_and_the_rise_are_by_hand():
    """y = sum of the image: hiding a bright cube among 0 takes its sum, hiding a dark one adds."""
    cells = lattice(ALL, GRID, 16.0)  # 4 x 8 x 8 voxels
    assert cells.shape == (4, 3, 3)
    image = np.full(GRID.shape, 0.5, np.float32)
    image[4:8, 8:16, 8:16] = 1.0
    image[12:, 16:, 16:] = 0.0
    raw, geometry = occlusion(
        image, ALL, GRID, lambda x, _: float(x.sum(dtype=float)), Silent(), size_mm=16, step_mm=16
    )
    assert geometry.agrees_with(cells)
    assert raw[1, 1, 1] == pytest.approx(0.5 * 4 * 8 * 8)
    assert raw[3, 2, 2] == pytest.approx(-0.5 * 4 * 8 * 8)


def test_the_map_equals_captums_occlusion():
    """Cells of whole voxels, the fill of each cube given to captum as its baseline."""
    grid = VolumeGeometry((16, 24, 24), np.diag((2.0, 2.0, 2.0, 1.0)))
    network = MortalityResNet3D(intervals=7)
    initialise(network, 2022)
    network.eval().requires_grad_(requires_grad=False)
    image = np.random.default_rng(9).random(grid.shape, dtype=np.float32)
    inside = np.ones(grid.shape, bool)

    def value(x, _progress):
        return float(network(torch.from_numpy(x)[None, None]).logits[0, DEAD])

    ours, cells = occlusion(image, inside, grid, value, Silent(), size_mm=16, step_mm=16)
    baseline = image.copy()
    for cube in hidden_cubes(inside, grid, cells, 16).values():
        baseline[cube] = replaced(image, inside, cube, grid)[cube]
    reference = (
        Occlusion(lambda x: network(x).logits)
        .attribute(
            torch.from_numpy(image)[None, None],
            sliding_window_shapes=(1, 8, 8, 8),
            strides=(1, 8, 8, 8),
            baselines=torch.from_numpy(baseline)[None, None],
            target=DEAD,
        )[0, 0, ::8, ::8, ::8]
        .numpy()
    )
    assert ours.shape == reference.shape == (2, 3, 3)
    assert (reference > 0).any()
    assert (reference < 0).any()
    assert np.abs(ours - reference).max() < 1e-5 * np.abs(reference).max() + 2e-7


def test_progress_tells_the_count_and_cancel_acts_within_a_pass():
    class Recording:
        def __init__(self):
            self.steps = []

        def step(self, fraction, message):
            self.steps.append((fraction, message))
            if fraction > 0.5:
                raise Cancelled

    def value(image, progress):
        progress.step(0.5, "a layer")
        return float(image.sum())

    image = np.zeros(GRID.shape, np.float32)
    recording = Recording()
    with pytest.raises(Cancelled):
        occlusion(image, ALL, GRID, value, recording, size_mm=16, step_mm=16)
    assert recording.steps[0][1] == "Hiding 36 places"
    assert recording.steps[1][1].startswith("Hiding place 1 of 36, about")
    assert len(recording.steps) < 25
