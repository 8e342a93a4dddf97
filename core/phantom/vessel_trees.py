"""Arteries and veins of the lungs: trees that reach everywhere and taper to the periphery.

Every tree is grown towards points scattered in the person's lungs, from a stem: arteries along the
bronchi, veins between them. Radii add up at forks by Murray's law (Proc Natl Acad Sci 1926;12:207)
with the exponent that pulmonary vessels have (Huang et al., J Appl Physiol 1996;81:2123).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.airway_tree import Airways
from core.phantom.lung_space import LungSpace
from core.phantom.parenchyma import above_oblique_fissure
from core.phantom.subject import Subject
from core.phantom.tubes import Tubes, joined

TWIG_RADIUS_MM, MURRAY_EXPONENT = 0.45, 2.7
"""Radius of the ends of each tree, and how radii add up at a fork (between 2 and 3)."""

SCATTERED, SCATTER_LOW_MM, SCATTER_HIGH_MM = 13000, (5.0, -118.0, -175.0), (152.0, 112.0, 130.0)
"""Ends are scattered so densely in a box round one lung; those outside the lung are dropped."""

CLEAR_MM, TAPER = 4.5, 1.35
"""Ends keep clear of the pleura; a vessel is at most so much wider where it starts."""

HOMEWARD, BUSY_MM = 0.45, 2.5
"""Weight of the way home against the length of a new twig, and what each twig that a node has
already adds to it: vessels fork, they do not burst into stars."""

ARTERY_ROOT_MM = {-1: (-48.0, 0.0, 2.0), 1: (50.0, 14.0, 12.0)}
VEIN_STEMS_MM = {  # upper lobes, lower lobes: from where they leave for the left atrium, outward
    -1: (
        ((-46, -8, -12), (-54, -16, 6), (-60, -18, 26), (-64, -14, 46)),
        ((-56, 6, -30), (-66, 16, -38), (-72, 24, -50), (-76, 30, -62)),
    ),
    1: (
        ((48, -4, -8), (58, -14, 8), (66, -18, 28), (68, -12, 48)),
        ((64, 10, -30), (74, 20, -38), (80, 26, -50), (84, 32, -62)),
    ),
}
BESIDE = (0.0, -0.6, 0.8)
"""Where an artery lies from its bronchus."""

SPROUT_MM, SPROUT_RADIUS_MM = (3.5, 9.0), (0.4, 0.27)
"""Length of the finest twigs, and their radius at start and end."""


@dataclass(frozen=True, eq=False)
class Tree:
    """A branching vessel.

    Attributes:
        nodes_mm: LPS (n, 3), the root first; parents come before their children.
        radii_mm: (n,).
        parent: Of every node; the root is its own.
    """

    nodes_mm: Floats
    radii_mm: Floats
    parent: NDArray[np.intp]

    def tubes(self) -> Tubes:
        """One tube for every node but the root."""
        up = self.parent[1:]
        wide = np.minimum(self.radii_mm[up], TAPER * self.radii_mm[1:])
        radii = np.stack([wide, self.radii_mm[1:]], axis=1)
        return Tubes(self.nodes_mm[up], self.nodes_mm[1:], radii)


def grow_tree(
    stem_mm: Floats, ends_mm: Floats, stem_parent: NDArray[np.intp] | None = None
) -> Tree:
    """Join points to a stem, each to the node that keeps both the twig and the way home short.

    Args:
        stem_mm: Nodes (k, 3) that stand already, the root first.
        ends_mm: Points (n, 3) to be reached.
        stem_parent: Of every node of the stem; each follows the one before where not given.
    """
    count = len(stem_mm)
    if stem_parent is None:
        stem_parent = np.maximum(np.arange(count) - 1, 0)
    order = np.argsort(np.linalg.norm(ends_mm - stem_mm[0], axis=1), kind="stable")
    nodes = np.concatenate([stem_mm, ends_mm[order]])
    parent = np.concatenate([stem_parent, np.zeros(len(ends_mm), np.intp)])
    home_mm = np.zeros(len(nodes))
    for k in range(1, count):
        home_mm[k] = home_mm[parent[k]] + np.linalg.norm(nodes[k] - nodes[parent[k]])
    columns, cost_mm = np.ascontiguousarray(nodes.T), HOMEWARD * home_mm
    for k in range(count, len(nodes)):
        off = columns[:, :k] - columns[:, k : k + 1]
        twig_mm = np.sqrt(np.einsum("ij,ij->j", off, off))
        nearest = int(np.argmin(twig_mm + cost_mm[:k]))
        parent[k] = nearest
        home_mm[k] = home_mm[nearest] + twig_mm[nearest]
        cost_mm[k] = HOMEWARD * home_mm[k]
        cost_mm[nearest] += BUSY_MM
    power = np.full(len(nodes), TWIG_RADIUS_MM**MURRAY_EXPONENT)
    for k in range(len(nodes) - 1, 0, -1):
        power[parent[k]] += power[k]
    return Tree(_straightened(nodes, parent), power ** (1 / MURRAY_EXPONENT), parent)


def _straightened(nodes: Floats, parent: NDArray[np.intp]) -> Floats:
    """Forks drawn towards their neighbours, without sharp bends; root and ends stay."""
    children = np.bincount(parent[1:], minlength=len(nodes))
    inner = np.flatnonzero(children[1:]) + 1
    for _ in range(2):
        onward = np.zeros_like(nodes)
        np.add.at(onward, parent[1:], nodes[1:])
        middle = (nodes[parent[inner]] + onward[inner] / children[inner, None]) / 2
        nodes = nodes.copy()
        nodes[inner] += 0.6 * (middle - nodes[inner])
    return nodes


def scattered_ends(space: LungSpace, random: np.random.Generator, side: int) -> Floats:
    """Points (n, 3) scattered evenly in one lung, the same ones whatever the grid."""
    points = random.uniform(SCATTER_LOW_MM, SCATTER_HIGH_MM, (SCATTERED, 3)) * (side, 1, 1)
    return points[space.pleura_at(points) < -CLEAR_MM]


def artery_tree(space: LungSpace, airways: Airways, subject: Subject, side: int) -> Tree:
    """The pulmonary artery of one lung, along its bronchi."""
    ends = scattered_ends(space, subject.random(f"artery {side}"), side)
    beside = airways.nodes_mm + 2.1 * airways.radii_mm[:, None] * np.array(BESIDE)
    stem = np.concatenate([[ARTERY_ROOT_MM[side]], beside])
    alone = airways.parent == np.arange(len(airways.parent))
    parent = np.concatenate([[0], np.where(alone, 0, airways.parent + 1)])
    return grow_tree(stem, ends, parent)


def vein_trees(space: LungSpace, subject: Subject, side: int) -> tuple[Tree, Tree]:
    """The upper and the lower pulmonary vein of one lung."""
    ends = scattered_ends(space, subject.random(f"vein {side}"), side)
    upper = above_oblique_fissure(*ends.T, side=side)
    first, second = (_within(space, np.array(stem, float)) for stem in VEIN_STEMS_MM[side])
    return grow_tree(first, ends[upper]), grow_tree(second, ends[~upper])


def _within(space: LungSpace, stem_mm: Floats) -> Floats:
    """A stem as far as it stays in the lung; its first node stands in the mediastinum."""
    free = space.pleura_at(stem_mm) < -CLEAR_MM
    free[0] = True
    return stem_mm[np.logical_and.accumulate(free)]


def sprouts(tree: Tree, random: np.random.Generator) -> Tubes:
    """The finest twigs a scan still shows: two from every end of a tree, and from its forks."""
    start = np.repeat(tree.nodes_mm[1:], 2, axis=0)
    onward = np.repeat(tree.nodes_mm[1:] - tree.nodes_mm[tree.parent[1:]], 2, axis=0)
    onward /= np.maximum(np.linalg.norm(onward, axis=1, keepdims=True), 1e-6)
    heading = onward + 0.9 * random.standard_normal(start.shape)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    length = random.uniform(*SPROUT_MM, (len(start), 1))
    radii = np.broadcast_to(SPROUT_RADIUS_MM, (len(start), 2))
    return Tubes(start, start + length * heading, radii)


def lung_vessels(
    space: LungSpace, airways: dict[int, Airways], subject: Subject
) -> tuple[Tubes, Tubes]:
    """All vessels of both lungs, and apart from them the finest twigs.

    Args:
        space: Of both lungs.
        airways: Of the left (1) and the right (-1) lung.
        subject: Whose they are.
    """
    trees = [artery_tree(space, airways[side], subject, side) for side in (-1, 1)]
    trees += [vein for side in (-1, 1) for vein in vein_trees(space, subject, side)]
    random = subject.random("sprouts")
    return joined(*(t.tubes() for t in trees)), joined(*(sprouts(t, random) for t in trees))
