"""Plaques of the coronary arteries whose expected score is the intended one.

Small plaques are denser than large ones, as the blur of a scanner demands of those that it shows,
and so chosen that slices of 1 and of 3 mm score them about alike. Their common size is then solved
for the score that a scan will give on average (`core.phantom.plaque_score`).
"""

from dataclasses import dataclass, replace

import numpy as np

from core.geometry import Floats
from core.phantom.coronaries import arteries
from core.phantom.frame import to_patient
from core.phantom.plaque import Plaque, Triple
from core.phantom.plaque_score import expected_agatston
from core.phantom.subject import Finding, Subject, Vessel

COUNT_FACTOR, COUNT_EXPONENT, LEAST_POINTS = 0.55, 0.42, 15.0
"""Number of plaques in a vessel with so many points: 1 at 20, 4 at 100, 10 at 1000; none of them is
so small that slices of 3 mm would often miss it, unless the whole vessel holds no more."""

SHARE_SPREAD, ELONGATION = 0.45, (1.3, 2.2)
"""Spread of the logarithm of the plaques' scores; their length over their width."""

POINTS_AT_ONE_MM, POINTS_EXPONENT = 12.5, 2.75
"""First guess of a plaque's points: 12.5 elongation radius^2.75."""

DENSITY_POINTS = (7.0, 9.0, 20.0, 40.0, 100.0, 300.0, 800.0)
DENSITY_HU = (430.0, 1150.0, 1000.0, 780.0, 580.0, 470.0, 420.0)
"""Density by a plaque's score: so, slices of 1 and of 3 mm score it about alike."""

DENSITY_SPREAD, LEAST_HU, MOST_HU = 0.06, 200.0, 1200.0

WALL_MM, GAP_MM, START_MM = 1.6, 3.0, 3.0
"""Soft wall round a plaque; least gap to the next; how far from its start a vessel stays free."""

PROXIMAL_SHARE, PROXIMAL_POINTS = 0.35, 500.0
"""Few points lie in the first third of a vessel; from 500 on they reach its end."""

SECANT_STEPS, TOLERANCE, LARGEST_STEP = 9, 0.015, 1.2


def coronary_plaques(subject: Subject) -> tuple[Plaque, ...]:
    """Plaques of all coronary arteries with an intended score above 0; LPS mm in the patient."""
    amounts = subject.diseases.coronary_agatston
    if not any(points > 0 for points in amounts.values()):
        return ()
    found: list[Plaque] = []
    for vessel, artery in arteries(subject).items():
        points = float(amounts.get(vessel, 0.0))
        if points > 0:
            path_mm = to_patient(artery.path_mm, subject.build)
            drawn = _drawn(vessel, path_mm, points, subject.random(f"plaques {vessel}"))
            found += _scaled_to(points, drawn)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Design:
    """Plaques of a vessel before they have a place; each array (n,).

    Attributes:
        radii_mm: Across the vessel, a first guess.
        elongation: Length over width.
        hu: Density at 120 kV.
    """

    radii_mm: Floats
    elongation: Floats
    hu: Floats

    @property
    def lengths_mm(self) -> Floats:
        """Of the plaques with the least gap to the next."""
        return 2 * self.radii_mm * self.elongation + GAP_MM


def _drawn(
    vessel: Vessel, path_mm: Floats, points: float, random: np.random.Generator
) -> list[Plaque]:
    """Plaques of about the intended score along a path, none touching the next."""
    at_mm = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path_mm, axis=0), axis=1))])
    room_mm = float(at_mm[-1]) - START_MM
    design = _design(points, room_mm, random)
    used_mm = room_mm * min(PROXIMAL_SHARE + points / PROXIMAL_POINTS, 1.0)
    lengths_mm = design.lengths_mm
    free_mm = max(used_mm - lengths_mm.sum(), 0.0)
    spaces_mm = random.dirichlet(np.ones(len(lengths_mm) + 1))[:-1] * free_mm
    centres_mm = START_MM + np.cumsum(spaces_mm) + np.cumsum(lengths_mm) - lengths_mm / 2
    plaques = []
    for k, centre_mm in enumerate(np.minimum(centres_mm, at_mm[-1])):
        place, along = _on_path(path_mm, at_mm, float(centre_mm))
        across = float(design.radii_mm[k])
        plaques.append(
            Plaque(
                Finding.CORONARY_CALCIUM,
                vessel,
                triple(place),
                (float(across * design.elongation[k]), across, across),
                axes_along(along),
                round(float(design.hu[k]), 1),
                wall_mm=WALL_MM,
            )
        )
    return plaques


