from functools import lru_cache

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.lungs import paint_lungs
from core.phantom.mediastinum import build_mediastinum
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Diseases, Finding, Subject
from core.phantom.thorax import paint_thorax
from core.progress import Silent
from tests.core.phantom.lung_spaces import HEAD_BACK_LEFT, lung_distance

HALF = (64, 128, 128), (5.0, 2.9, 2.9)
WORKING = (128, 256, 256), (2.5, 1.45, 1.45)
MIDDLING = (96, 192, 192), (3.4, 2.0, 2.0)

REFERENCE = Build()


def grid(shape, spacing_mm) -> VolumeGeometry:
    """Round LPS 0, 0, 0."""
    origin = [-(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)][::-1]
    return VolumeGeometry.from_axes(shape, origin, HEAD_BACK_LEFT, spacing_mm)


@lru_cache(maxsize=16)
def painted(size=HALF, seed=1, build=REFERENCE, **amounts):
    """HU, truth and the lungs' mask of ellipsoid lungs round the real mediastinum's centre."""
    subject = Subject(seed, build=build, diseases=Diseases(**amounts))
    canvas = Canvas(grid(*size), 0.0, (build.width, build.depth, build.height))
    lung, organs = lung_distance(canvas), build_mediastinum(canvas, subject)
    truth = paint_lungs(canvas, lung, organs, subject, Silent())
    canvas.hu.flags.writeable = False
    return canvas.hu, truth, lung < 0


@pytest.fixture(scope="module")
def healthy():
    return painted()


ILL = {
    Finding.EMPHYSEMA: {"centrilobular": 0.1, "panlobular": 0.05},
    Finding.FIBROSIS: {"fibrosis": 0.1},
    Finding.NODULE: {"nodule_mm": 25.0},
    Finding.EFFUSION: {"effusion_ml": (250.0, 0.0)},
}


def test_a_healthy_lung_has_the_density_of_a_healthy_lung(healthy):
    hu, truth, lung = healthy
    assert truth == {}
    assert -880 < hu[lung].mean() < -780
    assert (hu[lung] < -950).mean() < 0.03


def test_healthy_lungs_of_many_persons_lie_within_the_published_range():
    for seed in range(2, 5):
        hu, _, lung = painted(seed=seed)
        assert -880 < hu[lung].mean() < -780
        assert (hu[lung] < -950).mean() < 0.03


@pytest.mark.parametrize(("finding", "amounts"), ILL.items())
def test_every_disease_has_its_truth_and_leaves_the_rest_as_it_was(healthy, finding, amounts):
    hu, truth, lung = painted(**amounts)
    assert list(truth) == [finding]
    changed = np.abs(hu - healthy[0]) > 30
    reach = binary_dilation(truth[finding], iterations=6 if finding is Finding.EFFUSION else 4)
    assert (changed & truth[finding]).sum() > 0.9 * truth[finding].sum()
    assert (changed & lung & ~reach).sum() < 0.03 * lung.sum()
    assert not (truth[finding] & ~lung).any()


def test_an_amount_of_nothing_changes_no_voxel(healthy):
    hu, truth, _ = painted(centrilobular=0.0, nodule_mm=0.0, effusion_ml=(0.0, 0.0))
    assert np.array_equal(hu, healthy[0])
    assert truth == {}


@pytest.mark.parametrize(("finding", "amounts"), ILL.items())
def test_other_diseases_do_not_move_a_disease(finding, amounts):
    alone = painted(**amounts)[1][finding]
    others = {
        name: value
        for other, several in ILL.items()
        if other not in (finding, Finding.EFFUSION)
        for name, value in several.items()
    }
    assert np.array_equal(painted(**(others | amounts))[1][finding], alone)


def test_fluid_takes_the_place_of_lung():
    _, truth, _ = painted(effusion_ml=(600.0, 0.0), fibrosis=0.2, panlobular=0.2, nodule_mm=60.0)
    fluid = truth[Finding.EFFUSION]
    rest = [mask for finding, mask in truth.items() if finding is not Finding.EFFUSION]
    assert len(rest) == 3
    assert not any((mask & fluid).any() for mask in rest)


