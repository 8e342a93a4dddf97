"""The inner chest wall and the curve of the spine: what the rest of the thorax is hung on.

Heights and walls were set by eye beside real scans, in the reference thorax.
"""

from dataclasses import dataclass

import numpy as np

from core.geometry import Floats
from core.phantom.shapes import Canvas, Distance, oval, profile
from core.phantom.subject import Subject

# Height above the middle of the thorax, and the inner wall of the chest there (LPS mm).
HEIGHTS_MM = (-165, -130, -90, -50, 0, 40, 75, 100, 118, 130)
FRONT_MM = (-88, -92, -97, -99, -95, -82, -58, -30, -6, 12)
BACK_MM = (80, 85, 89, 91, 90, 87, 80, 70, 58, 45)
HALF_WIDTH_MM = (130, 133, 136, 135, 129, 118, 97, 76, 55, 26)
SPINE_Y_MM = (30, 37, 43, 49, 52, 50, 45, 40, 36, 33)

BACK_FOLLOWS_SPINE = 0.5
"""How far the back wall goes with a spine that bends more."""


def spine_y(z_mm: Floats | Distance, kyphosis: float = 1.0) -> Distance:
    """LPS y of the middle of the vertebral bodies: the curve of the thoracic spine.

    Args:
        z_mm: Heights in the reference thorax.
        kyphosis: Bend against the reference's; its ends stay where they are.
    """
    curve = profile(HEIGHTS_MM, SPINE_Y_MM, z_mm)
    if kyphosis == 1.0:
        return curve
    ends = (HEIGHTS_MM[0], HEIGHTS_MM[-1])
    chord = np.interp(z_mm, ends, (SPINE_Y_MM[0], SPINE_Y_MM[-1])).astype(np.float32)
    return chord + np.float32(kyphosis) * (curve - chord)


@dataclass(frozen=True)
class Cage:
    """One person's inner chest wall.

    Attributes:
        kyphosis: Bend of the spine against the reference's.
        flare: How much wider it is below and narrower above; 0.03 is 3 % at 130 mm.
        keel_mm: How much further the breastbone stands out in front.
    """

    kyphosis: float = 1.0
    flare: float = 0.0
    keel_mm: float = 0.0

    def spine_y(self, z_mm: Floats | Distance) -> Distance:
        """LPS y of the middle of the vertebral bodies."""
        return spine_y(z_mm, self.kyphosis)

    def walls(self, z_mm: Floats | Distance) -> tuple[Distance, Distance, Distance]:
        """Centre in y, half depth and half width of the inner chest wall at some heights."""
        bend = self.spine_y(z_mm) - spine_y(z_mm)
        keel = np.float32(self.keel_mm) * profile((-60, 20, 90), (1, 1, 0), z_mm)
        front = profile(HEIGHTS_MM, FRONT_MM, z_mm) - keel
        back = profile(HEIGHTS_MM, BACK_MM, z_mm) + np.float32(BACK_FOLLOWS_SPINE) * bend
        half_width = profile(HEIGHTS_MM, HALF_WIDTH_MM, z_mm)
        half_width *= 1 - self.flare * profile((-130, 130), (-1, 1), z_mm)
        return (front + back) / 2, (back - front) / 2, half_width.astype(np.float32)

    def distance(self, canvas: Canvas) -> Distance:
        """Distance in mm to the inner chest wall, negative inside; float32 on the canvas's grid."""
        centre_y, half_depth, half_width = self.walls(canvas.z)
        return canvas.field(
            lambda at: oval(canvas.x, canvas.y - centre_y[at], half_width[at], half_depth[at])
        )


def cage(z_mm: Floats | Distance, kyphosis: float = 1.0) -> tuple[Distance, Distance, Distance]:
    """`Cage.walls` of a person like the reference but for the bend of the spine."""
    return Cage(kyphosis).walls(z_mm)


def cage_of(subject: Subject) -> Cage:
    """The chest wall of a person; its size comes with the build's scale."""
    flare, keel = subject.random("cage").normal((0.0, 1.0), (0.025, 2.0))
    return Cage(
        subject.build.kyphosis, float(np.clip(flare, -0.05, 0.05)), float(np.clip(keel, -1, 5))
    )
