"""OpenVINO's forward pass: the eager network's features, silent, to be stopped, and not needed."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from core.inference import choose_engine, infer, predict, prepare, ready
from core.inference.engine import OPENVINO, TORCH
from core.inference.openvino_backbone import OpenVinoBackbone, OpenVinoError, is_installed
from core.models.backbones import CELL_STRIDE, FEATURES
from core.progress import Cancelled, Silent
from tests.core.inference.small_network import SHAPE, scan, small_network

needs_openvino = pytest.mark.skipif(not is_installed(), reason="OpenVINO is not installed")

SILENT = """
import sys
def refuse(event, arguments):
    if event.startswith("socket.") and event not in ("socket.gethostname", "socket.__new__"):
        raise SystemExit(f"the network was reached for: {event}")
    if event == "subprocess.Popen":
        raise SystemExit("a program was started")
sys.addaudithook(refuse)
import torch
from core.inference import choose_engine, predict
from core.progress import Silent
from tests.core.inference.small_network import scan, small_network
engine = choose_engine("cpu", "fp32")
predict(small_network(), scan()[None], None, engine=engine, progress=Silent())
sys.stdout.write(engine.backend + str([m for m in sys.modules if m.startswith("openvino_tel")
                                       and sys.modules[m] is not None]))
"""


@pytest.fixture
def network():
    return small_network()


def tensor(shape=SHAPE):
    return torch.from_numpy(scan(shape=shape))[None, None]


@needs_openvino
def test_fp32_has_the_features_of_the_eager_network_for_scans_of_any_shape(network):
    backbone = OpenVinoBackbone(network.backbone, "fp32", threads=2)
    for shape in (SHAPE, (32, 16, 48), SHAPE):
        found, expected = backbone(tensor(shape)), network.backbone(tensor(shape))
        assert found.shape == (1, FEATURES, *(side // CELL_STRIDE for side in shape))
        assert float((found - expected).abs().max()) < 1e-4 * float(expected.abs().max())


@needs_openvino
def test_the_precision_is_the_one_asked_for_and_not_openvinos_own_choice(network):
    image, expected = tensor(), network.backbone(tensor())
    fine, coarse = (
        float((OpenVinoBackbone(network.backbone, each, 2)(image) - expected).abs().mean())
        for each in ("fp32", "bf16")
    )
    assert fine < 1e-5 * float(expected.abs().mean())
    if choose_engine("cpu", "bf16").backend == OPENVINO:
        assert coarse > 100 * fine


@needs_openvino
def test_memory_that_was_given_back_changes_no_bit(network):
    backbone = OpenVinoBackbone(network.backbone, "bf16", threads=2)
    backbone.give_back()
    before = backbone(tensor())
    backbone.give_back()
    assert torch.equal(backbone(tensor()), before)


@needs_openvino
def test_a_pass_that_is_cancelled_ends_and_the_next_has_the_same_bits(network):
    backbone = OpenVinoBackbone(network.backbone, "fp32", threads=1)
    large = tensor((64, 128, 128))
    before = backbone(large)

    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        backbone(large, cancel)
    assert torch.equal(backbone(large), before)


@needs_openvino
def test_nothing_is_reported_to_anybody():
    done = subprocess.run(
        [sys.executable, "-c", SILENT], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == f"{choose_engine('cpu', 'fp32').backend}[]", done.stderr[-2000:]


@needs_openvino
def test_a_shape_that_it_cannot_run_is_an_error_with_a_name(network):
    with pytest.raises(OpenVinoError, match="cannot run"):
        OpenVinoBackbone(network.backbone, "fp32", 2)(torch.zeros(1, 2, 16, 16, 16))


def test_without_openvino_the_network_runs_in_torch_and_says_so(network, monkeypatch):
    with_it = predict(
        network, scan()[None], None, engine=choose_engine("cpu", "fp32"), progress=Silent()
    )
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    engine = choose_engine("cpu", "fp32")
    assert (engine.backend, engine.is_reference) == (TORCH, True)
    assert "By PyTorch: OpenVINO is not installed." in engine.note
    without = infer(network, scan(), None, engine=engine, progress=Silent())
    assert torch.allclose(without.output.logits, with_it.logits, rtol=1e-4)


def test_openvino_that_does_not_load_is_left_for_torch(network, monkeypatch):
    engine = replace(choose_engine("cpu", "fp32"), backend=OPENVINO, is_checked=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    found = prepare(network, engine)
    assert (found.backend, found.is_checked) == (TORCH, True)
    assert found.note.endswith("OpenVINO does not run here, hence all by PyTorch.")


@needs_openvino
def test_openvino_that_strays_too_far_is_left_for_torch_of_the_same_precision(network, monkeypatch):
    class Straying(OpenVinoBackbone):
        def __call__(self, image, on_wait=lambda: None):
            return super().__call__(image, on_wait).flip(1)

    monkeypatch.setattr(ready, "OpenVinoBackbone", Straying)
    engine = replace(choose_engine("cpu", "bf16"), backend=OPENVINO, is_checked=False)
    found = prepare(network, engine)
    assert (found.backend, found.precision) == (TORCH, "bf16")
    assert "Too far, hence all by PyTorch. Against fp32" in found.note
