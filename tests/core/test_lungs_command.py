"""`thoralens-core lungs` as scripts use it, its masks read by others and laid over the CT."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from core.lungs_command import write_lungs
from core.preprocessing.lung_mask import find_lungs, lung_volumes_l
from core.progress import Silent
from tests.core.preprocessing.real_scans import read_scan
from tests.core.preprocessing.thorax import chest, geometry, left_lung, right_lung
from tests.phantoms import write_series

FILES = {"lungs.nii.gz", "lungs_and_heart.nii.gz"}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", "lungs", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def read_dicom(folder):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    return sitk.ReadImage(names)


def values_at(picture, points_mm):
    """Nearest values at LPS points, as any viewer finds them."""
    array = sitk.GetArrayFromImage(picture)
    columns_rows_slices = [picture.TransformPhysicalPointToIndex(p.tolist()) for p in points_mm]
    return np.array([array[k, j, i] for i, j, k in columns_rows_slices])


def test_it_prints_one_json_document_and_writes_two_masks(tmp_path, shared_data):
    done = run(shared_data / "cip-tiny" / "dicom", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {each.name for each in tmp_path.iterdir()} == FILES
    lungs = find_lungs(read_scan(shared_data / "cip-tiny" / "dicom"))
    right_l, left_l = lung_volumes_l(lungs.anatomical)
    assert document["lungs"]["right_l"] == pytest.approx(right_l)
    assert document["lungs"]["left_l"] == pytest.approx(left_l)
    assert document["series"]["slices"] == 79
    written = sitk.ReadImage(str(tmp_path / "lungs.nii.gz"))
    labels = sitk.GetArrayFromImage(written)
    litres = [(labels == k).sum() * np.prod(written.GetSpacing()) / 1e6 for k in (1, 2)]
    assert litres == pytest.approx((right_l, left_l), rel=1e-4)


def test_the_masks_lie_on_the_scan_as_another_reader_sees_it(tmp_path, shared_data):
    folder = shared_data / "cip-tiny" / "dicom"
    write_lungs(folder, tmp_path, progress=Silent())
    scan = read_dicom(folder)
    lungs = sitk.ReadImage(str(tmp_path / "lungs.nii.gz"))
    region = sitk.ReadImage(str(tmp_path / "lungs_and_heart.nii.gz"))
    assert lungs.GetSize() == region.GetSize() == scan.GetSize()
    draw = np.random.default_rng(5)
    labels = sitk.GetArrayFromImage(lungs)
    voxels = draw.permutation(np.argwhere(labels > 0))[:500]
    points = np.array(
        [lungs.TransformIndexToPhysicalPoint([int(n) for n in voxel[::-1]]) for voxel in voxels]
    )
    hu = values_at(scan, points)
    assert np.median(hu) < -800
    assert (values_at(region, points) == 1).all()
    names = values_at(lungs, points)
    middle_mm = (points[names == 1, 0].max() + points[names == 2, 0].min()) / 2
    assert points[names == 1, 0].mean() < middle_mm < points[names == 2, 0].mean()  # LPS: x to left


def test_a_scan_stored_feet_first_keeps_its_own_order(tmp_path):
    """The order of the voxels is that of the series: ITK-SNAP asks for it."""
    stored = chest(right_lung(), left_lung())[::-1, :, ::-1]
    turned = geometry()
    affine = np.array(turned.affine)
    for axis in (0, 2):
        affine[:3, 3] += affine[:3, axis] * (turned.shape[axis] - 1)
        affine[:3, axis] *= -1
    feet_first = type(turned)(turned.shape, affine)
    write_series(tmp_path / "series", np.ascontiguousarray(stored), feet_first)
    write_lungs(tmp_path / "series", tmp_path / "out", progress=Silent())
    lungs = sitk.ReadImage(str(tmp_path / "out" / "lungs.nii.gz"))
    expected = np.zeros(stored.shape)
    expected[right_lung()[::-1, :, ::-1]] = 1
    expected[left_lung()[::-1, :, ::-1]] = 2
    assert (sitk.GetArrayFromImage(lungs) == expected).mean() > 0.99


def test_for_people_it_prints_volumes_and_files(tmp_path, shared_data):
    done = run(shared_data / "cip-tiny" / "dicom", "--out", tmp_path)
    assert done.returncode == 0
    assert "Right lung 2.47 L, left lung 2.17 L" in done.stdout
    assert "lungs.nii.gz" in done.stdout
    assert "Research use only" in done.stderr


def test_a_series_without_lungs_is_refused_with_status_3(tmp_path):
    write_series(tmp_path / "series", chest(), geometry())
    done = run(tmp_path / "series", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "No lungs were found" in done.stderr
    assert not (tmp_path / "out").exists()


def test_missing_slices_are_refused_with_status_3(tmp_path):
    hu = chest(right_lung(), left_lung())
    write_series(tmp_path / "series", hu, geometry(), drop=(50,))
    done = run(tmp_path / "series", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "1 of 100 are in no readable file" in done.stderr
