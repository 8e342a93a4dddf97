"""SmoothGrad by hand: what noise leaves of a gradient, and the same map twice."""

import numpy as np
import pytest

from core.progress import Cancelled, Silent
from core.saliency.smooth_grad import smooth_gradient

IMAGE = np.random.default_rng(3).random((12, 16, 16), dtype=np.float32)


def of_squares(image, _progress):
    """dy/dx of y = sum x^2."""
    return 2 * image


def test_without_noise_it_is_the_gradient():
    smooth = smooth_gradient(IMAGE, of_squares, Silent(), samples=3, noise_share=0)
    assert smooth == pytest.approx(2 * IMAGE)


def test_the_mean_error_falls_with_the_root_of_the_samples():
    """Of y = sum x^2 the error is 2 sigma / sqrt(n) per voxel."""
    sigma = 0.2 * np.ptp(IMAGE)
    for samples in (1, 16):
        smooth = smooth_gradient(IMAGE, of_squares, Silent(), samples=samples, noise_share=0.2)
        error = (smooth - 2 * IMAGE).std()
        assert error == pytest.approx(2 * sigma / np.sqrt(samples), rel=0.05)


def test_a_kink_is_smoothed_over():
    """Of y = sum max(x, 0) the gradient at 0 is a step; its mean over the noise is a half."""
    flat = np.zeros((16, 16, 16), np.float32)
    flat[0, 0, 0] = 1  # a range, so that there is noise
    smooth = smooth_gradient(
        flat, lambda image, _: (image > 0).astype(np.float32), Silent(), samples=8
    )
    assert smooth[1:].mean() == pytest.approx(0.5, abs=0.01)


def test_the_sign_is_kept():
    smooth = smooth_gradient(IMAGE, lambda image, _: -np.ones_like(image), Silent(), samples=2)
    assert (smooth == -1).all()


def test_the_same_scan_gives_the_same_map_and_another_seed_another():
    once, again, other = (
        smooth_gradient(IMAGE, of_squares, Silent(), samples=2, seed=seed) for seed in (5, 5, 6)
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_progress_runs_through_the_samples_and_cancel_acts_in_each():
    class Recording:
        def __init__(self):
            self.fractions = []

        def step(self, fraction, _message):
            self.fractions.append(fraction)
            if fraction > 0.6:
                raise Cancelled

    def reporting(image, progress):
        progress.step(0.0, "")
        progress.step(1.0, "")
        return image

    recording = Recording()
    with pytest.raises(Cancelled):
        smooth_gradient(IMAGE, reporting, recording, samples=4)
    assert recording.fractions == pytest.approx([0, 0.25, 0.25, 0.5, 0.5, 0.75])


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"noise_share": -0.1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="samples must be 1 or more"):
        smooth_gradient(IMAGE, of_squares, Silent(), **wrong)
