"""Saliency laid over grey: which pixels are coloured, with which colour, how strongly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.views.colour_maps import colour_table

FAINTEST_COLOUR = 64
"""First entry of the colour table that is used: below it, inferno on black could not be seen."""


@dataclass(frozen=True)
class OverlayStyle:
    """How saliency is drawn.

    Attributes:
        opacity: 0..1 of the coloured pixels.
        threshold: Cells below this share of the maximum are not drawn.
        colour_map: One of `colour_maps.COLOUR_MAPS`.
    """

    opacity: float = 0.5
    threshold: float = 0.5
    colour_map: str = "inferno"


def overlay_colours(style: OverlayStyle, steps: int = 256) -> NDArray[np.uint8]:
    """RGB (steps, 3) of saliency from the threshold to 1: the legend, and what `blend` uses."""
    table = colour_table(style.colour_map)
    colours: NDArray[np.uint8] = table[np.linspace(FAINTEST_COLOUR, 255, steps).astype(int)]
    return colours


def blend(
    grey: NDArray[np.uint8], saliency: NDArray[np.float32], style: OverlayStyle
) -> NDArray[np.uint8]:
    """RGB picture (rows, columns, 3) of a grey slice with saliency over it.

    Args:
        grey: uint8 (rows, columns).
        saliency: float32 (rows, columns), resliced from a map thresholded at `style.threshold`.
            Interpolation lowers the border of a hot cell below the threshold; it fades out there.
        style: Opacity, threshold, colours.
    """
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    rows, columns = np.nonzero(saliency > style.threshold / 2)
    if not len(rows):
        return rgb
    values = saliency[rows, columns]
    span = max(1 - style.threshold, 1e-6)
    level = np.clip((values - style.threshold) / span, 0, 1)
    fade = np.clip(values / max(style.threshold, 1e-6) * 2 - 1, 0, 1)
    alpha = (style.opacity * fade)[:, None]
    colours = overlay_colours(style)[(level * 255).astype(np.intp)]
    rgb[rows, columns] = np.rint((1 - alpha) * rgb[rows, columns] + alpha * colours)
    return rgb
