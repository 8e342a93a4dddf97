"""Lungs: parenchyma, fissures, and vessels and bronchi that branch and taper to the periphery."""

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.mediastinum import AIR_HU, BLOOD_HU, WALL_HU, Mediastinum
from core.phantom.shapes import Canvas, Distance, mottle

PARENCHYMA_HU, DEPENDENT_HU, MOTTLE_HU, FISSURE_HU = -872.0, 0.45, 14.0, -730.0
"""Air-filled tissue; its rise per mm towards the back; its unevenness; a fissure."""

HILUM_MM = {-1: (-46.0, 3.0, 0.0), 1: (52.0, 14.0, 4.0)}
TWIG_COUNT, TWIG_RADIUS_MM, MURRAY_EXPONENT = 1400, 0.48, 2.6
"""Ends of each tree, their radius, and how radii add up at a fork (between 2 and 3)."""

BRONCHUS_FROM_RADIUS_MM = 1.9
"""Bronchi are drawn beside arteries wider than this; finer ones a scan does not resolve."""


def paint_parenchyma(canvas: Canvas, lung: Distance, random: np.random.Generator) -> None:
    """Paint air-filled tissue, denser towards the back, and the fissures."""
    shade = PARENCHYMA_HU + DEPENDENT_HU * canvas.y + MOTTLE_HU * mottle(canvas, random, 8.0)
    canvas.paint(lung, shade)
    oblique = 0.80 * (canvas.y - 5) + 0.60 * (canvas.z - 5) + 0.0008 * canvas.x**2
    level = np.where(canvas.x < 0, canvas.z - 2 + 0.0015 * (canvas.y + 30) ** 2, np.float32(60))
    level = np.maximum(np.abs(level), oblique)
    for sheet in (np.abs(oblique), level):
        canvas.paint(np.maximum(sheet - np.float32(0.4), lung + 1), FISSURE_HU)


def grow_tree(root_mm: Floats, ends_mm: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Join points to a tree, each to the node that keeps both the twig and the way home short.

    Args:
        root_mm: Where the vessel enters the lung.
        ends_mm: Points (n, 3) to be reached.

    Returns:
        Nodes (n + 1, 3) with the root first, their radii in mm, and the parent of every node.
    """
    order = np.argsort(np.linalg.norm(ends_mm - root_mm, axis=1))
    nodes = np.concatenate([root_mm[None], ends_mm[order]])
    parent = np.zeros(len(nodes), np.intp)
    home_mm = np.zeros(len(nodes))
    for k in range(1, len(nodes)):
        twig_mm = np.linalg.norm(nodes[:k] - nodes[k], axis=1)
        parent[k] = np.argmin(twig_mm + 0.55 * home_mm[:k])
        home_mm[k] = home_mm[parent[k]] + twig_mm[parent[k]]
    power = np.full(len(nodes), TWIG_RADIUS_MM**MURRAY_EXPONENT)
    for k in range(len(nodes) - 1, 0, -1):
        power[parent[k]] += power[k]
    return _straightened(nodes, parent), power ** (1 / MURRAY_EXPONENT), parent


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


def paint_trees(
    canvas: Canvas, lung: Distance, organs: Mediastinum, random: np.random.Generator
) -> None:
    """Paint arteries with bronchi at their side, and veins, into both lungs."""
    vessel, lumen = canvas.distances(), organs.airway.copy()
    inside = np.argwhere(lung < -5)
    for side, hilum_mm in HILUM_MM.items():
        own = inside[np.sign(canvas.x.ravel()[inside[:, 2]]) == side]
        for kind, shift_mm in (("artery", (0, 0, 0)), ("vein", (0, -6, -16))):
            chosen = own[random.choice(len(own), TWIG_COUNT, replace=False)]
            ends = np.stack(
                [
                    axis.ravel()[chosen[:, 2 - k]]
                    for k, axis in enumerate((canvas.x, canvas.y, canvas.z))
                ],
                axis=1,
            )
            nodes, radii, parent = grow_tree(np.add(hilum_mm, shift_mm), ends.astype(float))
            for k in range(1, len(nodes)):
                thickness = np.array((min(radii[parent[k]], 1.35 * radii[k]), radii[k]))
                twig = nodes[[parent[k], k]]
                canvas.add_tube(vessel, twig, thickness, margin_mm=2.0)
                if kind == "artery" and radii[k] > BRONCHUS_FROM_RADIUS_MM:
                    beside = twig + np.outer(radii[[parent[k], k]] * 1.9, (0.0, 0.8, 0.6))
                    canvas.add_tube(lumen, beside, thickness * 0.85, margin_mm=3.0)
    wall = np.maximum(lumen - 0.7, lung)
    canvas.paint(np.maximum(vessel, lung), BLOOD_HU)
    canvas.paint(wall, WALL_HU)
    canvas.paint(np.maximum(lumen, lung + 1), AIR_HU)


def paint_windpipe(canvas: Canvas, organs: Mediastinum) -> None:
    """Paint the walls and the air of windpipe and main bronchi."""
    canvas.paint(organs.airway - 1.6, WALL_HU)
    canvas.paint(organs.airway, AIR_HU)
