"""The whole thorax, painted on a coarse grid of the whole chest unless said otherwise."""

import functools

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, label

from core.phantom.cage import Cage, cage_of
from core.phantom.frame import scale
from core.phantom.skeleton import build_skeleton
from core.phantom.subject import Build, Diseases, Finding, Subject
from core.phantom.thorax import Painted, paint_thorax
from core.progress import Cancelled
from tests.core.phantom.grids import WHOLE, centred

PERSONS = [*range(6), *(pytest.param(seed, marks=pytest.mark.hand) for seed in range(6, 20))]


def anyone(seed: int) -> Subject:
    """A person of any build."""
    random = np.random.default_rng(seed)
    width, depth, height = random.uniform((0.86, 0.86, 0.86), (1.1, 1.12, 1.1))
    build = Build(
        width=width,
        depth=depth,
        height=height,
        fat_mm=random.uniform(-4, 30),
        breast=random.choice([0, 1]) * random.uniform(0.3, 1.5),
        diaphragm_mm=random.uniform(0, 30),
        heart_turn_degrees=random.uniform(-12, 12),
        kyphosis=random.uniform(0.7, 1.6),
    )
    diseases = Diseases(
        vertebral_hu=random.uniform(60, 220),
        muscle=random.uniform(0.6, 1.1),
        heart_scale=random.uniform(1, 1.3),
    )
    return Subject(seed, build=build, diseases=diseases)


@functools.cache
def painted(seed: int) -> Painted:
    return paint_thorax(centred(*WHOLE), anyone(seed))


def lungs_of(one: Painted):
    """Air inside the cage; gas in the stomach is too little to count."""
    canvas = one.canvas
    labels, _ = label((canvas.hu < -500) & (Cage().distance(canvas) < 6))
    millilitres = np.bincount(labels.ravel()) * canvas.geometry.voxel_volume_mm3 / 1e3
    millilitres[0] = 0
    return np.isin(labels, np.flatnonzero(millilitres > 700))


def litres(one: Painted, mask) -> float:
    return float(mask.sum() * one.canvas.geometry.voxel_volume_mm3 / 1e6)


@pytest.mark.parametrize("seed", PERSONS)
def test_the_lungs_hold_two_to_seven_litres(seed):
    assert 2 <= litres(painted(seed), lungs_of(painted(seed))) <= 7


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_both_lungs_lie_wholly_within_the_scan(seed):
    lungs = binary_erosion(lungs_of(painted(seed)))
    slices, _, columns = np.nonzero(lungs)
    for one_lung in (slices[columns < 40], slices[columns > 56]):
        assert one_lung.size > 2000
        assert one_lung.min() >= 1
        assert one_lung.max() <= lungs.shape[0] - 3


def test_lungs_of_different_builds_differ():
    volumes = sorted(litres(painted(seed), lungs_of(painted(seed))) for seed in (0, 1, 2))
    assert np.diff(volumes).min() > 0.02


@pytest.mark.parametrize(
    ("tissue", "point_mm", "low_hu", "high_hu"),
    [
        ("blood of the descending aorta", (27, 30, 5), 25, 60),
        ("liver", (-75, 0, -112), 45, 72),
        ("spleen", (98, 46, -125), 35, 62),
        ("muscle beside the spine", (32, 108, -30), 35, 70),
        ("fat over the breastbone", (0, -108, 20), -140, -60),
        ("air outside", (-150, -150, 0), -1024, -970),
    ],
)
def test_tissues_have_their_hounsfield_units(tissue, point_mm, low_hu, high_hu):
    geometry = centred((128, 192, 192), (2.5, 2, 2))
    canvas = reference().canvas
    centre = np.rint(geometry.to_index(point_mm)).astype(int)
    around = canvas.hu[tuple(slice(at - 1, at + 2) for at in centre)]
    assert low_hu <= np.median(around) <= high_hu, tissue


@functools.cache
def reference() -> Painted:
    return paint_thorax(centred((128, 192, 192), (2.5, 2, 2)), Subject(1))


def test_normal_lung_has_the_hounsfield_units_of_a_full_breath():
    deep = binary_erosion(lungs_of(reference()), iterations=3)
    assert -890 <= np.median(reference().canvas.hu[deep]) <= -800