def test_emphysema_is_what_a_threshold_of_minus_950_finds():
    """LAA-950 before noise is close to the share of the lung asked for."""
    for amounts in ({"centrilobular": 0.1}, {"panlobular": 0.1}):
        hu, truth, lung = painted(MIDDLING, **amounts)
        assert (hu[lung] < -950).mean() == pytest.approx(0.10, abs=0.035)
        assert np.median(hu[truth[Finding.EMPHYSEMA]]) < -955


def test_hounsfield_units_of_diseases_lie_within_published_ranges():
    ranges = {
        Finding.NODULE: (25, 65),
        Finding.EFFUSION: (0, 20),
        Finding.FIBROSIS: (-760, -450),
        Finding.EMPHYSEMA: (-1000, -950),
    }
    for finding, amounts in ILL.items():
        hu, truth, _ = painted(**amounts)
        assert ranges[finding][0] < np.median(hu[truth[finding]]) < ranges[finding][1]


def test_a_nodule_does_not_lie_in_the_heart():
    subject = Subject(3, diseases=Diseases(nodule_mm=50.0))
    truth = paint_thorax(grid(*HALF), subject).truth
    assert truth[Finding.NODULE].any()
    assert not (truth[Finding.NODULE] & truth[Finding.HEART]).any()


def test_the_same_person_has_the_same_lungs_and_another_has_others(healthy):
    assert np.array_equal(painted()[0], healthy[0])
    assert not np.array_equal(painted(seed=2)[0], healthy[0])


def test_half_the_grid_gives_the_same_lungs():
    amounts = {"centrilobular": 0.1, "fibrosis": 0.1, "effusion_ml": (200.0, 100.0)}
    coarse, fine = painted(HALF, **amounts), painted(WORKING, **amounts)
    assert coarse[0][coarse[2]].mean() == pytest.approx(fine[0][fine[2]].mean(), abs=15)
    for finding, mask in coarse[1].items():
        near = binary_dilation(fine[1][finding], iterations=3)[1::2, 1::2, 1::2]
        assert (mask & near).sum() > 0.8 * mask.sum()


@pytest.mark.parametrize("size", [0.85, 1.1])
def test_amounts_hold_in_every_build(size):
    build = Build(width=size, depth=size, height=size)
    volume_ml = np.prod(HALF[1]) / 1000
    hu, truth, lung = painted(
        build=build, centrilobular=0.1, nodule_mm=30.0, effusion_ml=(150.0, 0.0)
    )
    assert truth[Finding.EFFUSION].sum() * volume_ml == pytest.approx(150, rel=0.15)
    assert truth[Finding.NODULE].sum() * volume_ml == pytest.approx(14.1, rel=0.15)
    assert truth[Finding.EMPHYSEMA].sum() / lung.sum() == pytest.approx(0.1, rel=0.15)
    assert np.isfinite(hu).all()


def test_more_fluid_than_a_chest_holds_is_an_error():
    with pytest.raises(ReportError, match="effusion"):
        painted(effusion_ml=(5000.0, 0.0))


def test_a_canvas_without_lungs_is_left_as_it_was():
    canvas = Canvas(grid((4, 8, 8), (3.0, 3.0, 3.0)), 40.0)
    organs = build_mediastinum(canvas, Subject(1))
    assert paint_lungs(canvas, canvas.distances(), organs, Subject(1), Silent()) == {}
    assert (canvas.hu == 40).all()


def test_vessels_taper_to_the_periphery_and_airways_hold_air():
    hu, _, lung = painted(MIDDLING)
    deep = binary_dilation(~lung, iterations=6)
    core, rim = lung & ~deep, lung & deep
    assert (hu[core] > -500).mean() > 1.5 * (hu[rim & (hu < -200)] > -500).mean()
    assert (hu[lung] < -980).sum() > 200  # lumen of the bronchi
