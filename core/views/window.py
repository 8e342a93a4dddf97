"""Window width and level: which hounsfield units are shown between black and white."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST_HU = -32768
MINIMUM_WIDTH_HU = 1.0


@dataclass(frozen=True)
class Window:
    """`width_hu` around `level_hu`, as in DICOM's linear window."""

    width_hu: float
    level_hu: float

    @property
    def low_hu(self) -> float:
        """Black from here down."""
        return self.level_hu - self.width_hu / 2

    @property
    def high_hu(self) -> float:
        """White from here up."""
        return self.level_hu + self.width_hu / 2


@dataclass(frozen=True)
class Preset:
    """A named window and its key."""

    key: str
    name: str
    window: Window


PRESETS = (
    Preset("1", "Lung", Window(1500, -600)),
    Preset("2", "Mediastinum", Window(400, 40)),
    Preset("3", "Bone", Window(2000, 400)),
    Preset("4", "Calcium", Window(900, 250)),
    Preset("5", "Liver", Window(150, 60)),
    Preset("6", "Vessel", Window(600, 200)),
    Preset("7", "Emphysema", Window(500, -850)),
    Preset("8", "Brain", Window(80, 40)),
)
LUNG, MEDIASTINUM = PRESETS[0].window, PRESETS[1].window


def lookup_table(window: Window) -> NDArray[np.uint8]:
    """Grey of every int16 value: 65,536 entries, index = HU + 32,768."""
    width = max(window.width_hu, MINIMUM_WIDTH_HU)
    hu = np.arange(LOWEST_HU, -LOWEST_HU, dtype=np.float32)
    grey = (hu - (window.level_hu - width / 2)) * (255.0 / width)
    table: NDArray[np.uint8] = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return table


def to_grey(hu: NDArray[np.int16], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey of a slice through a table of `lookup_table`; any shape."""
    # int16 seen as uint16 turns -1 into 65,535: shift the table instead of the pixels.
    grey: NDArray[np.uint8] = np.take(np.roll(table, LOWEST_HU), hu.view(np.uint16))
    return grey
