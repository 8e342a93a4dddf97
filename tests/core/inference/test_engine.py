"""The choice of device and precision, and what follows when memory is short."""

from dataclasses import replace

import pytest
import torch

from core.errors import ResourcesError
from core.inference import Engine, choose_engine

GPU = Engine(torch.device("cuda"), "fp32", device_name="GPU of 2 GB", note="n", may_change=True)
HAS_GPU = choose_engine("auto", "auto").device.type != "cpu"


def multiplies_bf16():
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@pytest.mark.parametrize("device", ["cuda", "mps", "xpu"])
@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused_in_words(device):
    with pytest.raises(ResourcesError, match=f"'{device}' was asked for.* no .* GPU"):
        choose_engine(device, "auto")


def test_auto_on_a_cpu_is_bf16_where_the_cpu_multiplies_it_and_says_why():
    engine = choose_engine("cpu", "auto")
    assert engine.precision == ("bf16" if multiplies_bf16() else "fp32")
    assert engine.note.startswith(engine.precision)
    assert engine.may_change


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_was_asked_for_is_kept(precision):
    engine = choose_engine("cpu", precision)
    assert engine.precision == precision
    assert engine.note.startswith(f"{precision}: asked for.")
    assert not engine.may_change


def test_the_choice_is_the_same_every_time():
    assert choose_engine("auto", "auto") == choose_engine("auto", "auto")


def test_the_engine_names_its_device():
    assert choose_engine("cpu", "auto").device_name == f"CPU, {torch.get_num_threads()} threads"


def test_short_memory_lowers_the_precision_and_then_goes_to_the_cpu():
    lower = GPU.when_memory_is_short()
    assert (lower.device.type, lower.precision, lower.is_checked) == ("cuda", "bf16", False)
    on_cpu = lower.when_memory_is_short()
    assert on_cpu.device.type == "cpu"
    assert "GPU of 2 GB did not suffice in fp32: run in bf16." in on_cpu.note
    assert "GPU of 2 GB did not suffice in bf16: run on the CPU." in on_cpu.note
    assert on_cpu.when_memory_is_short() is None


def test_fp32_that_was_asked_for_stays_fp32_when_memory_is_short():
    on_cpu = replace(GPU, may_change=False).when_memory_is_short()
    assert (on_cpu.device.type, on_cpu.precision) == ("cpu", "fp32")


def test_dilated_layers_run_in_parts_only_in_bf16_on_a_cpu_with_amx(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert choose_engine("cpu", "auto").placement.space_to_batch
    assert not choose_engine("cpu", "fp32").placement.space_to_batch
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert not choose_engine("cpu", "auto").placement.space_to_batch
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert choose_engine("cpu", "auto").precision == "fp32"
