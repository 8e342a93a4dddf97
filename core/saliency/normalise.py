"""From a raw attribution to a map of 0..1 (signed: -1..1) that remembers its unit."""

import numpy as np
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.volume import SaliencyMap

GRADIENT_PERCENTILE = 99.9
"""A gradient map's 1: single voxels are far brighter than all others and would hide the rest."""


def to_saliency_map(
    raw: NDArray[np.float32],
    geometry: VolumeGeometry,
    *,
    method: str,
    target: str,
    threshold: float,
    unit_percentile: float = 100.0,
) -> SaliencyMap:
    """Scale so that the given percentile of the sizes that are not 0 becomes 1, and clip there.

    Args:
        raw: On `geometry`; what lowers the target may be negative.
        geometry: Grid of the raw values.
        method: One of `core.explanation.METHODS`, or "occlusion".
        target: The explained output, in words.
        threshold: Kept with the map; not applied here.
        unit_percentile: 100 for the maximum.

    Returns:
        A map of zeros, with `unit_value` 0, where nothing is attributed anywhere.
    """
    sizes = np.abs(raw[raw != 0])
    unit = float(np.percentile(sizes, unit_percentile)) if sizes.size else 0.0
    values = np.clip(raw / unit, -1, 1) if unit > 0 else np.zeros_like(raw)
    return SaliencyMap(
        values.astype(np.float32, copy=False),
        geometry,
        method=method,
        target=target,
        threshold=threshold,
        unit_value=unit,
        unit_percentile=unit_percentile,
    )
