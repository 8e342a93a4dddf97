"""The airways: windpipe, lobar and segmental bronchi with their walls, and two forks beyond.

Ten segments on the right and eight on the left, named B1 to B10 after Jackson and Huber (Dis Chest
1943;9:319). Calibres after the measurements that Montaudon et al. give (J Anat 2007;211:579).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.lung_space import LungSpace, box_of
from core.phantom.mediastinum import AIR_HU, WALL_HU, Mediastinum
from core.phantom.shapes import Canvas
from core.phantom.subject import Subject
from core.phantom.tubes import Tubes

CLEAR_MM = 9.0
"""Bronchi end at least this far from the pleura, where scans no longer show them."""

WIND_WALL_MM, THINNEST_WALL_MM, WALL_SHARE = 1.6, 0.45, 0.24
"""Wall of the windpipe; of the finest bronchi; and of those between, as a share of the radius."""

WANDER_MM, SPREAD_DEGREES, FORK_SHARE = 5.0, 33.0, 0.76
"""How far segments lie from person to person; angle and calibre of the forks beyond them."""

TWIG_LENGTHS_MM = (17.0, 13.0, 10.0)
"""Of the bronchi beyond a segment's, fork after fork."""

NARROWING = 0.86
"""Calibre at the end of a segment's bronchus against its beginning."""

# name, the node it comes from, LPS mm in the reference thorax, radius of the lumen in mm
RIGHT = (
    ("upper", "fork", (-42, 10, 25), 3.6),
    ("B1", "upper", (-52, 8, 72), 2.1),
    ("B2", "upper", (-68, 38, 56), 2.1),
    ("B3", "upper", (-68, -34, 34), 2.1),
    ("middle", "root", (-54, -10, -14), 2.6),
    ("B4", "middle", (-86, -34, -26), 1.8),
    ("B5", "middle", (-64, -58, -26), 1.8),
    ("B6", "root", (-60, 48, 10), 2.1),
    ("lower", "root", (-54, 18, -32), 3.3),
    ("B7", "lower", (-50, 0, -62), 1.7),
    ("B8", "lower", (-78, -8, -62), 1.9),
    ("B9", "lower", (-92, 22, -62), 1.9),
    ("B10", "lower", (-66, 54, -72), 2.1),
)
LEFT = (
    ("upper", "fork", (60, 4, 14), 3.5),
    ("B1+2", "upper", (62, 16, 74), 2.1),
    ("B3", "upper", (74, -38, 36), 2.1),
    ("lingula", "upper", (72, -16, -2), 2.3),
    ("B4", "lingula", (98, -36, -8), 1.7),
    ("B5", "lingula", (84, -56, -18), 1.7),
    ("B6", "root", (66, 50, 10), 2.1),
    ("lower", "root", (60, 24, -32), 3.2),
    ("B8", "lower", (88, -2, -62), 1.9),
    ("B9", "lower", (102, 26, -66), 1.9),
    ("B10", "lower", (72, 56, -74), 2.1),
)
ROOTS = {  # where the mediastinum's bronchi leave off, and where the upper lobe's parts from them
    -1: {"root": ((-44, 12, -14), 4.2), "fork": ((-22, 11, 22), 5.4)},
    1: {"root": ((52, 18, -10), 4.2), "fork": ((42, 15, 10), 4.6)},
}
SEGMENTS = {-1: RIGHT, 1: LEFT}


@dataclass(frozen=True, eq=False)
class Airways:
    """Bronchi of one lung, beyond the mediastinum's.

    Attributes:
        nodes_mm: LPS (n, 3); parents come before their children.
        radii_mm: Of the lumen, (n,).
        parent: Of every node; a node without one is its own.
        segments: How many of the named segments were reached.
    """

    nodes_mm: Floats
    radii_mm: Floats
    parent: NDArray[np.intp]
    segments: int

    def lumen(self) -> Tubes:
        """The air in the bronchi."""
        child = np.flatnonzero(self.parent != np.arange(len(self.parent)))
        up = self.parent[child]
        calibre = np.minimum(self.radii_mm[up], 1.15 * self.radii_mm[child])
        radii = np.stack([calibre, self.radii_mm[child]], axis=1)
        return Tubes(self.nodes_mm[up], self.nodes_mm[child], radii)

    def outline(self) -> Tubes:
        """The bronchi with their walls."""
        lumen = self.lumen()
        wall = np.maximum(WALL_SHARE * lumen.radii_mm, THINNEST_WALL_MM)
        return replace(lumen, radii_mm=lumen.radii_mm + wall)


