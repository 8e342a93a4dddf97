"""From the reference thorax to a person: the build stretches space, and every shape with it.

Shapes are formulas in the reference thorax. A person's millimetres are the reference's times the
scale of the build, axis by axis, about LPS 0, 0, 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import Floats
from core.phantom.subject import Build


def scale(build: Build) -> Floats:
    """A person's millimetres to one of the reference thorax, along x, y and z; shape (3,)."""
    return np.array((build.width, build.depth, build.height), float)


def to_patient(points_mm: ArrayLike, build: Build) -> Floats:
    """LPS mm in the person of points in the reference thorax; shape (..., 3) in and out."""
    points: Floats = np.asarray(points_mm, float) * scale(build)
    return points


def to_reference(points_mm: ArrayLike, build: Build) -> Floats:
    """LPS mm in the reference thorax of points in the person; shape (..., 3) in and out."""
    points: Floats = np.asarray(points_mm, float) / scale(build)
    return points
