"""Aorta, pulmonary trunk and its branches, caval and pulmonary veins, branches of the arch.

Paths are points in the reference thorax (LPS mm), set by eye beside real scans. Ends that hang on
the heart move with it; the aorta follows the spine; calibres differ from person to person.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import Floats
from core.phantom.cage import spine_y
from core.phantom.heart import placement
from core.phantom.shapes import spline
from core.phantom.subject import Sex, Subject


class Trunk(StrEnum):
    """A great vessel."""

    AORTA = "aorta"
    PULMONARY_LEFT = "pulmonary trunk and left artery"
    PULMONARY_RIGHT = "right pulmonary artery"
    CAVA_ABOVE = "superior vena cava"
    CAVA_BELOW = "inferior vena cava"
    ARM_VEIN = "left brachiocephalic vein"
    ARM_ARTERY = "brachiocephalic artery"
    CAROTID_LEFT = "left carotid artery"
    CAROTID_RIGHT = "right carotid artery"
    SUBCLAVIAN = "left subclavian artery"
    VEIN_RIGHT = "right pulmonary vein"
    VEIN_LEFT = "left pulmonary vein"
    AZYGOS = "azygos vein"


@dataclass(frozen=True)
class Course:
    """Of one vessel in the reference thorax.

    Attributes:
        points_mm: LPS, in the direction of the blood or against it.
        radii_mm: At points evenly spread along the path.
        on_heart: So many points at the start move with the heart.
        by_spine: Its points, after those on the heart, follow the bend of the spine.
    """

    points_mm: tuple[ArrayLike, ...]
    radii_mm: tuple[float, ...]
    on_heart: int = 0
    by_spine: bool = False


ARCH_FROM, DESCENDING_FROM = 0.17, 0.42
"""Shares of the aorta's length at which its arch and its descending part begin."""

_COURSES = {
    Trunk.AORTA: Course(
        (
            (2, -23, -26),
            (-4, -28, -12),
            (-10, -34, 8),
            (-12, -35, 34),
            (-5, -23, 56),
            (10, -1, 64),
            (24, 21, 53),
            (27, 30, 25),
            (25, 31, -30),
            (17, 28, -90),
            (8, 24, -170),
        ),
        (14.5, 17.5, 15.5, 14.0, 12.5, 12.0, 11.5, 11.0, 10.5),
        on_heart=3,
        by_spine=True,
    ),
    Trunk.PULMONARY_LEFT: Course(
        ((16, -58, -22), (20, -46, 6), (26, -24, 22), (38, 2, 25), (50, 14, 12)),
        (14.5, 14.0, 11.5, 8.5),
        on_heart=1,
    ),
    Trunk.PULMONARY_RIGHT: Course(
        ((23, -28, 19), (2, -14, 16), (-26, -8, 11), (-48, 0, 2)), (11.5, 10.5, 8.0)
    ),
    Trunk.CAVA_ABOVE: Course(
        ((-24, -22, -26), (-27, -18, 20), (-26, -22, 66), (-38, -16, 100), (-95, -8, 116)),
        (10.0, 9.0, 8.5, 7.0),
        on_heart=1,
    ),
    Trunk.CAVA_BELOW: Course(
        ((-20, -16, -62), (-21, -3, -100), (-19, 6, -125), (-16, 14, -170)),
        (11.5, 12.0),
        on_heart=1,
    ),
    Trunk.ARM_VEIN: Course(
        ((-24, -25, 62), (4, -40, 74), (36, -30, 94), (96, -10, 114)), (7.0, 6.5)
    ),
    Trunk.ARM_ARTERY: Course(
        ((-4, -20, 60), (-13, -12, 92), (-42, 2, 118), (-100, 8, 124)), (7.0, 5.5, 4.0)
    ),
    Trunk.CAROTID_LEFT: Course(((6, -8, 64), (17, -6, 105), (24, 2, 170)), (4.5, 4.0)),
    Trunk.CAROTID_RIGHT: Course(((-16, -6, 98), (-24, 2, 170)), (4.2, 4.0)),
    Trunk.SUBCLAVIAN: Course(((16, 6, 64), (29, 8, 105), (58, 10, 120), (100, 8, 122)), (5.5, 4.0)),
    Trunk.VEIN_RIGHT: Course(((-12, -2, -24), (-34, 2, -24), (-58, 6, -30)), (8.0, 5.0), 1),
    Trunk.VEIN_LEFT: Course(((32, 0, -22), (46, 6, -22), (66, 10, -30)), (8.0, 5.0), 1),
    Trunk.AZYGOS: Course(
        (
            (-26, -8, 46),
            (-22, 14, 48),
            (-10, 27, 38),
            (-7, 29, 0),
            (-7, 26, -50),
            (-7, 20, -110),
            (-6, 13, -170),
        ),
        (4.2, 3.6, 3.0, 3.0),
        by_spine=True,
    ),
}