class _Growing:
    """Nodes of a tree while it grows."""

    def __init__(self, space: LungSpace) -> None:
        self.space = space
        self.nodes: list[Floats] = []
        self.radii: list[float] = []
        self.parent: list[int] = []

    def add(self, point_mm: Floats, radius_mm: float, parent: int | None = None) -> int:
        """Add a node; without a parent it starts a tree."""
        self.nodes.append(np.asarray(point_mm, float))
        self.radii.append(radius_mm)
        self.parent.append(len(self.nodes) - 1 if parent is None else parent)
        return len(self.nodes) - 1

    def reach(self, start_mm: Floats, end_mm: Floats) -> Floats:
        """How far a straight bronchus gets before it nears the pleura again: its last point."""
        path = start_mm + np.linspace(0, 1, 25)[:, None] * (end_mm - start_mm)
        free = self.space.pleura_at(path) < -CLEAR_MM
        entered = np.maximum.accumulate(free)
        stopped = np.flatnonzero(entered & ~free)
        last: Floats = path[stopped[0] - 1] if stopped.size else path[-1]
        return last if entered.any() else start_mm


def grow_airways(space: LungSpace, subject: Subject, side: int) -> Airways:
    """Bronchi of the left (side 1) or the right (side -1) lung.

    Args:
        space: Of both lungs; bronchi stay within it.
        subject: Whose segments lie a little elsewhere than another's.
        side: 1 or -1.
    """
    random = subject.random(f"airways {side}")
    growing = _Growing(space)
    named: dict[str, int] = {}
    for name, (place, radius) in ROOTS[side].items():
        named[name] = growing.add(np.array(place, float), radius)
    reached = 0
    for name, origin, place, radius in SEGMENTS[side]:
        wander = random.normal(0, WANDER_MM, 3) * (0.4 if not name.startswith("B") else 1)
        chance = random.standard_normal((8, 3))
        start = growing.nodes[named[origin]]
        end = growing.reach(start, np.add(place, wander))
        if np.linalg.norm(end - start) < CLEAR_MM:
            named[name] = named[origin]
            continue
        bend = growing.add((start + end) / 2 + 2.5 * chance[0], radius, named[origin])
        named[name] = growing.add(end, radius * NARROWING, bend)
        if name.startswith("B"):
            reached += 1
            _fork(growing, named[name], chance[1:], depth=0)
    return Airways(
        np.array(growing.nodes), np.array(growing.radii), np.array(growing.parent, np.intp), reached
    )


def _fork(growing: _Growing, node: int, chance: Floats, depth: int) -> None:
    """Two bronchi from the end of another, and two from the end of each of those."""
    if depth == len(TWIG_LENGTHS_MM):
        return
    tip = growing.nodes[node]
    onward = tip - growing.nodes[growing.parent[node]]
    onward /= max(float(np.linalg.norm(onward)), 1e-6)
    across = chance[0] - onward * (chance[0] @ onward)
    across /= np.linalg.norm(across)
    if depth:
        across = np.cross(onward, across)  # the next fork lies in another plane
    angle = np.radians(SPREAD_DEGREES)
    for side, rest in ((1, chance[1::2]), (-1, chance[2::2])):
        heading = np.cos(angle) * onward + side * np.sin(angle) * across
        end = growing.reach(tip, tip + TWIG_LENGTHS_MM[depth] * heading)
        if np.linalg.norm(end - tip) < 4:
            continue
        child = growing.add(end, growing.radii[node] * FORK_SHARE, node)
        _fork(growing, child, rest, depth + 1)


def paint_windpipe(canvas: Canvas, organs: Mediastinum) -> None:
    """Paint the walls and the air of windpipe and main bronchi."""
    box = box_of(organs.airway < WIND_WALL_MM + 2 * canvas.spacing_mm[1])
    canvas.paint(organs.airway[box] - WIND_WALL_MM, WALL_HU, box)
    canvas.paint(organs.airway[box], AIR_HU, box)
