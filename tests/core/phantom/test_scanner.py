from dataclasses import replace

import numpy as np
import pytest

from core.phantom.kernels import SOFT_SIGMA_MM, Kernel
from core.phantom.protocol import Protocol
from core.phantom.scanner import image, scan
from core.phantom.shapes import Canvas
from core.phantom.subject import Diseases, Finding, Subject, Vessel
from core.phantom.thorax import Painted
from core.progress import Cancelled, Silent

NOBODY = Subject(seed=4)
QUIET = Protocol(
    noise_hu=0.0,
    increment_mm=2.0,
    slice_thickness_mm=2.0,
    slices=8,
    pixel_mm=0.74,
    matrix=96,
    gated=True,
)


def painted(protocol, hu=0.0, truth=None):
    return Painted(Canvas(protocol.canvas_geometry, hu), truth or {})


def scanned(protocol, hu=0.0):
    return scan(painted(protocol, hu), NOBODY, protocol, Silent())


def a_ball(protocol, centre_mm, radii_mm, hu=1000.0):
    body = painted(protocol)
    body.canvas.paint_ellipsoid(centre_mm, radii_mm, hu)
    return scan(body, NOBODY, protocol, Silent()).volume


def test_an_even_body_keeps_its_hounsfield_units():
    assert (scanned(QUIET, 40).volume.hu == 40).all()


def test_the_scan_lies_where_the_canvas_lay():
    volume = a_ball(QUIET, (10.0, -6.0, 1.0), (9, 9, 5))
    weight = volume.hu.astype(float)
    index = np.argwhere(weight > 500)
    assert volume.geometry.to_patient(index.mean(0)) == pytest.approx([10, -6, 1], abs=0.2)
    assert weight.sum() * volume.geometry.voxel_volume_mm3 / 1000 == pytest.approx(
        4 / 3 * np.pi * 9 * 9 * 5, rel=0.05
    )


def test_a_fine_grid_is_blurred_by_the_kernel_and_by_little_else():
    """Half of a plane at 0, half at 1000 HU: cubic interpolation adds no blur of its own."""
    body = painted(QUIET)
    body.canvas.hu[:, :, 24:] = 1000
    edge = scan(body, NOBODY, QUIET, Silent()).volume.hu[4, 48].astype(float)
    slope = np.gradient(edge, QUIET.pixel_mm)
    x = (np.arange(96) - 47.5) * QUIET.pixel_mm
    near = np.abs(x) < 5
    spread_mm = np.sqrt((slope * x * x)[near].sum() / slope[near].sum())
    assert spread_mm == pytest.approx(SOFT_SIGMA_MM, rel=0.1)
    assert edge.max() < 1030


def test_noise_in_the_reference_chest_is_as_stated():
    """Water as thick from side to side and from front to back as the reference chest."""
    protocol = replace(QUIET, noise_hu=12.0, matrix=512)
    body = painted(protocol, -1000)
    y, x = np.abs(body.canvas.y), np.abs(body.canvas.x)
    body.canvas.hu[:, (y[0, :, 0] < 122.5)[:, None] & (x[0, 0] < 115)[None]] = 0
    hu = scan(body, NOBODY, protocol, Silent()).volume.hu[:, 216:296, 216:296]
    assert hu.std() == pytest.approx(12, rel=0.03)
    assert hu.mean() == pytest.approx(0, abs=0.3)


def test_no_value_lies_under_the_intercept_but_in_the_padding():
    protocol = replace(QUIET, noise_hu=30.0, padding_hu=-2000)
    volume = scanned(protocol, -1020).volume
    assert volume.hu[volume.padding].max() == -2000
    assert volume.hu[~volume.padding].min() == -1024
    circle = 1 - volume.padding.mean()
    assert circle == pytest.approx(np.pi / 4, abs=0.01)
    assert not volume.padding[0, 48, 0]


def test_without_a_fill_the_whole_square_is_measured():
    assert scanned(QUIET).volume.padding is None


def test_thick_slices_average_and_overlap_shares():
    body = painted(QUIET)
    body.canvas.hu[4] = 1000
    thin, thick = (
        scan(body, NOBODY, replace(QUIET, slice_thickness_mm=mm), Silent()).volume.hu[:, 48, 48]
        for mm in (2.0, 4.0)
    )
    assert thin[3:6].tolist() == pytest.approx([125, 750, 125], abs=2)
    assert thick[3:6].tolist() == pytest.approx([250, 500, 250], abs=3)
    assert (thin[[0, 1, 2, 6, 7]] == 0).all()


