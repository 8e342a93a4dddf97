"""Convolution kernels: how sharp a scanner draws in the plane.

A kernel is stated by its modulation transfer function (MTF). The soft one is a Gaussian; the lung
one is a Gaussian that is sharpened by what a wider Gaussian takes away, so that it lifts middle
frequencies over 1 and overshoots at edges. Half of the contrast is left at 0.31 and 0.78 cycles a
millimetre, about as in chest reconstructions for soft tissue and for lung.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

SOFT_SIGMA_MM = 0.6
"""Standard deviation of the soft kernel's point spread in the plane."""

LUNG_SIGMA_MM, LUNG_WIDE_SIGMA_MM, LUNG_GAIN = 0.32, 0.85, 0.7
"""The lung kernel is (1 + gain) times a narrow Gaussian less gain times a wide one."""

REACH = 3.5
"""A Gaussian is cut off at so many standard deviations."""


class Kernel(StrEnum):
    """Of a reconstruction."""

    SOFT = "soft"
    LUNG = "lung"

    @property
    def convolution_kernel(self) -> str:
        """What stands in Convolution Kernel; named as makers do, so that readers know it."""
        return {Kernel.SOFT: "B30f", Kernel.LUNG: "B60f"}[self]


def sharpened(picture: NDArray[np.float32], kernel: Kernel, pixel_mm: float) -> NDArray[np.float32]:
    """One slice as the kernel draws it.

    Args:
        picture: HU, (rows, columns).
        kernel: Soft or lung.
        pixel_mm: Distance of pixels.
    """
    if kernel is Kernel.SOFT:
        return _blurred(picture, SOFT_SIGMA_MM / pixel_mm)
    narrow = _blurred(picture, LUNG_SIGMA_MM / pixel_mm)
    wide = _blurred(picture, LUNG_WIDE_SIGMA_MM / pixel_mm)
    narrow += np.float32(LUNG_GAIN) * (narrow - wide)
    return narrow


def transfer(frequency_per_mm: NDArray[np.floating], kernel: Kernel) -> NDArray[np.float64]:
    """The kernel's MTF: 1 at frequency 0."""
    if kernel is Kernel.SOFT:
        return _transferred(frequency_per_mm, SOFT_SIGMA_MM)
    narrow = _transferred(frequency_per_mm, LUNG_SIGMA_MM)
    wide = _transferred(frequency_per_mm, LUNG_WIDE_SIGMA_MM)
    return (1 + LUNG_GAIN) * narrow - LUNG_GAIN * wide


def _blurred(picture: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = gaussian_filter(
        picture, sigma_px, mode="nearest", truncate=REACH
    )
    return blurred


def _transferred(frequency_per_mm: NDArray[np.floating], sigma_mm: float) -> NDArray[np.float64]:
    shaped: NDArray[np.float64] = np.exp(
        -2 * (np.pi * sigma_mm * np.asarray(frequency_per_mm, float)) ** 2
    )
    return shaped