def _design(points: float, room_mm: float, random: np.random.Generator) -> _Design:
    """As many plaques as go with the score, fewer and larger ones where they have no room."""
    wanted = round(COUNT_FACTOR * points**COUNT_EXPONENT)
    count = max(min(wanted, int(points / LEAST_POINTS)), 1)
    weight = random.lognormal(0, SHARE_SPREAD, count)
    elongation = random.uniform(*ELONGATION, count)
    density = random.lognormal(0, DENSITY_SPREAD, count)
    while True:
        share = points * weight[:count] / weight[:count].sum()
        radii = (share / (POINTS_AT_ONE_MM * elongation[:count])) ** (1 / POINTS_EXPONENT)
        hu = np.interp(np.log(share), np.log(DENSITY_POINTS), DENSITY_HU) * density[:count]
        design = _Design(radii, elongation[:count], np.clip(hu, LEAST_HU, MOST_HU))
        if count == 1 or design.lengths_mm.sum() <= room_mm:
            return design
        count -= 1


def _on_path(path_mm: Floats, at_mm: Floats, place_mm: float) -> tuple[Floats, Floats]:
    """Point at a length along a path, and the direction there."""
    ends = np.clip((place_mm - 1.5, place_mm + 1.5), 0, at_mm[-1])
    point, before, after = (
        np.array([np.interp(at, at_mm, path_mm[:, k]) for k in range(3)])
        for at in (place_mm, *ends)
    )
    return point, after - before


def _scaled_to(points: float, plaques: list[Plaque]) -> list[Plaque]:
    """The same plaques, all larger or smaller by one factor, whose expected scores add up.

    Secant steps between the logarithms of size and score, halving where they leave the bracket.
    """
    low, high = -LARGEST_STEP, LARGEST_STEP
    log_scale, slope, before = 0.0, POINTS_EXPONENT, (0.0, 0.0)
    best, least = plaques, np.inf
    for step in range(SECANT_STEPS):
        sized = [_sized(each, float(np.exp(log_scale))) for each in plaques]
        expected = np.array([expected_agatston(each) for each in sized])
        missing = float(np.log(points / max(expected.sum(), 0.01 * points)))
        if abs(missing) < least:
            least, best = abs(missing), _with_parts(sized, points, expected)
        if least < TOLERANCE:
            break
        low, high = (log_scale, high) if missing > 0 else (low, log_scale)
        if step and missing != before[1]:
            slope = max((before[1] - missing) / (log_scale - before[0]), 1.0)
        before = (log_scale, missing)
        log_scale += missing / slope
        if not low < log_scale < high:
            log_scale = (low + high) / 2
    return best


def _with_parts(plaques: list[Plaque], points: float, expected: Floats) -> list[Plaque]:
    """Plaques that share the intended points as they share the expected ones."""
    parts = points * expected / max(expected.sum(), 1e-9)
    return [
        replace(each, agatston=round(float(own), 2))
        for each, own in zip(plaques, parts, strict=True)
    ]


def _sized(plaque: Plaque, factor: float) -> Plaque:
    along, one, other = (round(radius * factor, 4) for radius in plaque.radii_mm)
    return replace(plaque, radii_mm=(along, one, other))


def axes_along(direction: Floats) -> tuple[Triple, Triple, Triple]:
    """Three unit vectors at right angles, the first along a direction."""
    first = direction / np.linalg.norm(direction)
    aside = np.eye(3)[np.argmin(np.abs(first))]
    second = np.cross(first, aside)
    second /= np.linalg.norm(second)
    return triple(first), triple(second), triple(np.cross(first, second))


def triple(vector: Floats) -> Triple:
    """Three numbers as they stand in the truth's file."""
    x, y, z = (round(float(v), 6) for v in vector)
    return x, y, z
