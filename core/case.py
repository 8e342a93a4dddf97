"""The last case stays warm in the process that analysed it, for questions about it.

One case at a time: what a reader asks is about the scan on the screen, and a second one would cost
another quarter of a gigabyte.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.errors import ResourcesError
from core.geometry import VolumeGeometry
from core.inference import Engine, Inference
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import MortalityResNet3D
from core.preprocessing.resample import resample
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
        region: 1 inside the heart-preserving hull, on the reoriented CT's grid.
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
    region: Mask
    regions: Mask
    clinical: Tensor | None
    engine: Engine
    target: Target
    inference: Inference

    @property
    def breaks_years(self) -> tuple[float, ...] | None:
        """Breaks of the survival head; None without one."""
        return None if self.card.survival is None else self.card.survival.breaks_years

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """True for the voxels of `image` that lie in the region: all that the model is shown."""
        labels = resample(self.region.labels, self.region.geometry, self.grid, outside=0)
        inside: NDArray[np.bool_] = labels >= 0.5
        return inside


_kept: list[Case] = []


def keep(case: Case) -> None:
    """Keep this case and no other."""
    forget()
    _kept.append(case)


def forget() -> None:
    """Give the memory back."""
    _kept.clear()


def case_of(run_id: str) -> Case:
    """The case of a run.

    Raises:
        ResourcesError: It is gone: another run came after it, or the process was started anew.
    """
    for case in _kept:
        if case.run_id == run_id:
            return case
    raise ResourcesError(
        "The run that is asked about is no longer in memory.", "Run the model again."
    )
