"""Everything that may count, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.calcium.candidates import SLAB_SLICES, find_candidates
from core.calcium.rule import STANDARD, Rule
from core.errors import SeriesError
from core.volume import Volume
from tests.core.calcium.blocks import AXIAL, at, scan
from tests.phantoms import STORAGE_ORDERS


def test_a_lesion_over_three_slices_is_one_with_its_sums():
    volume = scan([(slice(1, 4), slice(10, 12), slice(10, 15), 250)])
    found = find_candidates(volume)
    assert (found.lesion_count, len(found.parts)) == (1, 3)
    assert found.agatston.tolist() == [60]
    assert found.volume_mm3.tolist() == pytest.approx([90])
    assert found.slice_ranges.tolist() == [[1, 3]]
    assert found.centres_mm[0] == pytest.approx(at(volume, (2, 10.5, 12)))


def test_parts_too_small_to_count_do_not_join_two_lesions():
    bridge = (slice(2, 3), slice(10, 11), slice(10, 11), 500)
    ends = [
        (slice(1, 2), slice(9, 12), slice(9, 12), 500),
        (slice(3, 4), slice(9, 12), slice(9, 12), 500),
    ]
    found = find_candidates(scan([*ends, bridge], spacing_mm=(3.0, 0.9, 0.9)))
    assert found.lesion_count == 2


def test_padding_is_never_a_candidate():
    volume = scan([(slice(1, 2), slice(10, 12), slice(10, 15), 250)])
    padded = Volume(volume.hu, volume.geometry, padding=volume.hu > 200)
    assert find_candidates(padded).lesion_count == 0


def test_a_scan_without_calcium_has_no_candidates():
    found = find_candidates(scan([]))
    assert (found.lesion_count, len(found.parts), found.part_at((1, 1, 1))) == (0, 0, None)
    assert not found.part_image(2).any()


def test_the_image_of_a_slice_shows_its_parts_at_their_place():
    volume = scan(
        [
            (slice(1, 2), slice(10, 12), slice(10, 15), 250),
            (slice(1, 2), slice(30, 40), slice(36, 40), 250),
            (slice(2, 3), slice(0, 2), slice(0, 5), 250),
        ]
    )
    found = find_candidates(volume)
    for index in range(6):
        assert np.array_equal(found.part_image(index) > 0, volume.hu[index] > 130)
    assert found.part_image(1)[11, 12] - 1 == found.part_at((1, 11, 12))
    assert found.part_at((1, 20, 20)) is None
    assert found.part_at((-3, 20, 20)) is None


@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 8]), st.sampled_from([0.7, 0.3, 1.2]))
@settings(max_examples=40, deadline=None)
def test_parts_are_those_of_a_plain_labelling_slice_by_slice(seed, connectivity, pixel_mm):
    rng = np.random.default_rng(seed)
    hu = rng.choice([0, 100, 150, 250, 450], size=(4, 15, 17), p=[0.6, 0.1, 0.1, 0.1, 0.1])
    shaped = scan([], shape=(4, 15, 17), spacing_mm=(2.0, pixel_mm, 0.6))
    volume = Volume(hu.astype(np.int16), shaped.geometry)
    found = find_candidates(volume, Rule(connectivity=connectivity))
    expected = plain_agatston(hu, pixel_mm * 0.6, 2.0, corners=connectivity == 8)
    assert found.agatston.sum() == pytest.approx(expected)


def plain_agatston(hu, pixel_area_mm2, increment_mm, *, corners):
    """The rule, one part after the other."""
    total = 0.0
    for plane in hu:
        labels, count = ndimage.label(plane >= 130, np.ones((3, 3)) if corners else None)
        for number in range(1, count + 1):
            part = labels == number
            area = part.sum() * pixel_area_mm2
            if area >= 1 - 1e-9:
                total += area * np.clip(plane[part].max() // 100, 1, 4) * increment_mm / 3
    return total


@given(st.integers(0, 2**32 - 1), st.integers(1, 2 * SLAB_SLICES + 5))
@settings(max_examples=20, deadline=None)
def test_lesions_are_those_of_a_plain_3d_labelling_across_the_slabs(seed, slices):
    """Pixels of 1 mm2: every part counts, so that lesions are plain 26-connected bodies."""
    rng = np.random.default_rng(seed)
    hu = np.where(rng.random((slices, 9, 11)) < 0.12, 200, 0).astype(np.int16)
    found = find_candidates(Volume(hu, scan([], shape=hu.shape).geometry))
    labels, count = ndimage.label(hu >= 130, np.ones((3, 3, 3)))
    assert found.lesion_count == count
    expected = np.sort(ndimage.sum_labels(hu >= 130, labels, np.arange(1, count + 1)))
    assert np.sort(found.volume_mm3) == pytest.approx(expected * 3.0)
    for voxel in np.argwhere(hu >= 130)[::5]:
        lesion = found.lesion_of_part[found.part_at(voxel)]
        ours = found.volume_mm3[lesion] / 3.0
        assert ours == pytest.approx((labels == labels[tuple(voxel)]).sum())


@pytest.mark.parametrize("name", [name for name in STORAGE_ORDERS if "axial" not in name])
def test_only_axial_slices_are_scored(name):
    axes = STORAGE_ORDERS[name]
    volume = scan([(slice(1, 2), slice(10, 12), slice(10, 15), 250)], axes=axes)
    if abs(axes[0, 2]) > np.cos(np.radians(30)):
        assert find_candidates(volume).agatston.sum() == pytest.approx(20)
        return
    with pytest.raises(SeriesError, match="axial"):
        find_candidates(volume)


def test_a_missing_slice_is_refused_in_words():
    volume = scan([], axes=AXIAL)
    holed = Volume(volume.hu, volume.geometry, missing_slices=(3,))
    with pytest.raises(SeriesError, match="1 of 6 are in no readable file"):
        find_candidates(holed)


def test_the_order_of_the_slices_does_not_change_the_score():
    blocks = [(slice(1, 4), slice(10, 12), slice(10, 15), 250)]
    upwards = find_candidates(scan(blocks))
    flipped = scan(blocks, axes=AXIAL * [[-1], [1], [1]])
    assert find_candidates(flipped, STANDARD).agatston.tolist() == upwards.agatston.tolist()
