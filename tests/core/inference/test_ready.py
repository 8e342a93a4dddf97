"""Converted once, anew when weights change, and settled by what was measured."""

import gc
from dataclasses import replace
from weakref import ref

import pytest
import torch

from core.inference import Engine, choose_engine, predict, prepare
from core.inference.agreement import CORRELATION_LIMIT, PROBABILITY_LIMIT, probe
from core.inference.ready import ready, settled
from core.progress import Silent
from tests.core.inference.small_network import scan, small_network

FP32 = choose_engine("cpu", "fp32")
AUTO_BF16 = replace(choose_engine("cpu", "bf16"), may_change=True, note="")
WITHOUT_DATA = Engine(
    torch.device("meta"), "fp32", device_name="A device that gives nothing back", may_change=True
)


@pytest.fixture
def network():
    return small_network()


def logits(network, engine=FP32):
    return predict(network, scan()[None], None, engine=engine, progress=Silent()).logits


def test_a_network_is_converted_once(network):
    assert ready(network, FP32) is ready(network, FP32)
    assert ready(network, FP32) is not ready(network, AUTO_BF16)


@pytest.mark.parametrize("is_counted", [True, False])
def test_weights_changed_in_place_are_seen(network, is_counted):
    before = logits(network)
    weight = network.backbone.layer4[0].conv2.weight
    with torch.no_grad():
        (weight if is_counted else weight.data).mul_(0.5)
    after = logits(network)
    assert not torch.equal(after, before)
    with torch.no_grad():
        expected = network(torch.from_numpy(scan())[None, None]).logits
    assert torch.allclose(after, expected, rtol=1e-4)


def test_a_network_that_is_gone_is_not_kept(network):
    gone = small_network(seed=2)
    ready(gone, FP32)
    watched = ref(gone)
    del gone
    gc.collect()
    assert watched() is None


def test_bf16_that_is_close_is_used_and_its_difference_noted(network):
    engine = prepare(network, AUTO_BF16)
    assert (engine.precision, engine.is_checked) == ("bf16", True)
    assert "probability differs by 0.0" in engine.note
    assert "of the gradient 0.9" in engine.note
    assert settled(network, engine) is engine


def strays_in_bf16():
    """Even odds on the test volume, and steep: the last bits of a feature decide."""
    network = small_network()
    with torch.no_grad():
        network.classifier.weight.mul_(3000)
        network.classifier.bias.sub_(network(probe()).logits[0])
    return network


def test_bf16_that_strays_becomes_fp32_and_says_so():
    engine = prepare(strays_in_bf16(), AUTO_BF16)
    assert (engine.precision, engine.device.type) == ("fp32", "cpu")
    assert engine.note.endswith("Too far, hence fp32.")


def test_bf16_that_was_asked_for_is_kept_with_its_difference_in_the_note():
    engine = prepare(strays_in_bf16(), choose_engine("cpu", "bf16"))
    assert engine.precision == "bf16"
    assert engine.note.startswith("bf16: asked for.")
    assert "Against fp32 on the CPU" in engine.note


def test_the_limits_are_those_that_were_promised():
    assert (PROBABILITY_LIMIT, CORRELATION_LIMIT) == (0.01, 0.98)


def test_a_device_that_cannot_run_the_network_is_left_for_the_cpu(network):
    engine = prepare(network, WITHOUT_DATA)
    assert engine.device.type == "cpu"
    assert "A device that gives nothing back cannot run this network" in engine.note
    assert engine.is_checked
