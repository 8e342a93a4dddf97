"""Lungs of plain bodies whose volumes are known, and of real scans with experts' lungs."""

import numpy as np
import pytest

from core.errors import ModelInputError
from core.preprocessing.lung_mask import Lungs, find_lungs, lung_volumes_l, lung_warnings
from core.progress import Cancelled, Throttled
from core.volume import Mask
from tests.core.preprocessing.real_scans import dice, read_scan
from tests.core.preprocessing.thorax import (
    AIR_HU,
    LEFT_CENTRE_MM,
    LUNG_HU,
    RIGHT_CENTRE_MM,
    SHAPE,
    chest,
    ellipsoid,
    geometry,
    left_lung,
    millimetres,
    right_lung,
    volume,
)

SMALL_RADII_MM = (70.0, 48.0, 35.0)
"""0.49 L."""
LUNG_L = 4 / 3 * np.pi * 110 * 75 * 55 / 1e6


def trachea():
    """A tube of 18 mm from the middle of the chest to the last slice."""
    z, y, x = millimetres()
    return ((y + 20) ** 2 + x**2 <= 9**2) & (z > 30)


def masks(lungs):
    return lungs.model.labels, lungs.anatomical.labels


def assert_is(labels, name, lung):
    assert dice(labels == name, lung) > 0.97


def test_the_right_lung_is_1_and_the_left_lung_is_2():
    lungs = find_lungs(volume(chest(right_lung(), left_lung())))
    for labels in masks(lungs):
        assert_is(labels, 1, right_lung())
        assert_is(labels, 2, left_lung())
    assert lung_volumes_l(lungs.model) == pytest.approx((LUNG_L, LUNG_L), rel=0.04)
    assert lung_volumes_l(lungs.anatomical) == pytest.approx((LUNG_L, LUNG_L), rel=0.02)
    assert lung_warnings(lungs) == ()


def test_a_rectangular_matrix_in_anisotropic_voxels_gives_the_same_lungs():
    grid = {"shape": (60, 170, 105), "spacing_mm": (5.0, 1.6, 4.0)}
    right, left = right_lung(**grid), left_lung(**grid)
    lungs = find_lungs(volume(chest(right, left, **grid), grid["spacing_mm"]))
    for labels in masks(lungs):
        assert_is(labels, 1, right)
        assert_is(labels, 2, left)


def test_trachea_and_table_are_not_lung():
    hu = chest(right_lung(), left_lung())
    hu[trachea()] = AIR_HU
    _, y, x = millimetres()
    table = (abs(x) < 180) & (y > 130) & (y < 142)
    hu[table] = 100  # a shell with foam inside
    hu[(abs(x) < 170) & (y > 133) & (y < 139)] = -900
    for labels in masks(find_lungs(volume(hu))):
        assert not labels[trachea() | table].any()
        assert_is(labels, 1, right_lung())


def test_vessels_within_a_lung_are_lung():
    vessel = ellipsoid((0, 0, -75), (40, 8, 8))
    hu = chest(right_lung(), left_lung())
    hu[vessel] = 40
    for labels in masks(find_lungs(volume(hu))):
        assert (labels[vessel] == 1).all()


def test_lungs_that_touch_are_parted():
    bridge = ellipsoid((10, -30, 0), (30, 8, 40))
    for labels in masks(find_lungs(volume(chest(right_lung(), left_lung(), bridge)))):
        assert_is(labels, 1, right_lung())
        assert_is(labels, 2, left_lung())
        assert_is(labels[..., :70], 1, (right_lung() | bridge)[..., :70])


@pytest.mark.parametrize(("lung", "name", "other"), [(right_lung, 1, 2), (left_lung, 2, 1)])
def test_a_single_lung_is_labelled_by_its_side_with_a_warning(lung, name, other):
    lungs = find_lungs(volume(chest(lung())))
    for labels in masks(lungs):
        assert_is(labels, name, lung())
        assert not (labels == other).any()
    missing = {1: "right", 2: "left"}[other]
    assert any(f"{missing} lung 0.0 L" in warning for warning in lung_warnings(lungs))


def test_lungs_that_open_into_the_air_outside_are_found_and_keep_their_tops():
    """As with an open mouth: lungs, trachea and the air around the body hang together.

    Only below the opening are the lungs closed; what is dropped to find them must come back.
    """
    z, y, x = millimetres()
    main_bronchi = (abs(z - 33) < 7) & (abs(y + 20) < 7) & (abs(x) < 45)
    opening = (abs(z - 99) < 4) & (y < -20) & (abs(x) < 6)
    hu = chest(right_lung(), left_lung(), main_bronchi)
    hu[trachea() | opening] = AIR_HU
    tops = (right_lung() | left_lung()) & (z > 96)
    for labels in masks(find_lungs(volume(hu))):
        assert dice(labels > 0, right_lung() | left_lung()) > 0.95
        assert (labels[tops] > 0).mean() > 0.75
        assert not labels[chest() == AIR_HU].any()


