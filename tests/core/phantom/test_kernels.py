import numpy as np
import pytest

from core.data.kernels import is_sharp
from core.phantom.kernels import SOFT_SIGMA_MM, Kernel, sharpened, transfer

PIXEL_MM = 0.1


def an_edge(kernel):
    """Profile across a step from 0 to 1000 HU, on pixels fine enough to follow it."""
    picture = np.zeros((4, 400), np.float32)
    picture[:, 200:] = 1000
    return sharpened(picture, kernel, PIXEL_MM)[2]


def test_the_soft_kernel_rises_without_overshoot_as_a_gaussian_does():
    edge = an_edge(Kernel.SOFT)
    assert (np.diff(edge) > -0.1).all()
    assert edge.min() > -0.5
    assert edge.max() < 1000.5
    spread_mm = np.sqrt(np.sum(np.gradient(edge) * (np.arange(400) - 199.5) ** 2) / 1000) * PIXEL_MM
    assert spread_mm == pytest.approx(SOFT_SIGMA_MM, rel=0.03)


def test_the_lung_kernel_overshoots_at_an_edge_and_is_steeper():
    lung, soft = an_edge(Kernel.LUNG), an_edge(Kernel.SOFT)
    assert 1050 < lung.max() < 1200
    assert -200 < lung.min() < -50
    assert np.diff(lung).max() > 1.8 * np.diff(soft).max()


@pytest.mark.parametrize("kernel", Kernel)
def test_no_kernel_changes_an_even_tissue(kernel):
    even = sharpened(np.full((20, 20), 40.0, np.float32), kernel, 0.7)
    assert np.allclose(even, 40, atol=1e-3)


@pytest.mark.parametrize("kernel", Kernel)
def test_the_transfer_function_is_what_a_wave_keeps_of_its_height(kernel):
    for frequency_per_mm in (0.1, 0.3, 0.6):
        x = np.arange(2000) * PIXEL_MM
        wave = np.cos(2 * np.pi * frequency_per_mm * x).astype(np.float32)
        seen = sharpened(np.tile(wave, (3, 1)), kernel, PIXEL_MM)[1, 100:-100]
        kept = transfer(np.array(frequency_per_mm), kernel)
        assert np.abs(seen).max() == pytest.approx(kept, abs=0.02)


@pytest.mark.parametrize(("kernel", "half_per_mm"), [(Kernel.SOFT, 0.31), (Kernel.LUNG, 0.78)])
def test_half_of_the_contrast_is_left_where_the_makers_say(kernel, half_per_mm):
    assert transfer(np.array(half_per_mm), kernel) == pytest.approx(0.5, abs=0.02)
    assert transfer(np.array(0.0), kernel) == 1


def test_the_names_are_known_as_soft_and_sharp_to_those_who_read_the_series():
    assert not is_sharp(Kernel.SOFT.convolution_kernel)
    assert is_sharp(Kernel.LUNG.convolution_kernel)
