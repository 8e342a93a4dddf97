"""One hot place: every kind of map lights its millimetres, however the scan lies in space.

The spotlight model looks at what is brighter than bone and at nothing else, so a map that lies
beside the marker went astray in resampling, reorientation or one of the affines. Rotations and
voxel shapes that `test_analysis.py` does not have; the position is read through ITK.
"""

import numpy as np
import pytest
import SimpleITK as sitk

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.data.fitness import Fitness
from core.data.nifti import write_nifti
from core.data.series import SeriesRecord
from core.explaining import occlude, why_here
from core.explanation import OccludeRequest, WhyHereRequest
from tests.core.spotlight_model import SPOTLIGHT, write_spotlight_bundle
from tests.phantoms import (
    CENTRE_MM,
    MARKER_MM,
    MARKER_RADIUS_MM,
    STORAGE_ORDERS,
    marked_thorax,
)

METHODS = ("gradcam", "gradient", "signed_gradient", "smoothgrad")

OCCLUSION_MM = 50.0
"""Cubes that hold the marker: about a hundred of them cover the region."""


def turned(order, degrees):
    """Axes of a storage order, turned about patient x, y and z in that order."""
    axes = STORAGE_ORDERS[order]
    for axis, angle in enumerate(np.radians(degrees)):
        turn = np.eye(3)
        first, second = (k for k in range(3) if k != axis)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[second, first], turn[first, second] = np.sin(angle), -np.sin(angle)
        axes = axes @ turn.T
    return axes


PLACES = {
    "turned about the long axis": (turned("axial to the head", (0, 0, 28)), (5, 4, 4)),
    "nodding, thick slices": (turned("axial to the feet", (25, 0, 0)), (10, 3, 3)),
    "leaning, long rows": (turned("axial to the head", (0, -25, 0)), (4, 3, 6)),
    "turned three ways, upright voxels": (turned("axial to the head", (20, -15, 12)), (3, 6, 5)),
    "coronal and turned, thick slices": (turned("coronal", (12, 18, -20)), (9, 4, 4)),
    "sagittal and turned": (turned("sagittal to the right", (-20, 8, 15)), (6, 3, 5)),
    "prone, feet first, turned": (
        turned("feet first prone, rows to the front", (15, 15, 15)),
        (7, 4, 4),
    ),
}


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_spotlight_bundle(folder)
    return folder


@pytest.fixture(scope="module", params=PLACES)
def analysed(request, models_folder):
    axes, spacing_mm = PLACES[request.param]
    volume = marked_thorax(axes, spacing_mm)
    asked = AnalysisRequest(
        volume,
        SeriesRecord("1.2.3", ()),
        Fitness(),
        model_id=SPOTLIGHT,
        models_folder=models_folder,
        methods=METHODS,
    )
    return analyse(asked)


def itk_picture(saliency, folder):
    """The NIfTI overlay as ITK reads it: somebody else's reading of our affine."""
    path = folder / f"{saliency.method}.nii.gz"
    write_nifti(path, np.abs(saliency.thresholded().values), saliency.geometry)
    return sitk.ReadImage(str(path))


def centre_mm(saliency, folder):
    """LPS centre of what an overlay lights."""
    picture = itk_picture(saliency, folder)
    values = sitk.GetArrayFromImage(picture).astype(float)
    centre = np.array([np.average(axis, weights=values) for axis in np.indices(values.shape)])
    return np.array(picture.TransformContinuousIndexToPhysicalPoint(centre[::-1].tolist()))


def test_every_map_of_the_run_lights_the_marker(analysed, tmp_path):
    apart_mm = {}
    for saliency in analysed.saliency:
        apart = np.linalg.norm(centre_mm(saliency, tmp_path) - MARKER_MM)
        apart_mm[saliency.method] = apart / max(saliency.geometry.spacing_mm)
    assert set(apart_mm) == set(METHODS)
    assert apart_mm.pop("gradcam") < 1, "cells"
    assert max(apart_mm.values()) < 2, apart_mm


@pytest.mark.slow
def test_occlusion_lights_the_marker_and_nothing_far_from_it(analysed, tmp_path):
    request = OccludeRequest(analysed.provenance.run_id, size_mm=OCCLUSION_MM)
    (saliency,) = occlude(request).maps
    assert saliency.method == "occlusion"
    picture = itk_picture(saliency, tmp_path)
    marker = picture.TransformPhysicalPointToContinuousIndex(MARKER_MM.tolist())
    lit = np.argwhere(sitk.GetArrayFromImage(picture) > 0)[:, ::-1]
    reach = 0.5 + MARKER_RADIUS_MM / OCCLUSION_MM
    assert len(lit)
    assert np.abs(lit - marker).max() <= reach, "every lit cube touches the marker"
    cells = saliency.geometry.to_patient(np.moveaxis(np.indices(saliency.values.shape), 0, -1))
    far = np.linalg.norm(cells - MARKER_MM, axis=-1) > MARKER_RADIUS_MM + OCCLUSION_MM
    assert saliency.values.max() == 1
    assert np.abs(saliency.values[far]).max() < 0.05


def test_replacing_the_marker_lowers_the_logit_and_replacing_its_mirror_image_does_not(analysed):
    run_id = analysed.provenance.run_id
    here = why_here(WhyHereRequest(run_id, tuple(MARKER_MM), 45.0))
    mirrored = MARKER_MM * (-1, 1, 1) + (2 * CENTRE_MM[0], 0, 0)
    there = why_here(WhyHereRequest(run_id, tuple(mirrored), 30.0))
    assert not here.outside
    assert not there.outside
    assert here.change_logit < 0
    assert abs(there.change_logit) < 0.02 * abs(here.change_logit)
