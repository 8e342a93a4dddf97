"""The last two cases stay warm in the process that analysed them, for questions about them.

What a reader asks is about the scan on the screen. That is the run before the last where a run was
cancelled while its answer was on the way. With an input of 128 x 256 x 256 voxels a case takes
about 110 MB: image, gradient and features a third of that each. The network is shared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.errors import ResourcesError
from core.geometry import VolumeGeometry
from core.inference import Engine, Inference
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import MortalityResNet3D
from core.saliency.targets import Target
from core.volume import Mask


@dataclass(frozen=True, eq=False)
class Case:
    """One scan as the network was given it, the network, and what it answered.

    Attributes:
        run_id: Of the run (`Provenance.run_id`).
        card: The model.
        network: Frozen, in evaluation mode.
        image: (D, H, W) float32, intensities 0..1: the network's input.
        grid: Where the voxels of `image` lie.
        inside: True for the voxels of `image` in the region: all that the model is shown.
        regions: `core.preprocessing.organ_regions.Organ`, on a coarser grid.
        clinical: (1, values) scaled to 0..1, or None.
        engine: Where and how the network ran, after any fallback.
        target: What the maps of the run explain.
        inference: What the pass gave.
    """

    run_id: str
    card: ModelCard
    network: MortalityResNet3D
    image: NDArray[np.float32]
    grid: VolumeGeometry
    inside: NDArray[np.bool_]
    regions: Mask
    clinical: Tensor | None
    engine: Engine
    target: Target
    inference: Inference

    @property
    def breaks_years(self) -> tuple[float, ...] | None:
        """Breaks of the survival head; None without one."""
        return None if self.card.survival is None else self.card.survival.breaks_years

    @property
    def shown(self) -> Mask:
        """`inside` as a mask: 1 where the model is shown something."""
        return Mask(self.inside.view(np.uint8), self.grid)


MOST_KEPT = 2

_kept: list[Case] = []


def keep(case: Case) -> None:
    """Keep this case and the one before it."""
    _kept.append(case)
    del _kept[:-MOST_KEPT]


def forget() -> None:
    """Give the memory back."""
    _kept.clear()


def case_of(run_id: str) -> Case:
    """The case of a run.

    Raises:
        ResourcesError: It is gone: others came after it, or the process was started anew.
    """
    for case in _kept:
        if case.run_id == run_id:
            return case
    raise ResourcesError(
        "The run that is asked about is no longer in memory.", "Run the model again."
    )
