"""The thoracic spine: vertebral bodies with cortex, spongy bone and discs, arches, the cord."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom.cage import Cage
from core.phantom.shapes import Box, Canvas, Distance, mirrored, mottle, profile
from core.phantom.subject import Subject
from core.phantom.window import window

FIRST_VERTEBRA_Z_MM, VERTEBRA_STEP_MM, DISC_MM = 114.0, 22.0, 5.0
VERTEBRAE_ABOVE, VERTEBRAE_BELOW = 4, 15

CORTEX_HU, CORTEX_MM, DISC_HU, CORD_HU = 440.0, 0.9, 85.0, 28.0
ARCH_HU, ARCH_CORTEX_HU, ARCH_CORTEX_MM = 40.0, 560.0, 1.2
"""Spongy bone of the arches above that of the bodies; their cortex."""

GRAIN_HU, GRAIN_MM = 24.0, 4.0
"""Unevenness of spongy bone."""


@dataclass(frozen=True, eq=False)
class Spine:
    """Distances (mm) on a box of the canvas, negative inside.

    Attributes:
        box: Place on the canvas.
        body: Vertebral bodies.
        arch: Pedicles, laminae and processes.
        disc: The column of bodies and discs, a little narrower than the bodies.
        cord: The spinal canal.
    """

    box: Box
    body: Distance
    arch: Distance
    disc: Distance
    cord: Distance


def vertebra_step(subject: Subject) -> float:
    """Height in mm of one vertebra with its disc, in the reference thorax."""
    off = np.clip(subject.random("vertebrae").standard_normal(), -2, 2)
    return VERTEBRA_STEP_MM + 0.35 * float(off)


def vertebra_z(number: int, step_mm: float) -> float:
    """Height of the middle of a thoracic vertebra, counted from 0; negative in the neck."""
    return FIRST_VERTEBRA_Z_MM - number * step_mm


def build_spine(canvas: Canvas, cage: Cage, subject: Subject) -> Spine:
    """Shape the spine; nothing is painted yet."""
    step_mm = vertebra_step(subject)
    low_z, high_z = float(canvas.z.min()), float(canvas.z.max())
    part, box = window(canvas, (-44, -4, low_z), (44, 118, high_z))
    x, y, z = part.x, part.y, part.z
    behind = y - cage.spine_y(z)
    phase = (z - FIRST_VERTEBRA_Z_MM) / np.float32(step_mm)
    from_middle_mm = np.abs(phase - np.rint(phase)) * np.float32(step_mm)
    width = profile((-165, 130), (23.5, 15.5), z) * (0.88 + 0.0015 * from_middle_mm**2)
    depth = width * np.float32(0.80)
    rounded = np.sqrt((x / width) ** 2 + (behind / depth) ** 2)
    # Hollow towards the canal, as a bean is.
    hollow = np.float32(3.0) * np.exp(-((x / 9) ** 2)) * (behind > 0)
    column = ((rounded - 1) * depth + hollow).astype(np.float32)
    flat = 2 * from_middle_mm - np.float32(step_mm - DISC_MM)  # end plates are half as thick
    cord = (np.hypot(x / 9.5, (behind - depth - 5) / 8) * 8 - 8).astype(np.float32)
    arch = part.distances()
    for number in range(-VERTEBRAE_ABOVE, VERTEBRAE_BELOW):
        _add_arch(part, arch, vertebra_z(number, step_mm), cage)
    return Spine(box, np.maximum(column, flat), arch, column + 1, cord)


def _add_arch(canvas: Canvas, arch: Distance, z_mm: float, cage: Cage) -> None:
    """Pedicles, laminae, transverse and spinous processes of one vertebra."""
    y = float(cage.spine_y(np.array(z_mm)))
    for side in (-1, 1):
        ring = [(11, y + 9, z_mm + 4), (13, y + 24, z_mm + 2), (8, y + 31, z_mm - 3)]
        ring.append((0, y + 36, z_mm - 5))
        canvas.add_tube(arch, mirrored(ring, side), (3.8, 4.0, 3.6, 3.4))
        wing = [(13, y + 24, z_mm + 2), (33, y + 33, z_mm + 5)]
        canvas.add_tube(arch, mirrored(wing, side), (4.3, 4.2))
    tip = np.array([(0, y + 36, z_mm - 5), (0, y + 48, z_mm - 16), (0, y + 57, z_mm - 26)], float)
    canvas.add_tube(arch, tip, (3.6, 3.0, 3.4))


def paint_spine(canvas: Canvas, spine: Spine, subject: Subject) -> NDArray[np.bool_]:
    """Paint the spine.

    Spongy bone of the bodies has `diseases.vertebral_hu` on average.

    Returns:
        Where the spongy bone of the vertebral bodies lies, on the canvas's grid.
    """
    box, hu = spine.box, subject.diseases.vertebral_hu
    core = spine.body + np.float32(CORTEX_MM)
    spongy = core < -canvas.spacing_mm[1] / 2
    truth = np.zeros(canvas.hu.shape, bool)
    truth[box] = spongy
    if not spongy.any():
        return truth
    grain = mottle(canvas, subject.random("spongy bone"), GRAIN_MM, box)
    grain -= grain[spongy].mean()
    canvas.paint(spine.disc, DISC_HU, box)
    canvas.paint(spine.arch, ARCH_CORTEX_HU, box)
    canvas.paint(spine.arch, hu + ARCH_HU, box, inset_mm=ARCH_CORTEX_MM)
    canvas.paint(spine.body, CORTEX_HU, box)
    canvas.paint(core, hu + np.float32(GRAIN_HU) * grain, box)
    canvas.paint(spine.cord, CORD_HU, box)
    truth[box] &= spine.cord > canvas.spacing_mm[1] / 2
    return truth
