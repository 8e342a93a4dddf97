"""A network made ready for an engine: converted once, kept warm, compared with fp32 on the CPU."""

from collections.abc import MutableMapping
from copy import deepcopy
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from torch import nn

from core.inference.agreement import Agreement, agreement_of
from core.inference.engine import OPENVINO, Engine, on_cpu
from core.inference.openvino_backbone import OpenVinoBackbone
from core.models.folded_backbone import FoldedBackbone, Placement
from core.models.mortality_resnet3d import MortalityResNet3D

Fingerprint = tuple[tuple[int, float], ...]
Key = tuple[Placement, str]


@dataclass(frozen=True, eq=False)
class ReadyNetwork:
    """What runs.

    Attributes:
        backbone: Folded, on the device.
        heads: A copy of the network without its backbone, on the device, in fp32.
        openvino: The backbone that features come from; None where they are torch's.
    """

    backbone: FoldedBackbone
    heads: MortalityResNet3D
    openvino: OpenVinoBackbone | None = None


@dataclass(frozen=True, eq=False)
class _Kept:
    """Of one network with its present weights."""

    fingerprint: Fingerprint
    networks: dict[Key, ReadyNetwork]
    agreements: dict[Key, Agreement | None]


_kept: MutableMapping[nn.Module, _Kept] = WeakKeyDictionary()
"""Goes with its network: nothing that is kept may refer to the network itself."""


def ready(network: MortalityResNet3D, engine: Engine) -> ReadyNetwork:
    """The network for the engine, from the last time where its weights are still the same."""
    networks, key = _kept_of(network).networks, _key(engine)
    if key not in networks:
        networks[key] = _convert(network, engine)
    return networks[key]


def prepare(network: MortalityResNet3D, engine: Engine) -> Engine:
    """Settle the engine and convert the network ahead of the first run.

    Args:
        network: In evaluation mode. Stays where it is, in fp32.
        engine: As chosen.

    Returns:
        As `settled`.
    """
    engine = settled(network, engine)
    ready(network, engine)
    return engine


def settled(network: MortalityResNet3D, engine: Engine) -> Engine:
    """Compare an engine with fp32 on the CPU, once for a network, and draw the consequence.

    Args:
        network: In evaluation mode.
        engine: As chosen. One that is checked comes back as it is.

    Returns:
        The engine to run with: OpenVINO that cannot run the network or strays too far has become
        torch, bf16 that strays too far and was not asked for has become fp32, a device that cannot
        run the network or strays in fp32 has become the CPU. The note says what was measured.
    """
    if engine.is_checked:
        return engine
    agreement = _agreement(network, engine)
    if engine.backend == OPENVINO and (agreement is None or not agreement.is_close):
        words = f"{agreement.words} Too far" if agreement else "OpenVINO does not run here"
        forget(network, engine)
        return settled(network, engine.by_torch(f"{words}, hence all by PyTorch."))
    if agreement is None:
        asked = "auto" if engine.may_change else engine.precision
        words = f"{engine.device_name} cannot run this network: run on the CPU."
        return settled(network, on_cpu(asked, f"{engine.note} {words}".strip()))
    if agreement.is_close or (engine.precision == "bf16" and not engine.may_change):
        return replace(engine, is_checked=True).noted(agreement.words)
    if engine.precision == "bf16":
        return settled(network, engine.in_fp32(f"{agreement.words} Too far, hence fp32."))
    return on_cpu("fp32", f"{engine.note} {agreement.words} Too far, hence the CPU.".strip())


def forget(network: MortalityResNet3D, engine: Engine) -> None:
    """Give back the memory of what was made ready for an engine."""
    _kept_of(network).networks.pop(_key(engine), None)


def _agreement(network: MortalityResNet3D, engine: Engine) -> Agreement | None:
    """None where the device lacks an operation that the network needs."""
    agreements, key = _kept_of(network).agreements, _key(engine)
    if key not in agreements:
        try:
            made = ready(network, engine)
            agreements[key] = agreement_of(network, made.backbone, made.openvino)
        except NotImplementedError:
            agreements[key] = None
    return agreements[key]


def _key(engine: Engine) -> Key:
    return engine.placement, engine.backend


def _convert(network: MortalityResNet3D, engine: Engine) -> ReadyNetwork:
    without_backbone = {id(network.backbone): nn.Identity()}
    heads = deepcopy(network, without_backbone).to(engine.device)
    openvino = None
    if engine.backend == OPENVINO:
        openvino = OpenVinoBackbone(network.backbone, engine.precision, torch.get_num_threads())
    return ReadyNetwork(FoldedBackbone(network.backbone, engine.placement), heads, openvino)


def _kept_of(network: MortalityResNet3D) -> _Kept:
    fingerprint = _fingerprint(network)
    kept = _kept.get(network)
    if kept is None or kept.fingerprint != fingerprint:
        kept = _kept[network] = _Kept(fingerprint, {}, {})
    return kept


def _fingerprint(network: nn.Module) -> Fingerprint:
    """Changes with any weight: torch counts changes in place, the sums show what it misses."""
    tensors = network.state_dict(keep_vars=True).values()
    return tuple((tensor._version, float(tensor.detach().sum())) for tensor in tensors)
