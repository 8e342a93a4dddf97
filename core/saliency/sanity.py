"""How alike two saliency maps are. Pure functions on arrays; nothing here is NaN.

A constant map has no ranks and no hot places: every measure calls it unlike any other map (0).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Values = NDArray[np.floating]

HOT_SHARE = 0.1
"""The hottest tenth: about what a reader sees of a thresholded map."""


def pearson(first: Values, second: Values) -> float:
    """Correlation of values, -1..1; dominated by the hottest cells, as the eye is.

    Args:
        first: Any shape.
        second: The same shape.

    Returns:
        0 where one of the two is constant.

    Raises:
        ValueError: The shapes differ, or a value is not finite.
    """
    x, y = _pair(first, second)
    x, y = x - x.mean(), y - y.mean()
    length = float(np.sqrt((x @ x) * (y @ y)))
    if _constant(first) or _constant(second) or length == 0:
        return 0.0
    return float(np.clip((x @ y) / length, -1, 1))


def spearman(first: Values, second: Values) -> float:
    """Correlation of ranks, -1..1, equal values sharing their mean rank.

    The measure of Adebayo et al. 2018 (arXiv:1810.03292, section 3).

    Args:
        first: Any shape.
        second: The same shape.

    Returns:
        0 where one of the two is constant.

    Raises:
        ValueError: The shapes differ, or a value is not finite.
    """
    x, y = _pair(first, second)
    return pearson(rankdata(x), rankdata(y)) if x.size else 0.0


def hottest_overlap(first: Values, second: Values, share: float = HOT_SHARE) -> float:
    """Intersection over union of the hottest `share` of the cells of each map, 0..1.

    Args:
        first: Any shape.
        second: The same shape.
        share: Of all cells; cells at the map's minimum are never hot.

    Returns:
        0 where one of the two is constant.

    Raises:
        ValueError: The shapes differ, or a value is not finite.
    """
    hot = [_hottest(each, share) for each in _pair(first, second)]
    either = int((hot[0] | hot[1]).sum())
    return int((hot[0] & hot[1]).sum()) / either if either else 0.0


def block_means(
    values: Values | NDArray[np.bool_], cells: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Mean of a fine map over each cell of a coarser grid that divides it.

    Args:
        values: (D, H, W).
        cells: (d, h, w); each divides the axis of `values`.

    Raises:
        ValueError: An axis is not divided.
    """
    if any(fine % coarse for fine, coarse in zip(values.shape, cells, strict=True)):
        raise ValueError(f"cells must divide the map, {values.shape=}, {cells=}")
    blocks = [size for fine, n in zip(values.shape, cells, strict=True) for size in (n, fine // n)]
    means: NDArray[np.float64] = values.reshape(blocks).mean(axis=(1, 3, 5), dtype=np.float64)
    return means


def _pair(first: Values, second: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"the maps must have one shape, got {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a map holds a value that is not finite")
    return x.ravel(), y.ravel()


def _constant(values: Values) -> bool:
    return values.size == 0 or bool(np.ptp(values) == 0)


def _hottest(values: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    if _constant(values):
        return np.zeros(values.shape, np.bool_)
    count = max(1, round(share * values.size))
    level = np.partition(values, values.size - count)[values.size - count]
    hot: NDArray[np.bool_] = (values >= level) & (values > values.min())
    return hot