def test_air_of_no_lung_is_refused_in_words():
    with pytest.raises(ModelInputError, match=r"No lungs were found: expected .* 0\.68 to 7\.5 L"):
        find_lungs(volume(chest()))


def test_two_lungs_that_are_too_small_alone_are_found_together():
    """Fluid presses both lungs small: the published rule wants 0.68 L of one part."""
    small = [ellipsoid(centre, SMALL_RADII_MM) for centre in (RIGHT_CENTRE_MM, LEFT_CENTRE_MM)]
    lungs = find_lungs(volume(chest(*small)))
    assert lung_volumes_l(lungs.model) == pytest.approx((0.49, 0.49), abs=0.04)
    assert len(lung_warnings(lungs)) == 2


def test_one_part_that_is_too_small_alone_is_no_lung():
    with pytest.raises(ModelInputError, match="No lungs"):
        find_lungs(volume(chest(ellipsoid(RIGHT_CENTRE_MM, SMALL_RADII_MM))))


@pytest.mark.parametrize("hu", [40, AIR_HU])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 64, 64)])
def test_a_volume_of_one_value_is_refused_too(hu, shape):
    with pytest.raises(ModelInputError, match="No lungs"):
        find_lungs(volume(np.full(shape, hu, np.int16)))


def test_a_part_of_less_than_the_least_volume_is_no_lung():
    small = ellipsoid((0, 0, -60), (50, 50, 50))  # 0.52 L
    with pytest.raises(ModelInputError, match="No lungs"):
        find_lungs(volume(chest(small)))


def test_a_scan_that_ends_within_the_lungs_says_so():
    hu = chest(right_lung(), left_lung())[30:]
    lungs = find_lungs(volume(np.ascontiguousarray(hu)))
    assert any("ends within the lungs" in warning for warning in lung_warnings(lungs))


def lungs_of(right_slices, left_slices):
    """Blocks of 0.081 L a slice on the right and on the left."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[10 : 10 + right_slices, 20:80, 10:60] = 1
    labels[10 : 10 + left_slices, 20:80, 80:130] = 2
    mask = Mask(labels, geometry())
    return Lungs(model=mask, anatomical=mask, airways=Mask(np.zeros(SHAPE, np.uint8), geometry()))


def test_volumes_are_those_of_the_voxels():
    assert lung_volumes_l(lungs_of(40, 20).model) == pytest.approx((3.24, 1.62))


@pytest.mark.parametrize("sizes", [(31, 29), (36, 30), (33, 40), (40, 30)])
def test_lungs_of_ordinary_proportion_are_not_doubted(sizes):
    assert lung_warnings(lungs_of(*sizes)) == ()


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((18, 40), "right lung 1.5 L, left 3.2 L: the right one is smaller than expected"),
        ((45, 17), "right lung 3.6 L, left 1.4 L: the left one is smaller than expected"),
    ],
)
def test_a_lung_much_smaller_than_the_other_is_doubted(sizes, words):
    (warning,) = lung_warnings(lungs_of(*sizes))
    assert words in warning
    assert "mask may be incomplete" in warning


def test_a_lung_below_the_least_volume_is_named():
    (warning,) = lung_warnings(lungs_of(40, 5))
    assert warning == "left lung 0.4 L, less than 0.68 L: mask may be incomplete"


def test_finding_lungs_can_be_cancelled():
    with pytest.raises(Cancelled):
        find_lungs(
            volume(chest(right_lung())),
            Throttled(lambda *_: None, is_cancelled=lambda: True),
        )


def test_progress_never_runs_backwards():
    seen = []
    find_lungs(volume(chest(right_lung(), left_lung())), Throttled(lambda f, _: seen.append(f)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.slow
def test_the_lung_with_mass_and_effusion_is_the_right_and_smaller_one(lidc_folder):
    """lidc-0314 is stored feet first: sides would be exchanged if the order were taken as it is."""
    scan = read_scan(lidc_folder)
    lungs = find_lungs(scan)
    assert lung_volumes_l(lungs.model) == pytest.approx((0.876, 1.835), abs=0.02)
    assert lung_volumes_l(lungs.anatomical) == pytest.approx((0.95, 1.96), abs=0.05)
    assert scan.hu[lungs.model.labels > 0].mean() == pytest.approx(LUNG_HU, abs=60)
    (warning,) = lung_warnings(lungs)
    assert warning.startswith("right lung 1.0 L, left 2.0 L: the right one is smaller")
