"""The rule by which calcium is found and weighed.

Agatston et al. 1990 (J Am Coll Cardiol 15:827): HU >= 130, area >= 1 mm2 in its slice, weight by
the lesion's own maximum in that slice. The published cut points hold for a tube voltage of 120 kVp.
Tables for other voltages disagree with each other, so they are options with names, never a default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

STANDARD_KVP = 120.0
STANDARD_CUT_POINTS_HU = (130, 200, 300, 400)
STANDARD_LEAST_AREA_MM2 = 1.0
NORMAL_INCREMENT_MM = 3.0
"""Slices lay 3 mm apart when the score was defined."""
FOUR, EIGHT = 4, 8
CONNECTIVITIES = (FOUR, EIGHT)


@dataclass(frozen=True)
class Rule:
    """Every parameter of the score.

    Attributes:
        name: In words, as it stands in the result.
        cut_points_hu: Least HU of weight 1, 2, 3, 4; the first is the threshold (inclusive).
        kvp: Tube voltage for which the cut points hold.
        connectivity: Neighbours of a pixel within its slice, 8 or 4.
        least_area_mm2: Smaller parts of a slice do not count; exactly this area counts.
    """

    name: str = "Agatston 1990 (120 kVp)"
    cut_points_hu: tuple[int, int, int, int] = STANDARD_CUT_POINTS_HU
    kvp: float = STANDARD_KVP
    connectivity: int = EIGHT
    least_area_mm2: float = STANDARD_LEAST_AREA_MM2

    def __post_init__(self) -> None:
        if self.connectivity not in CONNECTIVITIES:
            raise ValueError(f"connectivity must be one of {CONNECTIVITIES}, {self.connectivity=}")
        if list(self.cut_points_hu) != sorted(set(self.cut_points_hu)):
            raise ValueError(f"cut points must rise, {self.cut_points_hu=}")
        if self.least_area_mm2 < 0:
            raise ValueError(f"the least area must not be negative, {self.least_area_mm2=}")

    @property
    def threshold_hu(self) -> int:
        """Least HU that counts."""
        return self.cut_points_hu[0]

    @property
    def is_modified(self) -> bool:
        """True if a score by this rule is not comparable with the published ones."""
        standard = (STANDARD_CUT_POINTS_HU, EIGHT, STANDARD_LEAST_AREA_MM2)
        return (self.cut_points_hu, self.connectivity, self.least_area_mm2) != standard

    def weights(self, max_hu: ArrayLike) -> NDArray[np.int64]:
        """Weight 0 to 4 of parts with these maxima."""
        return np.searchsorted(self.cut_points_hu, np.asarray(max_hu), side="right")


STANDARD = Rule()

LOW_KVP_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Rule("70 kVp (207/318/477/636)", (207, 318, 477, 636), 70.0),
            Rule("80 kVp, Gräni 2018 (177/271/408/544)", (177, 271, 408, 544), 80.0),
            Rule("80 kVp, CardiacAgatstonMeasures (167/266/408/551)", (167, 266, 408, 551), 80.0),
            Rule("100 kVp (145/222/334/446)", (145, 222, 334, 446), 100.0),
            Rule("135 kVp (119/183/274/364)", (119, 183, 274, 364), 135.0),
        )
    }
)
"""Published cut points for other voltages, by name: offered, never chosen silently."""
