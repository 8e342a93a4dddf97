"""Scans of heart and vessels alone: without bones, all calcium that is found is plaque."""

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from core.geometry import VolumeGeometry
from core.phantom.body import FAT_HU
from core.phantom.calcium import plaques
from core.phantom.frame import scale
from core.phantom.kernels import SOFT_SIGMA_MM
from core.phantom.mediastinum import build_mediastinum, paint_mediastinum
from core.phantom.plaque_painting import paint_plaques
from core.phantom.shapes import Canvas
from core.phantom.subject import Diseases, Subject, Vessel
from core.volume import Volume

PIXEL_MM, ROWS, COLUMNS = 0.74, 184, 224
CENTRE_MM, EXTENT_MM = (15.0, -35.0, -40.0), 165.0
SHARES = {Vessel.LAD: 0.5, Vessel.RCA: 0.28, Vessel.LCX: 0.16, Vessel.LM: 0.06}


def with_agatston(points, seed=1, **more):
    """A person whose arteries have this score together: small ones in a single artery."""
    shares = SHARES if points >= 100 else {Vessel.LAD: 1.0}
    amounts = {vessel: points * share for vessel, share in shares.items()}
    return Subject(seed, diseases=Diseases(coronary_agatston=amounts, **more))


def geometry_of(increment_mm, shift_mm=0.0):
    """The grid round the heart; `shift_mm` moves its slices."""
    slices = int(EXTENT_MM / increment_mm)
    half = (COLUMNS - 1) / 2, (ROWS - 1) / 2, (slices - 1) / 2
    step = (PIXEL_MM, PIXEL_MM, increment_mm)
    origin = np.array(CENTRE_MM) - np.multiply(half, step) + (0, 0, shift_mm)
    head_back_left = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    return VolumeGeometry.from_axes((slices, ROWS, COLUMNS), origin, head_back_left, step[::-1])


def scanned(subject, increment_mm=3.0, *, kvp=120.0, shift_mm=0.0):
    """Volume without noise by the soft kernel, and the masks of the calcium in it."""
    geometry = geometry_of(increment_mm, shift_mm)
    halved = geometry.affine @ np.array(
        [[1, 0, 0, 0], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1]]
    )
    shape = (geometry.shape[0], ROWS // 2, COLUMNS // 2)
    canvas = Canvas(VolumeGeometry(shape, halved), FAT_HU, scale(subject.build))
    paint_mediastinum(canvas, build_mediastinum(canvas, subject), subject)
    hu = np.stack([zoom(each, 2, order=1, mode="nearest", grid_mode=True) for each in canvas.hu])
    masks = paint_plaques(hu, geometry, plaques(subject), kvp=kvp)
    for k in range(len(hu)):
        hu[k] = gaussian_filter(hu[k], SOFT_SIGMA_MM / PIXEL_MM)
    return Volume(np.rint(hu).astype(np.int16), geometry), masks
