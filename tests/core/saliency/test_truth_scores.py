"""A map is measured against the known cause in millimetres, by hand arithmetic."""

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.saliency.truth_scores import highest_place, truth_scores
from core.volume import Mask, SaliencyMap

CT = VolumeGeometry.from_axes((16, 32, 32), (0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (4, 2, 2))
CELLS = VolumeGeometry.from_axes(
    (4, 4, 4), (7, 7, 6), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (16, 16, 16)
)


def everywhere() -> Mask:
    return Mask(np.ones(CT.shape, np.uint8), CT)


def truth(box: tuple[slice, slice, slice]) -> Mask:
    labels = np.zeros(CT.shape, np.uint8)
    labels[box] = 1
    return Mask(labels, CT)


def hot(cell: tuple[int, int, int], value: float = 1.0) -> SaliencyMap:
    values = np.zeros(CELLS.shape, np.float32)
    values[cell] = value
    return SaliencyMap(values, CELLS, method="gradcam", target="t", threshold=0.5)


ONE_CELL = (slice(4, 8), slice(8, 16), slice(16, 24))  # exactly the voxels of cell (1, 1, 2)


def test_a_map_that_is_the_truth_scores_one_everywhere() -> None:
    scores = truth_scores(hot((1, 1, 2)), truth(ONE_CELL), everywhere())
    assert (scores.hit, scores.energy_inside, scores.overlap) == (1, 1, 1)
    assert scores.average_precision == 1
    assert scores.truth_share == 1 / 64


def test_a_map_that_looks_away_scores_nothing() -> None:
    scores = truth_scores(hot((3, 3, 0)), truth(ONE_CELL), everywhere(), tolerance_mm=10)
    assert (scores.hit, scores.energy_inside, scores.overlap) == (0, 0, 0)


def test_energy_is_shared_in_proportion() -> None:
    values = np.zeros(CELLS.shape, np.float32)
    values[1, 1, 2], values[2, 2, 2] = 1.0, 0.5
    saliency = SaliencyMap(values, CELLS, method="gradcam", target="t", threshold=0.5)
    scores = truth_scores(saliency, truth(ONE_CELL), everywhere())
    assert scores.energy_inside == pytest.approx(2 / 3)
    assert scores.overlap == pytest.approx(1 / 2)  # both cells reach the threshold


def test_the_tolerance_is_in_millimetres() -> None:
    beside = hot((1, 1, 1))  # its nearest voxel centre lies 2 mm from the truth's
    part_away = truth((slice(4, 8), slice(8, 16), slice(20, 24)))  # 10 mm from it
    assert truth_scores(beside, part_away, everywhere(), tolerance_mm=9).hit == 0
    assert truth_scores(beside, part_away, everywhere(), tolerance_mm=10).hit == pytest.approx(
        1 / 8
    )
    assert truth_scores(beside, part_away, everywhere(), tolerance_mm=100).hit == 1


def test_chance_is_the_share_of_the_region_that_would_hit() -> None:
    scores = truth_scores(hot((0, 0, 0)), truth(ONE_CELL), everywhere(), tolerance_mm=0)
    assert scores.hit_by_chance == 1 / 64


def test_what_the_model_is_not_shown_does_not_count() -> None:
    region = np.zeros(CT.shape, np.uint8)
    region[:8] = 1
    values = np.ones(CELLS.shape, np.float32)
    values[1, 1, 2] = 1.0
    values[3] = 5.0  # hottest outside of the region
    saliency = SaliencyMap(values / 5, CELLS, method="gradcam", target="t", threshold=0.5)
    scores = truth_scores(saliency, truth(ONE_CELL), Mask(region, CT))
    assert scores.truth_share == 1 / 32
    assert scores.energy_inside == pytest.approx(1 / 32)
    with pytest.raises(ValueError, match="nothing of the truth"):
        truth_scores(saliency, truth((slice(12, 16), slice(0, 4), slice(0, 4))), Mask(region, CT))


def test_an_even_map_has_no_idea() -> None:
    values = np.full(CELLS.shape, 0.3, np.float32)
    saliency = SaliencyMap(values, CELLS, method="gradcam", target="t", threshold=0.5)
    scores = truth_scores(saliency, truth(ONE_CELL), everywhere())
    assert scores.hit == pytest.approx(scores.hit_by_chance)
    assert scores.energy_inside == pytest.approx(scores.truth_share)
    assert scores.average_precision == pytest.approx(scores.truth_share)
    assert scores.overlap == 0


def test_an_empty_map_is_no_hit_but_by_chance() -> None:
    scores = truth_scores(hot((0, 0, 0), 0.0), truth(ONE_CELL), everywhere())
    assert scores.hit == pytest.approx(scores.hit_by_chance)
    assert (scores.energy_inside, scores.overlap) == (0, 0)


def test_a_turned_map_is_read_where_it_lies() -> None:
    """The same cells stored from left to right: the same place in the patient, the same scores."""
    flipped = VolumeGeometry.from_axes(
        (4, 4, 4), (7 + 48, 7, 6), ((0, 0, 1), (0, 1, 0), (-1, 0, 0)), (16, 16, 16)
    )
    values = np.ascontiguousarray(hot((1, 1, 2)).values[:, :, ::-1])
    saliency = SaliencyMap(values, flipped, method="gradcam", target="t", threshold=0.5)
    assert truth_scores(saliency, truth(ONE_CELL), everywhere()) == truth_scores(
        hot((1, 1, 2)), truth(ONE_CELL), everywhere()
    )


def test_the_highest_place_is_the_middle_of_the_highest_cell() -> None:
    found = highest_place(hot((1, 1, 2)), everywhere())
    assert found is not None
    k, row, column = found
    assert k in (5, 6)  # slices 4 to 7, rows 8 to 15, columns 16 to 23
    assert row in (11, 12)
    assert column in (19, 20)


def test_the_highest_place_never_lies_outside_of_what_the_model_is_shown() -> None:
    region = np.zeros(CT.shape, np.uint8)
    region[4:8, 8:10, 16:24] = 1  # two rows of the highest cell
    region[12:, 24:, 24:] = 1
    found = highest_place(hot((1, 1, 2)), Mask(region, CT))
    assert found is not None
    k, row, _ = found
    assert k in (5, 6)
    assert row == 9
    with pytest.raises(ValueError, match="shown nothing"):
        highest_place(hot((1, 1, 2)), Mask(np.zeros(CT.shape, np.uint8), CT))


def test_an_empty_map_has_no_highest_place() -> None:
    assert highest_place(hot((1, 1, 2), value=0.0), everywhere()) is None


def test_what_lowers_the_target_takes_nothing_from_the_energy() -> None:
    values = np.zeros(CELLS.shape, np.float32)
    values[1, 1, 2], values[2, 2, 2], values[3, 3, 3] = 1.0, 0.5, -1.0
    saliency = SaliencyMap(values, CELLS, method="occlusion", target="t", threshold=0.5)
    assert truth_scores(saliency, truth(ONE_CELL), everywhere()).energy_inside == pytest.approx(
        2 / 3
    )