def test_breath_blurs_the_bases_only():
    protocol = replace(QUIET, slices=120, breathing_mm=2.0)
    body = painted(protocol)
    body.canvas.hu[[10, 110]] = 1000
    low, high = (scan(body, NOBODY, protocol, Silent()).volume.hu[k, 48, 48] for k in (10, 110))
    assert low < 500
    assert high == pytest.approx(750, abs=3)


def test_an_ungated_heart_is_blurred_and_a_gated_one_is_not():
    truth = {Finding.HEART: np.ones(QUIET.canvas_geometry.shape, bool)}
    body = painted(QUIET, truth=truth)
    body.canvas.paint_ellipsoid((0, 0, 0), (2, 2, 20), 1000)
    peaks = [
        scan(body, NOBODY, replace(QUIET, gated=gated), Silent()).volume.hu.max()
        for gated in (True, False)
    ]
    assert peaks[1] < 0.85 * peaks[0]


@pytest.mark.parametrize(("kvp", "low", "high"), [(80, 1.3, 1.7), (120, 1, 1), (140, 0.8, 0.95)])
def test_bone_follows_the_tube_voltage_and_soft_tissue_does_not(kvp, low, high):
    protocol = replace(QUIET, kvp=kvp)
    bone = (int(scanned(protocol, 790).volume.hu[4, 48, 48]) - 90) / 700
    assert low <= bone <= high
    for hu in (-870, -100, 45):
        assert scanned(protocol, hu).volume.hu[4, 48, 48] == hu


def test_the_lung_kernel_overshoots_where_the_soft_one_does_not():
    body = painted(QUIET, -870)
    body.canvas.hu[:, :, 24:] = 40
    most = {
        kernel: scan(body, NOBODY, replace(QUIET, kernel=kernel), Silent()).volume.hu.max()
        for kernel in Kernel
    }
    assert most[Kernel.SOFT] < 40 + 0.03 * 910
    assert most[Kernel.LUNG] > 40 + 0.06 * 910


def test_truth_lies_on_the_grid_of_the_scan():
    mask = np.zeros(QUIET.canvas_geometry.shape, bool)
    mask[3, 10:20, 5:7] = True
    found = scan(painted(QUIET, truth={Finding.NODULE: mask}), NOBODY, QUIET, Silent())
    nodule = found.truth[Finding.NODULE]
    assert nodule.shape == found.volume.hu.shape
    assert nodule[3, 20:40, 10:14].all()
    assert nodule.sum() == 20 * 4
    assert found.volumes_ml()[Finding.NODULE] == pytest.approx(80 * 2 * 0.74**2 / 1000)


SMALL = Protocol(slices=40, increment_mm=8.0, slice_thickness_mm=8.0, pixel_mm=5.9, matrix=64)


def test_the_same_subject_and_protocol_give_the_same_scan_bit_for_bit():
    one, other = (image(NOBODY, SMALL, Silent()) for _ in range(2))
    assert np.array_equal(one.volume.hu, other.volume.hu)
    assert np.array_equal(one.truth.labels, other.truth.labels)
    assert one.plaques == other.plaques


def test_more_noise_moves_no_organ_and_no_plaque():
    sick = replace(NOBODY, diseases=Diseases({Vessel.LAD: 400.0}, nodule_mm=20.0))
    calm, noisy = (image(sick, replace(SMALL, noise_hu=hu), Silent()) for hu in (5.0, 40.0))
    assert np.array_equal(calm.truth.labels, noisy.truth.labels)
    assert calm.plaques == noisy.plaques
    difference = noisy.volume.hu.astype(float) - calm.volume.hu
    inside = calm.volume.hu > -200  # where nothing is cut off at -1024
    assert abs(difference[inside].mean()) < 1
    assert difference[inside].std() > 10


def test_scanning_stops_when_it_is_cancelled():
    class Stop:
        def step(self, fraction, message):
            if fraction > 0.5:
                raise Cancelled

    with pytest.raises(Cancelled):
        scan(painted(QUIET), NOBODY, QUIET, Stop())