AORTA_PER_YEAR, AORTA_OF_MEN, AORTA_SPREAD = 0.005, 0.04, 0.05
"""The aorta is wider with age (over 62) and in men (Mao et al., Acad Radiol 2008;15:827)."""

CALIBRE_SPREAD, JITTER_MM, STEP_MM = 0.06, 1.5, 6.0
CONGESTION = 0.6
"""Share of the heart's growth by which veins and the pulmonary arteries are wider."""

_ARTERIAL = (
    Trunk.AORTA,
    Trunk.ARM_ARTERY,
    Trunk.CAROTID_LEFT,
    Trunk.CAROTID_RIGHT,
    Trunk.SUBCLAVIAN,
)


@dataclass(frozen=True, eq=False)
class Tube:
    """A vessel of one person, in the frame of the reference thorax.

    Attributes:
        path_mm: Points (n, 3), LPS.
        radii_mm: At each point, (n,).
    """

    path_mm: Floats
    radii_mm: Floats


def great_vessels(subject: Subject) -> dict[Trunk, Tube]:
    """The great vessels of a person."""
    random = subject.random("great vessels")
    placed, kyphosis = placement(subject), subject.build.kyphosis
    aorta = _aortic_calibre(subject, random)
    veins = (1 + CONGESTION * (placed.growth - 1)) * (1 + CALIBRE_SPREAD * _chance(random))
    found = {}
    for trunk, course in _COURSES.items():
        points = np.array(course.points_mm, float)
        points[1:-1] += JITTER_MM * random.standard_normal(points[1:-1].shape).clip(-2, 2)
        on_heart, free = points[: course.on_heart], points[course.on_heart :]
        if course.by_spine:
            free[:, 1] += _behind(free, kyphosis)
        path = spline(np.concatenate([placed.points(on_heart), free]), STEP_MM)
        calibre = aorta if trunk in _ARTERIAL else veins
        at = np.linspace(0, 1, len(course.radii_mm))
        radii = np.interp(np.linspace(0, 1, len(path)), at, course.radii_mm)
        found[trunk] = Tube(path, calibre * radii)
    return found


def _aortic_calibre(subject: Subject, random: np.random.Generator) -> float:
    men = 0.5 if subject.sex is Sex.MALE else -0.5
    expected = 1 + AORTA_PER_YEAR * (subject.age_years - 62) + AORTA_OF_MEN * men
    return expected * (1 + AORTA_SPREAD * _chance(random))


def _behind(points_mm: Floats, kyphosis: float) -> Floats:
    """How much further back (mm) than in the reference the spine lies at these heights."""
    z = points_mm[:, 2]
    back: Floats = np.asarray(spine_y(z, kyphosis) - spine_y(z), float)
    near = np.clip((points_mm[:, 1] - 5) / 15, 0, 1)  # what lies at the front stays
    return back * near


def _chance(random: np.random.Generator) -> float:
    """Normal, of unit size, without the far tails."""
    return float(np.clip(random.standard_normal(), -2, 2))
