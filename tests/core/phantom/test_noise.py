import numpy as np
import pytest

from core.phantom.kernels import Kernel, transfer
from core.phantom.noise import REFERENCE_PATHS_MM, Grain, noise_ratio, ray_noise


def even(hu, matrix):
    return np.full(matrix, hu, np.float32)


def slices(count=12, *, matrix=256, pixel_mm=0.74, kernel=Kernel.SOFT, shared=0.0, rays=(10, 10)):
    grain, random = Grain(matrix, pixel_mm, kernel, shared), np.random.default_rng(0)
    rows, columns = (even(ray, matrix) for ray in rays)
    return np.stack([grain.next_slice(rows, columns, random) for _ in range(count)])


def correlation(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


@pytest.mark.parametrize("kernel", Kernel)
@pytest.mark.parametrize(("matrix", "pixel_mm"), [(256, 0.74), (255, 1.45), (128, 2.9)])
def test_noise_has_the_strength_that_was_asked_for_and_no_bias(kernel, matrix, pixel_mm):
    noise = slices(matrix=matrix, pixel_mm=pixel_mm, kernel=kernel)
    assert noise.std() == pytest.approx(10, rel=0.02)
    assert abs(noise.mean()) < 0.01  # a filtered back projection passes no frequency 0


def test_unlike_rays_add_up_as_their_directions_do():
    """Amplitudes s sin2 + t cos2 of the direction: variance 3/8 s2 + 3/8 t2 + 1/4 s t."""
    noise = slices(rays=(20, 10))
    assert noise.std() == pytest.approx(np.sqrt(3 / 8 * 400 + 3 / 8 * 100 + 1 / 4 * 200), rel=0.02)


def test_neighbours_resemble_each_other_in_the_soft_kernel_only():
    soft, lung = slices(), slices(kernel=Kernel.LUNG)
    assert correlation(soft[:, :, 1:], soft[:, :, :-1]) > 0.45
    assert correlation(lung[:, :, 1:], lung[:, :, :-1]) < 0.15


def test_the_power_spectrum_is_frequency_times_transfer_squared():
    noise = slices(40)
    power = np.mean(np.abs(np.fft.fft2(noise)) ** 2, axis=0)
    along = np.fft.fftfreq(256, 0.74)
    frequency = np.hypot(along[:, None], along[None])
    expected = frequency * transfer(frequency, Kernel.SOFT) ** 2
    rings = np.digitize(frequency, np.linspace(0.05, 0.6, 12))
    ratio = [power[rings == k].mean() / expected[rings == k].mean() for k in range(1, 12)]
    assert np.ptp(ratio) / np.mean(ratio) < 0.15


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_slices_share_as_much_noise_as_they_overlap(shared):
    noise = slices(30, shared=shared)
    assert correlation(noise[1:], noise[:-1]) == pytest.approx(shared, abs=0.02)
    assert noise[-1].std() == pytest.approx(10, rel=0.05)


def test_thick_paths_from_side_to_side_give_streaks_along_the_rows():
    noise = slices(rays=(30, 5))
    assert correlation(noise[:, :, 2:], noise[:, :, :-2]) > 0.3
    assert correlation(noise[:, 2:], noise[:, :-2]) < 0


def test_a_ray_brings_more_noise_the_more_water_it_crosses():
    """Water 40 mm beyond the reference path: exp(0.0195 / mm * 40 mm / 2 * half)."""
    longer_mm = REFERENCE_PATHS_MM[0] + 40
    hu = np.full((300, 300), -1000, np.float32)
    hu[100, : round(longer_mm)] = 0
    rows, columns = ray_noise(hu, 1.0, 10.0)
    assert rows[100] == pytest.approx(10 * np.exp(0.0195 * 40 / 4), rel=0.01)
    assert (np.delete(rows, 100) < 4).all()
    assert columns.max() < 4


def test_no_ray_is_without_noise_and_none_drowns_the_picture():
    air, water = (np.full((900, 900), hu, np.float32) for hu in (-1000, 0))
    assert ray_noise(air, 1.0, 10.0)[0].min() >= 3
    assert ray_noise(water, 1.0, 10.0)[0].max() <= 40


def test_the_lung_kernel_is_noisier_and_large_pixels_are_calmer():
    assert noise_ratio(0.74, Kernel.SOFT) == 1
    assert noise_ratio(0.6, Kernel.SOFT) == pytest.approx(1, abs=0.05)
    assert 2.5 < noise_ratio(0.74, Kernel.LUNG) < 5
    ratios = [noise_ratio(pixel_mm, Kernel.SOFT) for pixel_mm in (0.74, 1.0, 1.5, 3.0)]
    assert np.all(np.diff(ratios) < 0)
