"""Perceptually uniform colour maps as tables on disk: no plotting library at run time.

Sequential: inferno, magma, viridis (S. van der Walt, N. Smith, CC0), cividis (Nunez 2018,
doi:10.1371/journal.pone.0199239). Diverging, dark in the middle, so that on a grey slice what is
strong is bright on both sides: berlin, managua (F. Crameri, doi:10.5281/zenodo.1243862, MIT).
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLOUR_MAPS = ("inferno", "magma", "viridis", "cividis")
DIVERGING_MAPS = ("berlin", "managua")
"""For signed maps: the first entry is -1, the middle 0, the last 1."""
FOLDER = Path(__file__).resolve().parents[2] / "resources" / "colour_maps"


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """256 x 3 RGB of a colour map.

    Raises:
        ValueError: Not one of `COLOUR_MAPS` or `DIVERGING_MAPS`.
    """
    known = (*COLOUR_MAPS, *DIVERGING_MAPS)
    if name not in known:
        raise ValueError(f"colour map must be one of {', '.join(known)}; got {name!r}")
    table = np.loadtxt(FOLDER / f"{name}.csv", delimiter=",", dtype=np.uint8)
    table.flags.writeable = False
    return table
