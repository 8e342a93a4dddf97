"""The calcium score: lesions by vessel, and the total of the coronary ones.

Lesions are scored each by itself and added up: the score never falls when a lesion is added, and
the vessels' scores add up to the total. "Other" (aorta, valve, graft, not coronary) is listed and
never in the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from core.calcium.lesion import LesionScore, Voxels, measure
from core.calcium.rule import NORMAL_INCREMENT_MM, Rule
from core.volume import Volume

METAL_ABOVE_HU = 1500
"""Stent, clip or wire rather than calcium: flagged for review, never cut off."""
NOT_CALIBRATED = "mass not calibrated"


class Vessel(StrEnum):
    """Where a lesion lies."""

    LM = "LM"
    LAD = "LAD"
    LCX = "LCX"
    RCA = "RCA"
    OTHER = "other"

    @property
    def is_coronary(self) -> bool:
        """True if it counts in the total."""
        return self is not Vessel.OTHER


@dataclass(frozen=True)
class VesselScore:
    """Sums over the lesions of one vessel, or of all coronary ones.

    Attributes:
        lesions: What counts, in the order in which it was marked.
    """

    lesions: tuple[LesionScore, ...] = ()

    @property
    def agatston(self) -> float:
        """Points."""
        return sum(lesion.agatston for lesion in self.lesions)

    @property
    def volume_mm3(self) -> float:
        """Calcified volume."""
        return sum(lesion.volume_mm3 for lesion in self.lesions)

    @property
    def root_volume(self) -> float:
        """Square root of the volume in mm3: evens out the spread of large scores."""
        return sqrt(self.volume_mm3)

    @property
    def area_mm2(self) -> float:
        """Sum of the areas of all parts."""
        return sum(lesion.area_mm2 for lesion in self.lesions)

    @property
    def max_hu(self) -> int | None:
        """Highest value; None without a lesion."""
        return max((lesion.max_hu for lesion in self.lesions), default=None)

    @property
    def mass_mg(self) -> float | None:
        """Mass of hydroxyapatite; None where it is not calibrated."""
        masses = [lesion.mass_mg for lesion in self.lesions if lesion.mass_mg is not None]
        return sum(masses) if self.lesions and len(masses) == len(self.lesions) else None


@dataclass(frozen=True)
class CalciumScore:
    """Scores by vessel with the rule that gave them.

    Attributes:
        vessels: Every vessel, also those without a lesion.
        rule: Threshold, weights, connectivity, least area.
        increment_mm: Distance of the slices; each part counts increment / 3 mm.
        calibration_mg_per_mm3_hu: None: the mass is not calibrated.
    """

    vessels: Mapping[Vessel, VesselScore]
    rule: Rule
    increment_mm: float
    calibration_mg_per_mm3_hu: float | None = None

    @property
    def total(self) -> VesselScore:
        """Over the four coronary vessels."""
        return VesselScore(
            tuple(
                lesion
                for vessel in Vessel
                if vessel.is_coronary
                for lesion in self.vessels[vessel].lesions
            )
        )

    @property
    def vessel_count(self) -> int:
        """Coronary vessels with calcium, 0 to 4: the N of CAC-DRS."""
        return sum(self.vessels[vessel].agatston > 0 for vessel in Vessel if vessel.is_coronary)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must stand beside the numbers."""
        found = []
        if self.rule.is_modified:
            found.append(f"Modified rule '{self.rule.name}': not comparable with published scores.")
        highest = max((each.max_hu or 0 for each in self.vessels.values()), default=0)
        if highest > METAL_ABOVE_HU:
            found.append(
                f"A marked lesion reaches {highest} HU, over {METAL_ABOVE_HU}: stent, clip or wire?"
            )
        return tuple(found)

    @property
    def normalisation(self) -> float:
        """Factor by which each slice counts."""
        return self.increment_mm / NORMAL_INCREMENT_MM


def score(
    volume: Volume,
    lesions: Mapping[Vessel, Sequence[Voxels]],
    rule: Rule,
    calibration_mg_per_mm3_hu: float | None = None,
) -> CalciumScore:
    """Score of marked lesions.

    Args:
        volume: Original slices.
        lesions: Voxels of each lesion by vessel; no voxel may be in two lesions.
        rule: How they are weighed.
        calibration_mg_per_mm3_hu: For the mass; None leaves it out.
    """
    measured = {
        vessel: [measure(volume, each, rule, calibration_mg_per_mm3_hu) for each in found]
        for vessel, found in lesions.items()
    }
    return added_up(measured, rule, volume.geometry.spacing_mm[0], calibration_mg_per_mm3_hu)


def added_up(
    measured: Mapping[Vessel, Sequence[LesionScore | None]],
    rule: Rule,
    increment_mm: float,
    calibration_mg_per_mm3_hu: float | None = None,
) -> CalciumScore:
    """Score of lesions that were measured before.

    Args:
        measured: Of each lesion by vessel; None for one of which nothing counts.
        rule: By which they were measured.
        increment_mm: Distance of the slices.
        calibration_mg_per_mm3_hu: With which they were measured.
    """
    vessels = {
        vessel: VesselScore(tuple(each for each in measured.get(vessel, ()) if each is not None))
        for vessel in Vessel
    }
    return CalciumScore(vessels, rule, increment_mm, calibration_mg_per_mm3_hu)
