"""The descending aorta: a round tube beside the spine, followed slice by slice.

In every slice the distance to the nearest thing that is not soft gives the largest disc round each
point. The aorta is the disc near the left front of the vertebral bodies, followed from the slice
where it is plainest. Where the aorta bends far off, or lies in effusion, it may be lost: what
follows is then left out, not guessed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, maximum_filter, median_filter

from core.geometry import Floats
from core.preprocessing.chest import Chest
from core.preprocessing.solids import Booleans

LEAST_RADIUS_MM, USUAL_RADIUS_MM, GREATEST_RADIUS_MM = 7.0, 12.0, 18.0
BODY_RADIUS_MM, USUAL_DISTANCE_MM = 15.0, 30.0
"""Its middle lies on a ring round the middle of the vertebral body: beside it in the young, before
it in the old."""
RIGHT_MM, BEHIND_MM, REACH_MM = 8.0, 16.0, 45.0
"""How far it may lie to the right of the spine's axis, behind the front of the vertebral bodies,
and from their middle."""
RIDGE_MM, RIDGE_SLOPE_MM = 6.0, 1.0
"""No disc within the first is larger by more than the second: else it is the rim of the heart."""
AWAY_COST, MOVE_COST, GROWTH_MM = 0.35, 0.25, 1.5
"""Millimetres of radius that a millimetre off the ring, or a millimetre of movement from slice
to slice, outweighs; and by how much it may widen from one slice to the next."""
START_BELOW_CARINA_MM = (20.0, 70.0)
"""The lung frames it there."""
ARCH_ABOVE_CARINA_MM = 20.0
"""Higher up it bends forwards into the arch."""
SMOOTH_MM = 24.0


@dataclass(frozen=True)
class _Disc:
    row: float
    column: float
    radius_mm: float
    score: float


def find_descending_aorta(chest: Chest) -> Booleans:
    """The descending aorta from the arch to the lowest slice with lung; empty if not found."""
    aorta = np.zeros_like(chest.soft)
    carina = chest.carina
    low, high = (max(carina - chest.steps(mm), 0) for mm in START_BELOW_CARINA_MM[::-1])
    found = {index: _best_disc(chest, index, None) for index in range(low, high + 1)}
    start = max(found, key=lambda index: found[index].score)
    path = {start: found[start]}
    top = min(carina + chest.steps(ARCH_ABOVE_CARINA_MM), len(aorta) - 1)
    lowest = int(chest.lungs.any(axis=(1, 2)).argmax())
    for order in (range(start + 1, top + 1), range(start - 1, lowest - 1, -1)):
        before = path[start]
        for index in order:
            before = _best_disc(chest, index, before)
            if before.radius_mm < LEAST_RADIUS_MM:
                break
            path[index] = before
    if path[start].radius_mm >= LEAST_RADIUS_MM:
        _paint(aorta, path, chest)
    return aorta


def _best_disc(chest: Chest, index: int, before: _Disc | None) -> _Disc:
    """The disc of soft tissue in a slice that suits the aorta best; of radius 0 if none does."""
    _, row_mm, column_mm = chest.spacing_mm
    body = (chest.spine_front[index] + BODY_RADIUS_MM / row_mm, chest.spine_axis[index, 1])
    reach = [(REACH_MM + GREATEST_RADIUS_MM + RIDGE_MM) / step for step in (row_mm, column_mm)]
    low = [max(int(at - n), 0) for at, n in zip(body, reach, strict=True)]
    high = [max(int(at + n) + 1, 1) for at, n in zip(body, reach, strict=True)]
    window = chest.soft[index, low[0] : high[0], low[1] : high[1]]
    if not window.any() or window.all():
        return _Disc(body[0], body[1], radius_mm=0.0, score=-np.inf)
    down_mm = (np.arange(window.shape[0])[:, None] + low[0] - body[0]) * row_mm
    left_mm = (np.arange(window.shape[1]) + low[1] - body[1]) * column_mm
    radius_mm = distance_transform_edt(window, sampling=(row_mm, column_mm))
    off_ring_mm = np.hypot(down_mm, left_mm) - USUAL_DISTANCE_MM
    is_possible = (left_mm > -RIGHT_MM) & (down_mm < BEHIND_MM - BODY_RADIUS_MM)
    is_possible &= (off_ring_mm < REACH_MM - USUAL_DISTANCE_MM) & _on_ridge(
        radius_mm, (row_mm, column_mm)
    )
    score = np.minimum(radius_mm, USUAL_RADIUS_MM) - AWAY_COST * np.abs(off_ring_mm)
    if before is not None:
        radius_mm = np.minimum(radius_mm, before.radius_mm + GROWTH_MM)
        moved_down_mm = down_mm + (body[0] - before.row) * row_mm
        moved_left_mm = left_mm + (body[1] - before.column) * column_mm
        score = radius_mm - MOVE_COST * np.hypot(moved_down_mm, moved_left_mm)
    score = np.where(is_possible, score, -np.inf)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    radius = float(radius_mm[row, column]) if is_possible.any() else 0.0
    return _Disc(
        row=float(row + low[0]),
        column=float(column + low[1]),
        radius_mm=min(radius, GREATEST_RADIUS_MM),
        score=float(score[row, column]),
    )


def _on_ridge(radius_mm: Floats, spacing_mm: tuple[float, float]) -> Booleans:
    """True where no much larger disc lies near: the middle of something round."""
    size = [2 * max(1, round(RIDGE_MM / step)) + 1 for step in spacing_mm]
    ridge: Booleans = radius_mm >= maximum_filter(radius_mm, size) - RIDGE_SLOPE_MM
    return ridge


def _paint(aorta: Booleans, path: dict[int, _Disc], chest: Chest) -> None:
    """Discs of the path, their middles and radii smoothed along it."""
    slices = sorted(path)
    discs = np.array([(path[k].row, path[k].column, path[k].radius_mm) for k in slices])
    size = 2 * (chest.steps(SMOOTH_MM) // 2) + 1
    discs = median_filter(discs, (size, 1), mode="nearest")
    _, row_mm, column_mm = chest.spacing_mm
    rows, columns = np.arange(aorta.shape[1]), np.arange(aorta.shape[2])
    for index, (row, column, radius_mm) in zip(slices, discs, strict=True):
        apart = np.hypot((rows[:, None] - row) * row_mm, (columns - column) * column_mm)
        aorta[index] = apart <= radius_mm
