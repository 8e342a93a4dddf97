"""The slices that may be scored: the scan's own axial ones, evenly spaced and complete."""

import numpy as np

from core.errors import SeriesError
from core.volume import Volume

OBLIQUE_DEGREES = 30.0
"""Slices tilted further than this against the axial plane are not scored (gantries reach 30)."""


def require_axial_slices(volume: Volume) -> None:
    """Refuse a volume whose stored slices are not axial, or not all there.

    Args:
        volume: As read or reoriented, never resampled.

    Raises:
        SeriesError: The score would be a wrong number.
    """
    normal = volume.geometry.axes[volume.missing_axis]
    off = float(np.degrees(np.arccos(np.clip(abs(normal[2]), 0, 1))))
    if off > OBLIQUE_DEGREES or volume.missing_axis != 0:
        raise SeriesError(
            f"Calcium is scored on axial slices; these lie {off:.0f} degrees off.",
            "Choose the axial series.",
        )
    if volume.missing_slices:
        raise SeriesError(
            f"Calcium is scored on every slice; {len(volume.missing_slices)} of "
            f"{volume.geometry.shape[0]} are in no readable file.",
            "Export the series again, completely.",
        )
