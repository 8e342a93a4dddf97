import numpy as np
import pytest
from scipy.ndimage import binary_erosion, label

from core.phantom.mediastinum import (
    CALCIUM,
    CORONARIES,
    HEART_CENTRE_MM,
    HEART_RADII_MM,
    coronary_path,
    heart_axes,
)
from core.phantom.skeleton import spine_y


def around(thorax, point_mm, reach=1):
    """HU of the voxels round an LPS point."""
    centre = np.rint(thorax.geometry.to_index(point_mm)).astype(int)
    return thorax.hu[tuple(slice(at - reach, at + reach + 1) for at in centre)]


def lungs_of(thorax):
    """Air inside the body: what a threshold leaves when the air that touches the rim is gone."""
    labels, _ = label(thorax.hu < -500)
    rim = np.unique(np.concatenate([labels[:, 0].ravel(), labels[:, -1].ravel()]))
    inside = (labels > 0) & ~np.isin(labels, rim)
    litres = np.bincount(labels[inside]) * thorax.geometry.voxel_volume_mm3 / 1e6
    return np.isin(labels, np.flatnonzero(litres > 0.5))


@pytest.mark.parametrize(
    ("tissue", "point_mm", "low_hu", "high_hu"),
    [
        ("blood of the descending aorta", (27, 30, 20), 25, 55),
        ("heart", tuple(HEART_CENTRE_MM), 25, 60),
        ("liver", (-60, 0, -112), 45, 70),
        ("spleen", (98, 46, -122), 35, 62),
        ("muscle round the shoulder", (130, -10, 112), 35, 70),
        ("fat over the sternum", (0, -112, 20), -140, -60),
        ("spongy bone of a vertebra", (0, float(spine_y(np.array(4.0))), 4), 120, 260),
        ("air in the windpipe", (2, 4, 100), -1024, -900),
        ("air outside", (-150, -150, 0), -1024, -970),
    ],
)
def test_tissues_have_their_hounsfield_units(thorax, tissue, point_mm, low_hu, high_hu):
    assert low_hu <= np.median(around(thorax, point_mm)) <= high_hu, tissue


def test_the_lungs_hold_two_to_seven_litres_at_minus_850(thorax):
    lungs = lungs_of(thorax)
    litres = lungs.sum() * thorax.geometry.voxel_volume_mm3 / 1e6
    assert 2 <= litres <= 7
    assert -900 <= np.median(thorax.hu[binary_erosion(lungs, iterations=2)]) <= -800


def test_both_lungs_lie_wholly_within_the_scan(thorax):
    lungs = binary_erosion(lungs_of(thorax), iterations=1)
    slices, rows, columns = np.nonzero(lungs)
    x = thorax.geometry.to_patient(np.stack([slices, rows, columns], axis=1))[:, 0]
    for one_lung in (slices[x < -25], slices[x > 25]):
        assert one_lung.size > 5000
        assert one_lung.min() >= 2
        assert one_lung.max() <= thorax.hu.shape[0] - 3


def test_the_heart_lies_on_the_patients_left(thorax):
    """Soft tissue between the lungs, at the level of the heart and in front of the spine."""
    place = thorax.geometry.to_index(HEART_CENTRE_MM)
    picture = thorax.hu[round(place[0])]
    row_y = thorax.geometry.to_patient([(0, r, 0) for r in range(picture.shape[0])])[:, 1]
    column_x = thorax.geometry.to_patient([(0, 0, c) for c in range(picture.shape[1])])[:, 0]
    rows, columns = np.nonzero((picture > 0) & (picture < 100))
    inner = (np.abs(column_x[columns]) < 95) & (row_y[rows] > -78) & (row_y[rows] < 5)
    assert 8 < column_x[columns][inner].mean() < 45


def test_compact_bone_and_calcium_are_bright(thorax):
    assert thorax.hu.max() > 400
    assert (thorax.hu > 250).mean() < 0.03


def test_heart_axes_are_right_angled():
    assert heart_axes() @ heart_axes().T == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize("name", CORONARIES)
def test_coronary_arteries_run_on_the_surface_of_the_heart(name):
    on_axes = (coronary_path(name) - HEART_CENTRE_MM) @ heart_axes().T / (HEART_RADII_MM + 3)
    assert np.linalg.norm(on_axes, axis=1) == pytest.approx(1, abs=0.03)


def test_coronary_arteries_go_where_they_go_in_people():
    left_front, round_back, right = (coronary_path(name) for name in ("LAD", "LCX", "RCA"))
    assert left_front[-1] @ (1, 0, 0) > left_front[0] @ (1, 0, 0)  # to the apex, on the left
    assert left_front[-1] @ (0, 0, 1) < left_front[0] @ (0, 0, 1)
    assert round_back[-1] @ (0, 1, 0) > round_back[0] @ (0, 1, 0) + 30  # round to the back
    assert right[:, 0].min() < 0  # the only one on the patient's right
    assert min(left_front[:, 0].min(), round_back[:, 0].min()) > 0


def test_every_vessel_holds_calcium_between_200_and_900_hu():
    assert {name for name, *_ in CALCIUM} == set(CORONARIES)
    assert all(200 <= hu <= 900 for *_, hu in CALCIUM)
