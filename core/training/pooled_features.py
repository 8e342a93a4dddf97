"""Pooled features of scans by a frozen backbone: computed once, kept beside the prepared scans.

The backbone runs as it does when a scan is read (`core.inference`), one scan after the other, so
that heads are trained and judged on the very numbers that a reader's machine gives.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from core.inference import Engine, choose_engine, features, prepare
from core.models.backbones import FEATURES
from core.models.initialisation import state_digest
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Progress, Silent
from core.training.batches import ScanReader, Wanted
from core.training.input_cache import write_atomically
from core.training.processes import Processes

KEPT_EVERY = 200
"""Scans after which what was computed is kept: more is never lost."""


@dataclass(frozen=True, eq=False)
class FeatureStore:
    """Where pooled features lie.

    Attributes:
        folder: Made when it is first written to.
        reader: Of the prepared scans, at the shape of the network's input.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        processes: That share the work.
    """

    folder: Path
    reader: ScanReader
    device: str
    precision: str
    processes: Processes

    def pooled(
        self, network: MortalityResNet3D, keys: tuple[str, ...], progress: Progress = Silent()
    ) -> Tensor:
        """Mean of the last layer's features for each scan, (N, 512) float32.

        Args:
            network: In evaluation mode, float32.
            keys: Of the prepared scans.
            progress: Told of every scan; may cancel.
        """
        network = network.eval()
        chosen = choose_engine(self.device, self.precision)
        engine = prepare(network, chosen)
        path = self.folder / f"{self._digest(network, engine)}.safetensors"
        known = _stored(path)
        missing = [key for key in dict.fromkeys(keys) if key not in known]
        for start in range(0, len(missing), KEPT_EVERY):
            some = missing[start : start + KEPT_EVERY]
            computed = self._computed(network, engine, some, progress, start, len(missing))
            known |= dict(zip(some, computed, strict=True))
            if self.processes.is_first:
                write_atomically(path, safetensors.torch.save(known))
            self.processes.wait()
        return torch.stack([known[key] for key in keys])

    def _computed(
        self,
        network: MortalityResNet3D,
        engine: Engine,
        keys: list[str],
        progress: Progress,
        before: int,
        count: int,
    ) -> list[Tensor]:
        """Each process computes every so-manyth scan; the sum over them is all."""
        found = torch.zeros(len(keys), FEATURES, device=self.processes.device)
        mine = range(self.processes.rank, len(keys), self.processes.count)
        scans = self.reader.batches([[Wanted(keys[place])] for place in mine])
        for place, scan in zip(mine, scans, strict=True):
            images = np.asarray(scan[:, 0].numpy())
            layer = features(network, images, engine=engine, progress=Silent())
            found[place] = layer.mean(dim=(2, 3, 4))[0].to(found.device)
            progress.step((before + place) / count, f"Features {before + place + 1} of {count}")
        return [each.clone() for each in self.processes.total(found).cpu()]

    def _digest(self, network: MortalityResNet3D, engine: Engine) -> str:
        """Of backbone, input and arithmetic: other numbers never lie under one name."""
        weights = state_digest(network.backbone.state_dict())
        how = f"{weights} {self.reader.shape} {engine.precision} {engine.backend}"
        return hashlib.sha256(how.encode()).hexdigest()[:32]


def _stored(path: Path) -> dict[str, Tensor]:
    """What is there; a damaged file is none, since it can be computed anew."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # no mapping
    except (OSError, safetensors.SafetensorError):
        return {}
