"""Noise of a filtered back projection: coloured by the kernel, stronger along thick paths.

Power spectrum of the noise: frequency times the kernel's MTF squared (Kijewski and Judy 1987,
doi:10.1088/0031-9155/32/5/003). Rays along the rows hold the frequencies along the columns and the
other way round, so that shoulders, thick from side to side, give horizontal streaks.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, rfft2

from core.phantom.kernels import Kernel, transfer

WATER_PER_MM = 0.0195
"""Linear attenuation of water at about 65 keV, the mean energy of 120 kV."""

REFERENCE_PATHS_MM = (230.0, 245.0)
"""Water-equivalent paths through the reference chest at the heart: side to side, front to back."""

MODULATION = 0.5
"""The tube current follows the root of the attenuation: half of its growth in decibels is left."""

LEAST_FACTOR, MOST_FACTOR = 0.3, 4.0
"""Noise of a ray against that of the reference path: electronics below, starved detectors above."""

PIXEL_STEP_MM = 0.74
"""Pixels up to this size do not smooth the noise; larger ones average what falls into them."""


class Grain:
    """Noise of slice after slice, of unit strength where nothing else is asked for.

    Args:
        matrix: Rows and columns.
        pixel_mm: Distance of pixels.
        kernel: Colours the noise.
        shared: Correlation of neighbouring slices: 0 where they do not overlap, under 1.
    """

    def __init__(self, matrix: int, pixel_mm: float, kernel: Kernel, shared: float = 0.0) -> None:
        self._shape = (matrix, matrix)
        self._along_rows, self._along_columns = _amplitudes(matrix, pixel_mm, kernel)
        self._shared = shared
        self._white: NDArray[np.float32] | None = None

    def next_slice(
        self,
        rows_hu: NDArray[np.float32],
        columns_hu: NDArray[np.float32],
        random: np.random.Generator,
    ) -> NDArray[np.float32]:
        """Noise of the next slice.

        Args:
            rows_hu: Standard deviation that the ray along each row brings.
            columns_hu: That the ray along each column brings.
            random: Source.

        Returns:
            HU, (rows, columns); where both rays bring s, its standard deviation is s.
        """
        white = random.standard_normal(self._shape, np.float32)
        if self._white is not None and self._shared:
            white *= np.float32(np.sqrt(1 - self._shared**2))
            white += np.float32(self._shared) * self._white
        self._white = white
        spectrum = rfft2(white)
        noise: NDArray[np.float32] = irfft2(spectrum * self._along_rows, s=self._shape)
        noise *= rows_hu[:, None]
        noise += irfft2(spectrum * self._along_columns, s=self._shape) * columns_hu[None]
        return noise


def _amplitudes(
    matrix: int, pixel_mm: float, kernel: Kernel
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What rays along the rows and along the columns bring, in the half plane of `rfft2`."""
    along_y = np.fft.fftfreq(matrix, pixel_mm)[:, None]
    along_x = np.fft.rfftfreq(matrix, pixel_mm)[None]
    frequency = np.hypot(along_y, along_x)
    amplitude = np.sqrt(frequency) * transfer(frequency, kernel)
    amplitude *= _aperture(along_y, pixel_mm)
    amplitude *= _aperture(along_x, pixel_mm)
    twice = np.full(along_x.shape, 2.0)  # the other half plane mirrors all but two columns
    twice[0, 0] = 1.0
    if matrix % 2 == 0:
        twice[0, -1] = 1.0
    amplitude *= matrix / np.sqrt((twice * amplitude**2).sum())
    share = along_y**2 / np.maximum(frequency**2, 1e-12)
    return (amplitude * share).astype(np.float32), (amplitude * (1 - share)).astype(np.float32)


def noise_ratio(pixel_mm: float, kernel: Kernel) -> float:
    """Noise at one dose, against that of the soft kernel on a scanner's own pixels."""
    reference = _power(PIXEL_STEP_MM, Kernel.SOFT)
    return float(np.sqrt(_power(pixel_mm, kernel) / reference))


def _power(pixel_mm: float, kernel: Kernel) -> float:
    """Noise power under the Nyquist frequency of pixels, in the plane."""
    along = np.linspace(-0.5, 0.5, 257) / pixel_mm
    frequency = np.hypot(along[:, None], along[None])
    power = frequency * transfer(frequency, kernel) ** 2
    power *= (_aperture(along[:, None], pixel_mm) * _aperture(along[None], pixel_mm)) ** 2
    return float(power.mean() / pixel_mm**2)


def _aperture(frequency_per_mm: NDArray[np.floating], pixel_mm: float) -> NDArray[np.floating]:
    """Averaging over the part of a pixel that exceeds a scanner's."""
    beyond_mm = np.sqrt(max(pixel_mm**2 - PIXEL_STEP_MM**2, 0.0))
    averaged: NDArray[np.floating] = np.sinc(frequency_per_mm * beyond_mm)
    return averaged


def ray_noise(
    hu: NDArray[np.float32], pixel_mm: float, noise_hu: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Noise that the rays through one slice bring, by Beer's law and a modulated tube current.

    Args:
        hu: One slice without noise, (rows, columns).
        pixel_mm: Distance of its pixels.
        noise_hu: Standard deviation in the middle of the reference chest.

    Returns:
        Of the ray along each row, (rows,), and along each column, (columns,).
    """
    water = np.maximum(1 + hu / np.float32(1000), 0) * np.float32(pixel_mm)
    side_to_side, front_to_back = REFERENCE_PATHS_MM
    return (
        _of_paths(water.sum(1), side_to_side) * np.float32(noise_hu),
        _of_paths(water.sum(0), front_to_back) * np.float32(noise_hu),
    )


def _of_paths(path_mm: NDArray[np.float32], reference_mm: float) -> NDArray[np.float32]:
    growth = np.exp(WATER_PER_MM / 2 * MODULATION * (path_mm - np.float32(reference_mm)))
    factors: NDArray[np.float32] = np.clip(growth, LEAST_FACTOR, MOST_FACTOR).astype(np.float32)
    return factors
