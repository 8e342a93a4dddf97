"""Perceptually uniform colour maps as tables on disk: no plotting library at run time."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLOUR_MAPS = ("inferno", "magma", "viridis", "cividis")
FOLDER = Path(__file__).resolve().parents[2] / "resources" / "colour_maps"


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """256 x 3 RGB of a colour map.

    Raises:
        ValueError: Not one of `COLOUR_MAPS`.
    """
    if name not in COLOUR_MAPS:
        raise ValueError(f"colour map must be one of {', '.join(COLOUR_MAPS)}; got {name!r}")
    table = np.loadtxt(FOLDER / f"{name}.csv", delimiter=",", dtype=np.uint8)
    table.flags.writeable = False
    return table
