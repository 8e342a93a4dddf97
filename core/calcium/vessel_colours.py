"""One colour a vessel, for window and report: told apart by colour-blind readers too.

From the palette of Okabe and Ito (Color Universal Design, 2008); what is not coronary is grey. The
vessel's letters always stand beside the colour.
"""

from collections.abc import Mapping
from types import MappingProxyType

from core.calcium.scores import Vessel

Colour = tuple[int, int, int]

VESSEL_COLOURS: Mapping[Vessel, Colour] = MappingProxyType(
    {
        Vessel.LM: (240, 228, 66),
        Vessel.LAD: (230, 159, 0),
        Vessel.LCX: (86, 180, 233),
        Vessel.RCA: (204, 121, 167),
        Vessel.OTHER: (176, 184, 192),
    }
)
"""RGB, 0 to 255, for outlines and letters on dark pictures."""
