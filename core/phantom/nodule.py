"""One nodule or mass: round or lobulated, smooth or spiculated, in lung only.

Solid, 30 to 60 HU; spiculation is likelier the larger it is (as in the Brock model, McWilliams et
al., N Engl J Med 2013;369:910).
"""

from dataclasses import dataclass

import numpy as np

from core.geometry import Floats
from core.phantom.lung_space import LungSpace, Mask
from core.phantom.shapes import Box, Distance
from core.phantom.subject import Subject
from core.phantom.tubes import Tubes, tube_cover

CANDIDATES, CLEAR_MM = 4000, 3.0
"""Places tried, and how far a nodule keeps from the pleura where there is room."""

LOW_MM, HIGH_MM = (-150.0, -110.0, -150.0), (150.0, 110.0, 120.0)
"""Corners of the box in which places are tried, LPS."""

HARD_HU, WAVES, WAVE_SIZE = (30.0, 60.0), 9, 0.16
"""Of its tissue; how many waves make it lobulated, and their size as a share of the radius."""

FEW_VOXELS = 30
"""A nodule of fewer voxels than this is painted fainter, so that it is no larger than asked for."""

SPICULATED_MM, SPICULES = 14.0, 90
"""Diameter at which half of all nodules are spiculated, and how many spicules they have."""


@dataclass(frozen=True, eq=False)
class Nodule:
    """A nodule.

    Attributes:
        cover: Share of every voxel in it or in its spicules, 0..1.
        hu: Of its tissue.
        mask: Truth: its body without the spicules.
        centre_mm: LPS.
        spiculated: True if strands run from it into the lung.
    """

    cover: Distance
    hu: float
    mask: Mask
    centre_mm: Floats
    spiculated: bool


def _place(space: LungSpace, random: np.random.Generator, radius_mm: float) -> Floats | None:
    """The first place with room enough, else the roomiest; None without any lung."""
    points = random.uniform(LOW_MM, HIGH_MM, (CANDIDATES, 3))
    depth = -space.pleura_at(points) * min(space.scale)
    enough = np.flatnonzero(depth > radius_mm + CLEAR_MM)
    chosen = int(enough[0]) if enough.size else int(np.argmax(depth))
    return points[chosen] if depth[chosen] > 0 else None


def _body(
    space: LungSpace, random: np.random.Generator, centre_mm: Floats, radius_mm: float
) -> Distance:
    """Distance to a lobulated ball in the person's millimetres; far beyond twice its size."""
    box, (z, y, x) = _near(space, centre_mm, 2 * radius_mm + 6)
    radius = np.sqrt(x**2 + y**2 + z**2) + np.float32(1e-3)
    wave = np.zeros_like(radius)
    for _ in range(WAVES):
        direction = random.standard_normal(3)
        direction *= random.uniform(1, 3) / np.linalg.norm(direction)
        a, b, c = direction.astype(np.float32)
        phase = np.float32(random.uniform(0, 2 * np.pi))
        wave += np.cos((a * x + b * y + c * z) / radius + phase)
    swell = 1 + np.float32(WAVE_SIZE * np.sqrt(2 / WAVES)) * wave
    body = np.full(space.shape, np.inf, np.float32)
    body[box] = radius - np.float32(radius_mm) * swell
    return body


def _near(
    space: LungSpace, centre_mm: Floats, reach_mm: float
) -> tuple[Box, tuple[Distance, Distance, Distance]]:
    """The voxels about a place, and how far they lie from it along z, y and x in the person."""
    spans, offsets = [], []
    for axis, at_mm, scale in zip(
        (space.z, space.y, space.x), centre_mm[::-1], space.scale, strict=True
    ):
        off = (axis - np.float32(at_mm)) * np.float32(scale)
        near = np.flatnonzero(np.abs(off.ravel()) <= reach_mm)
        spans.append(slice(int(near[0]), int(near[-1]) + 1))
        offsets.append(off)
    box = (spans[0], spans[1], spans[2])
    z, y, x = offsets
    return box, (z[box[0]], y[:, box[1]], x[:, :, box[2]])


def _spicules(
    space: LungSpace, random: np.random.Generator, centre_mm: Floats, radius_mm: float
) -> Tubes:
    """Strands from the body into the lung, tapering."""
    headings = random.standard_normal((SPICULES, 3))
    headings /= np.linalg.norm(headings, axis=1, keepdims=True)
    headings /= space.scale[::-1]
    length = radius_mm * random.uniform(1.25, 1.9, (SPICULES, 1)) + 1.5
    thickness = np.full((SPICULES, 2), (0.16 * radius_mm + 0.3, 0.35))
    starts = centre_mm + 0.6 * radius_mm * headings
    return Tubes(starts, centre_mm + length * headings, np.minimum(thickness, 1.6))


def nodule(space: LungSpace, subject: Subject) -> Nodule | None:
    """This person's nodule; None if there is none.

    Its body has the volume of a ball of the diameter asked for. Where the lung ends it does not
    go on, but grows more to the other sides.
    """
    diameter_mm = subject.diseases.nodule_mm
    random = subject.random("nodule")
    radius_mm = diameter_mm / 2
    centre_mm = _place(space, random, radius_mm) if diameter_mm > 0 else None
    if centre_mm is None:
        return None
    hu = float(random.uniform(*HARD_HU))
    spiculated = bool(random.random() < diameter_mm / (diameter_mm + SPICULATED_MM))
    shape = _body(space, random, centre_mm, radius_mm)
    wanted = np.pi / 6 * diameter_mm**3 / space.voxel_mm3
    shape -= np.float32(_level(np.where(space.inside, shape, np.inf), wanted))
    cover = space.cover(shape)
    if wanted < FEW_VOXELS:
        cover *= np.float32(min(1, wanted / cover.sum()))
    if spiculated:
        strands = tube_cover(space, _spicules(space, random, centre_mm, radius_mm))
        np.maximum(cover, strands, out=cover)
    cover *= space.inside
    return Nodule(cover, hu, (shape < 0) & space.inside, centre_mm, spiculated)


def _level(shape_mm: Distance, wanted: float) -> float:
    """The distance that so many voxels lie within."""
    near = shape_mm[shape_mm < np.inf]
    rank = min(max(round(wanted), 1), near.size - 1)
    return float(np.partition(near, rank)[rank])
