"""Plaques of the wall of the aorta, and calcium on its valve, of the intended volume."""

import numpy as np

from core.geometry import Floats
from core.phantom.coronary_calcium import axes_along, triple
from core.phantom.frame import scale, to_patient
from core.phantom.great_vessels import ARCH_FROM, Trunk, great_vessels
from core.phantom.heart import placement
from core.phantom.plaque import Plaque
from core.phantom.subject import Finding, Subject

PLAQUE_MM3, COUNT_EXPONENT = 45.0, 0.65
"""A single plaque of the aorta; more volume means more of them, and larger ones."""

LAST_SHARE = 0.80
"""Share of the aorta's length at which the scan's lower end comes near."""

GOLDEN_TURN, JITTER_TURN = 2.39996, 0.35
"""Angle in radians from one plaque to the next round the aorta, and its spread."""

THICKNESS_MM, THICKEST_MM, SQUAT = 0.9, 1.6, 1.6
"""Half the thickness of plaques of the wall; their length over their breadth."""

INSIDE_WALL_MM = 0.4
WALL_HU_MEDIAN, WALL_HU_SPREAD = 520.0, 0.3

VALVE_CENTRE_MM, VALVE_UP = (1.0, -24.0, -21.0), (-0.28, -0.22, 0.93)
"""Of the aortic valve in the reference heart, and the way of the blood through it."""

LEAFLET_MM, VALVE_PLAQUE_MM3, LEAFLET_TILT = (8.5, 4.0), 40.0, 0.4
"""Distances from the valve's middle at which calcium sits in turn, the volume of a single one, and
how far its length leans out of the valve's plane."""

SHARE_SPREAD, LEAST_HU, MOST_HU = 0.4, 250.0, 1100.0


def aortic_plaques(subject: Subject) -> tuple[Plaque, ...]:
    """Plaques along arch and descending aorta; their ellipsoids add up to the intended volume."""
    volume_mm3 = subject.diseases.aortic_calcium_mm3
    if volume_mm3 <= 0:
        return ()
    random = subject.random("aortic plaques")
    count = max(round((volume_mm3 / PLAQUE_MM3) ** COUNT_EXPONENT), 1)
    volumes = _parts(volume_mm3, count, random)
    tube = great_vessels(subject)[Trunk.AORTA]
    size = scale(subject.build)
    places = (
        ARCH_FROM + (LAST_SHARE - ARCH_FROM) * (np.arange(count) + random.random(count)) / count
    )
    turns = random.random() * 2 * np.pi + GOLDEN_TURN * np.arange(count)
    turns += JITTER_TURN * random.standard_normal(count)
    found = []
    for place, turn, volume in zip(places, turns, volumes, strict=True):
        at = float(place * (len(tube.path_mm) - 1))
        centre, along = _on(tube.path_mm, at)
        radius = float(np.interp(at, np.arange(len(tube.radii_mm)), tube.radii_mm))
        _, one, other = (np.array(axis) for axis in axes_along(along))
        outward = np.cos(turn) * one + np.sin(turn) * other
        centre = to_patient(centre + outward * (radius - INSIDE_WALL_MM), subject.build)
        outward, along = outward / size, along * size  # normals shrink where lengths grow
        outward /= np.linalg.norm(outward)
        along -= outward * (outward @ along)
        along /= np.linalg.norm(along)
        axes = (triple(along), triple(np.cross(outward, along)), triple(outward))
        found.append(
            Plaque(Finding.AORTIC_CALCIUM, None, triple(centre), _flat(volume), axes, _hu(random))
        )
    return tuple(found)


def valve_plaques(subject: Subject) -> tuple[Plaque, ...]:
    """Calcium on the leaflets of the aortic valve; its ellipsoids add up to the intended volume."""
    volume_mm3 = subject.diseases.valve_calcium_mm3
    if volume_mm3 <= 0:
        return ()
    random = subject.random("valve plaques")
    count = int(np.clip(round((volume_mm3 / VALVE_PLAQUE_MM3) ** COUNT_EXPONENT), 1, 6))
    volumes = _parts(volume_mm3, count, random)
    up, one, other = (np.array(axis) for axis in axes_along(np.array(VALVE_UP)))
    turns = random.random() * 2 * np.pi + np.arange(count) * 2 * np.pi / count
    placed = placement(subject)
    found = []
    for k, (turn, volume) in enumerate(zip(turns, volumes, strict=True)):
        outward = np.cos(turn) * one + np.sin(turn) * other
        reference = np.array(VALVE_CENTRE_MM) + outward * LEAFLET_MM[k % 2]
        centre = to_patient(placed.points(reference), subject.build)
        along = np.cross(up, outward) + LEAFLET_TILT * up * random.standard_normal()
        mean = (3 * volume / (4 * np.pi)) ** (1 / 3)
        radii = (round(1.7 * mean, 4), round(0.85 * mean, 4), round(mean / 1.7 / 0.85, 4))
        axes = axes_along(along)
        found.append(Plaque(Finding.VALVE_CALCIUM, None, triple(centre), radii, axes, _hu(random)))
    return tuple(found)


def _parts(volume_mm3: float, count: int, random: np.random.Generator) -> Floats:
    weight = random.lognormal(0, SHARE_SPREAD, count)
    parts: Floats = volume_mm3 * weight / weight.sum()
    return parts


def _hu(random: np.random.Generator) -> float:
    drawn = WALL_HU_MEDIAN * random.lognormal(0, WALL_HU_SPREAD)
    return round(float(np.clip(drawn, LEAST_HU, MOST_HU)), 1)


def _on(path_mm: Floats, at: float) -> tuple[Floats, Floats]:
    """Point at a fractional index of a path, and the direction there."""
    low = int(np.clip(at, 0, len(path_mm) - 2))
    along = path_mm[low + 1] - path_mm[low]
    return path_mm[low] + (at - low) * along, along


def _flat(volume_mm3: float) -> tuple[float, float, float]:
    """Radii along, round and through the wall."""
    thickness = float(np.clip(0.2 * volume_mm3 ** (1 / 3) + 0.3, THICKNESS_MM, THICKEST_MM))
    breadth = np.sqrt(3 * volume_mm3 / (4 * np.pi * thickness * SQUAT))
    return round(float(SQUAT * breadth), 4), round(float(breadth), 4), thickness
