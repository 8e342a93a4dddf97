"""Coronary arteries: curves in the grooves of the heart.

A groove is where two chambers are equally near. Each artery is led by a few points set by eye;
every point is moved to its groove, 3 mm over the heart, and a smooth curve joins them: the arteries
stay in their grooves however the heart turns and grows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import Floats
from core.phantom.heart import Chamber, Ellipsoid, chambers, distance_at, placement
from core.phantom.shapes import Canvas, Distance, spline
from core.phantom.subject import Subject, Vessel

OVER_HEART_MM = 3.0
"""Of the middle of an artery over the surface of the heart."""

STEP_MM, NEWTON_STEPS, PROBE_MM, LONGEST_STEP_MM = 1.5, 12, 0.05, 4.0

ARTERY_RADII_MM = {  # at the origin and at the end
    Vessel.LM: (2.3, 2.1),
    Vessel.LAD: (1.9, 0.9),
    Vessel.LCX: (1.8, 1.0),
    Vessel.RCA: (2.0, 1.1),
}
GROOVE_RADII_MM = {
    Vessel.LM: (5.0, 5.5),
    Vessel.LAD: (5.5, 3.2),
    Vessel.LCX: (6.0, 4.5),
    Vessel.RCA: (6.5, 5.0),
}
CUT_MM = 4.0
"""Depth to which the fat of a groove reaches into the heart."""

Pair = tuple[Chamber, Chamber]

_LEFT: Pair = (Chamber.LEFT_VENTRICLE, Chamber.RIGHT_VENTRICLE)
_AROUND: Pair = (Chamber.LEFT_VENTRICLE, Chamber.LEFT_ATRIUM)
_UNDER_EAR: Pair = (Chamber.LEFT_VENTRICLE, Chamber.LEFT_EAR)
_BETWEEN: Pair = (Chamber.OUTFLOW, Chamber.RIGHT_EAR)
_RIGHT: Pair = (Chamber.RIGHT_VENTRICLE, Chamber.RIGHT_ATRIUM)

_ORIGIN_MM: dict[Vessel, tuple[ArrayLike, ...]] = {  # LPS, on the way from the aorta: no groove yet
    Vessel.LM: ((14, -31, -10), (23, -36, -10), (31, -40, -14)),
    Vessel.LAD: ((31, -40, -14), (38, -52, -22)),
    Vessel.LCX: ((31, -40, -14),),
    Vessel.RCA: ((-5, -42, -11),),
}
_GROOVE_MM: dict[Vessel, tuple[tuple[ArrayLike, Pair], ...]] = {
    Vessel.LM: (),
    Vessel.LAD: (
        ((44, -74, -40), _LEFT),
        ((54, -80, -56), _LEFT),
        ((62, -78, -74), _LEFT),
        ((66, -72, -88), _LEFT),
    ),
    Vessel.LCX: (
        ((46, -38, -27), _UNDER_EAR),
        ((56, -22, -33), _UNDER_EAR),
        ((50, -8, -40), _AROUND),
        ((44, 4, -50), _AROUND),
        ((30, 8, -56), _AROUND),
    ),
    Vessel.RCA: (
        ((-9, -60, -22), _BETWEEN),
        ((-22, -68, -42), _RIGHT),
        ((-26, -64, -60), _RIGHT),
        ((-20, -52, -80), _RIGHT),
        ((-6, -36, -92), _RIGHT),
    ),
}


@dataclass(frozen=True, eq=False)
class Artery:
    """One coronary artery of a person, in the frame of the reference thorax.

    Attributes:
        path_mm: Points (n, 3), LPS, about every 1.5 mm from the aorta on.
        radii_mm: Of the artery at each point, (n,).
        groove_mm: Radius of the fat round it at each point, (n,).
    """

    path_mm: Floats
    radii_mm: Floats
    groove_mm: Floats


def arteries(subject: Subject) -> dict[Vessel, Artery]:
    """The four coronary arteries of a person's heart."""
    heart, placed = chambers(subject), placement(subject)
    found = {}
    for vessel, origin_mm in _ORIGIN_MM.items():
        points = [placed.points(np.array(origin_mm, float))]
        for guide_mm, pair in _GROOVE_MM[vessel]:
            start = placed.points(guide_mm)
            points.append(_into_groove(start, heart, pair)[None])
        path = spline(np.concatenate(points), STEP_MM)
        found[vessel] = Artery(
            path,
            np.linspace(*ARTERY_RADII_MM[vessel], len(path)),
            np.linspace(*GROOVE_RADII_MM[vessel], len(path)),
        )
    return found


def _into_groove(point_mm: Floats, heart: dict[Chamber, Ellipsoid], pair: Pair) -> Floats:
    """The point near by that is equally far from two chambers and `OVER_HEART_MM` over the heart.

    Newton's method with the shortest step that meets both conditions.
    """
    probes = np.concatenate([np.zeros((1, 3)), PROBE_MM * np.eye(3)])
    point = point_mm
    for _ in range(NEWTON_STEPS):
        at = point + probes
        one, other = (heart[chamber].distance(at) for chamber in pair)
        missing = np.stack([one - other, distance_at(at, heart) - OVER_HEART_MM])
        slope = (missing[:, 1:] - missing[:, :1]) / PROBE_MM
        step = np.linalg.lstsq(slope, missing[:, 0], rcond=1e-3)[0]
        length = float(np.linalg.norm(step))
        point = point - step * min(1.0, LONGEST_STEP_MM / max(length, 1e-9))
    return point


def paint_arteries(
    canvas: Canvas, heart_distance: Distance, found: dict[Vessel, Artery], hu: tuple[float, float]
) -> None:
    """Paint the fat of the grooves, then the arteries in it.

    Args:
        canvas: Painted in place.
        heart_distance: To the heart: grooves do not reach far into it.
        found: Of `arteries`.
        hu: Of fat and of blood.
    """
    fat_hu, blood_hu = hu
    groove, lumen = canvas.distances(), canvas.distances()
    for artery in found.values():
        sparse = slice(None, None, 3)
        canvas.add_tube(groove, artery.path_mm[sparse], artery.groove_mm[sparse], margin_mm=2.0)
        canvas.add_tube(lumen, artery.path_mm[sparse], artery.radii_mm[sparse], margin_mm=2.0)
    canvas.paint(np.maximum(groove, -np.float32(CUT_MM) - heart_distance), fat_hu)
    canvas.paint(lumen, blood_hu)