@pytest.mark.parametrize("hu", [60.0, 200.0])
def test_the_vertebrae_have_the_hounsfield_units_asked_for(hu):
    geometry = centred((48, 96, 96), (5, 2, 2), (0, 20, 0))
    one = paint_thorax(geometry, Subject(1, diseases=Diseases(vertebral_hu=hu)))
    assert one.canvas.hu[one.truth[Finding.VERTEBRAE]].mean() == pytest.approx(hu, abs=6)


@pytest.mark.parametrize("amount", [0.55, 0.8])
def test_the_cross_section_of_the_muscles_follows_their_amount(amount):
    usual = painted_muscle(1.0)
    assert painted_muscle(amount) / usual == pytest.approx(amount, abs=0.12)


@functools.cache
def painted_muscle(amount: float) -> float:
    one = paint_thorax(
        centred((32, 96, 96), (10, 4, 4)), Subject(1, diseases=Diseases(muscle=amount))
    )
    return float(one.truth[Finding.MUSCLE].sum())


def test_muscle_is_where_muscle_was_painted():
    one = reference()
    hu = one.canvas.hu[binary_erosion(one.truth[Finding.MUSCLE])]
    assert 40 < np.median(hu) < 65
    assert ((hu > 0) & (hu < 110)).mean() > 0.97


def test_the_same_subject_is_the_same_thorax_bit_for_bit():
    again = paint_thorax(centred(*WHOLE), anyone(2))
    assert np.array_equal(again.canvas.hu, painted(2).canvas.hu)
    assert again.truth.keys() == painted(2).truth.keys()
    for finding, mask in again.truth.items():
        assert np.array_equal(mask, painted(2).truth[finding])


def test_another_seed_is_another_person():
    one, other = (paint_thorax(centred(*WHOLE), Subject(seed)) for seed in (1, 2))
    assert (np.abs(one.canvas.hu - other.canvas.hu) > 5).mean() > 0.02


def test_porous_bone_moves_no_voxel_outside_the_bones():
    one, other = (
        paint_thorax(centred(*WHOLE), Subject(1, diseases=Diseases(vertebral_hu=hu)))
        for hu in (70, 210)
    )
    moved = one.canvas.hu != other.canvas.hu
    assert moved.any()
    skeleton = build_skeleton(one.canvas, cage_of(Subject(1)), Subject(1))
    near = (skeleton.bone < 4) | (skeleton.cartilage < 4)
    near[skeleton.spine.box] |= np.minimum(skeleton.spine.body, skeleton.spine.arch) < 4
    assert not (moved & ~near).any()


def test_a_wider_deeper_higher_chest_has_its_lungs_scaled():
    plain = Subject(1)
    grown = Subject(1, build=Build(width=1.05, depth=1.05, height=1.05))
    one, other = (paint_thorax(centred(*WHOLE), subject) for subject in (plain, grown))
    ratio = litres(other, lungs_of(other)) / litres(one, lungs_of(one))
    assert ratio == pytest.approx(scale(grown.build).prod(), rel=0.03)


def test_half_the_grid_gives_nearly_the_same_thorax():
    fine, coarse = reference(), paint_thorax(centred(*WHOLE), Subject(1))
    assert coarse.canvas.hu.mean() == pytest.approx(fine.canvas.hu.mean(), abs=3)
    volumes = [litres(one, lungs_of(one)) for one in (fine, coarse)]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.03)
    for finding in (Finding.HEART, Finding.MUSCLE):
        sizes = [litres(one, one.truth[finding]) for one in (fine, coarse)]
        assert sizes[1] == pytest.approx(sizes[0], rel=0.06)


def test_masks_lie_on_the_canvas_and_findings_that_are_not_there_are_left_out():
    one = painted(0)
    assert {Finding.HEART, Finding.VERTEBRAE, Finding.MUSCLE} <= one.truth.keys()
    assert Finding.NODULE not in one.truth
    assert all(mask.shape == one.canvas.hu.shape for mask in one.truth.values())
    assert np.isfinite(one.canvas.hu).all()
    assert one.canvas.hu.dtype == np.float32


def test_painting_reports_its_progress_and_can_be_cancelled():
    class Impatient:
        told: list[float]

        def step(self, fraction: float, message: str) -> None:
            self.told.append(fraction)
            if fraction >= 0.4:
                raise Cancelled

    watcher = Impatient()
    watcher.told = []
    with pytest.raises(Cancelled):
        paint_thorax(centred(*WHOLE), Subject(1), watcher)
    assert watcher.told == sorted(watcher.told)
