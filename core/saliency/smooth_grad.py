"""SmoothGrad: the mean gradient over noisy copies of the input, which lets single voxels fade.

Smilkov et al. 2017, arXiv:1706.03825: M(x) = 1/n sum_i dy/dx (x + N(0, sigma^2)). Its authors find
sigma of 10 to 20 % of the input's range and n below 50 best; a 3D network on a CPU affords fewer.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress, Span

Image = NDArray[np.float32]

SAMPLES = 8
NOISE_SHARE = 0.1
"""Standard deviation of the noise as a share of the input's range."""

SEED = 1706
"""The same scan gives the same map."""


def smooth_gradient(
    image: Image,
    gradient_of: Callable[[Image, Progress], Image],
    progress: Progress,
    *,
    samples: int = SAMPLES,
    noise_share: float = NOISE_SHARE,
    seed: int = SEED,
) -> Image:
    """Mean of the signed gradients of noisy copies.

    Args:
        image: (D, H, W), intensities 0..1.
        gradient_of: Signed dy/dx of an image, same shape; told the progress of its own pass.
        progress: Told at every pass; may cancel.
        samples: Number of copies, each a forward and a backward pass.
        noise_share: sigma / (maximum - minimum of `image`).
        seed: Of the noise.

    Returns:
        (D, H, W), signed. With `noise_share` 0 the plain gradient.
    """
    if samples < 1 or noise_share < 0:
        raise ValueError(
            f"samples must be 1 or more, noise_share 0 or more: {samples=}, {noise_share=}"
        )
    random = np.random.default_rng(seed)
    sigma = np.float32(noise_share * np.ptp(image))
    total = np.zeros_like(image)
    for sample in range(samples):
        span = Span(progress, sample / samples, (sample + 1) / samples)
        noise = random.standard_normal(image.shape, dtype=np.float32)
        total += gradient_of(image + sigma * noise, span)
    mean: Image = total / np.float32(samples)
    return mean
