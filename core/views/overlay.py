"""Saliency laid over grey: which pixels are coloured, with which colour, how strongly."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.views.colour_maps import colour_table
from core.volume import SaliencyMap

FAINTEST_COLOUR = 64
"""First entry of the colour table that is used: below it, inferno on black could not be seen."""

FAINTEST_OFF_MIDDLE = 36
"""The same for a diverging table, whose dark middle stands for 0: entries away from it."""

ABOVE_EVERY_CELL = 2.0
"""Threshold, as a share of the maximum, that stands for every raw threshold above that maximum."""

SIGNED_METHODS = ("signed_gradient", "occlusion")
"""Methods whose maps lie within -1..1; all others within 0..1."""


@dataclass(frozen=True)
class OverlayStyle:
    """How saliency is drawn.

    Attributes:
        opacity: 0..1 of the coloured pixels.
        threshold: Cells below this share of the maximum are not drawn.
        colour_map: One of `colour_maps.COLOUR_MAPS`.
        raw_threshold: On the absolute scale the raw attribution below which cells are not drawn,
            whatever the map's maximum; None on the relative scale, where `threshold` counts.
        diverging_map: One of `colour_maps.DIVERGING_MAPS`, for signed maps.
    """

    opacity: float = 0.5
    threshold: float = 0.5
    colour_map: str = "inferno"
    raw_threshold: float | None = None
    diverging_map: str = "berlin"

    def of(self, saliency: SaliencyMap) -> "OverlayStyle":
        """The style for one map: its `threshold` is the share of this map's maximum.

        A raw threshold above the maximum gives a share above 1, which no cell reaches.
        """
        if self.raw_threshold is None:
            return self
        unit = abs(saliency.unit_value)
        share = self.raw_threshold / unit if unit > 0 else ABOVE_EVERY_CELL
        threshold = share if share <= 1 else ABOVE_EVERY_CELL
        return replace(self, threshold=float(max(threshold, 0.0)))

    @property
    def draws_nothing(self) -> bool:
        """True where the threshold of a style made by `of` lies above the map's maximum."""
        return self.threshold > 1


def is_signed(saliency: SaliencyMap) -> bool:
    """True for a map within -1..1: what raises the output above 0, what lowers it below."""
    return saliency.method in SIGNED_METHODS


def overlay_colours(style: OverlayStyle, steps: int = 256, *, sign: int = 0) -> NDArray[np.uint8]:
    """RGB (steps, 3) of saliency from the threshold to 1: the legend, and what `blend` uses.

    Args:
        style: Names the colour maps.
        steps: Number of colours.
        sign: 0 for an unsigned map, else 1 or -1: which side of a signed one.
    """
    if sign == 0:
        table, first, last = colour_table(style.colour_map), FAINTEST_COLOUR, 255
    else:
        table = colour_table(style.diverging_map)
        first, last = (
            (128 + FAINTEST_OFF_MIDDLE, 255) if sign > 0 else (127 - FAINTEST_OFF_MIDDLE, 0)
        )
    colours: NDArray[np.uint8] = table[np.linspace(first, last, steps).astype(int)]
    return colours


def blend(
    grey: NDArray[np.uint8],
    saliency: NDArray[np.float32],
    style: OverlayStyle,
    *,
    signed: bool = False,
) -> NDArray[np.uint8]:
    """RGB picture (rows, columns, 3) of a grey slice with saliency over it.

    Args:
        grey: uint8 (rows, columns).
        saliency: float32 (rows, columns), resliced from a map thresholded at `style.threshold`.
            Interpolation lowers the border of a hot cell below the threshold; it fades out there.
        style: Opacity, threshold, colours.
        signed: Of a map within -1..1; its sign chooses the side of the diverging colours.
    """
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    for sign in (1, -1) if signed else (0,):
        _lay(rgb, saliency * np.float32(sign or 1), style, sign)
    return rgb


def _lay(
    rgb: NDArray[np.uint8], saliency: NDArray[np.float32], style: OverlayStyle, sign: int
) -> None:
    """Colour the pixels of `rgb` whose saliency is above half the threshold."""
    rows, columns = np.nonzero(saliency > style.threshold / 2)
    if not len(rows):
        return
    values = saliency[rows, columns]
    span = max(1 - style.threshold, 1e-6)
    level = np.clip((values - style.threshold) / span, 0, 1)
    fade = np.clip(values / max(style.threshold, 1e-6) * 2 - 1, 0, 1)
    alpha = (style.opacity * fade)[:, None]
    colours = overlay_colours(style, sign=sign)[(level * 255).astype(np.intp)]
    rgb[rows, columns] = np.rint((1 - alpha) * rgb[rows, columns] + alpha * colours)
