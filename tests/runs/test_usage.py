from __future__ import annotations

import torch

from harness.contracts.records import Usage
from harness.runs import usage
from harness.runs.usage import Meter

MIB = 2**20


def test_a_process_without_a_gpu_has_its_own_peak_memory() -> None:
    meter = Meter("cpu")
    meter.sample()
    before = meter.usage()
    assert (before.device, before.index, before.utilization) == ("cpu", None, None)
    assert before.peak_memory
    held = bytearray(before.peak_memory)  # so that it must at least be doubled, nearly
    held[::4096] = bytes(len(held[::4096]))
    after = meter.usage().peak_memory
    assert after
    assert after > 1.5 * before.peak_memory


def test_a_gpu_has_its_number_on_the_machine_and_its_mean_utilization(monkeypatch) -> None:
    readings = iter([40, 80])
    monkeypatch.setattr(torch.cuda, "utilization", lambda: next(readings))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA X")
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * MIB)
    monkeypatch.setattr(usage, "_SAMPLE_EVERY", 0.0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    meter = Meter("cuda")
    meter.sample()
    meter.sample()
    expected = Usage(device="NVIDIA X", index="7", peak_memory=3 * MIB, utilization=0.6)
    assert meter.usage() == expected
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert meter.usage().index == "0"


def test_samples_are_taken_at_most_once_a_second(monkeypatch) -> None:
    readings: list[int] = []
    monkeypatch.setattr(torch.cuda, "utilization", lambda: readings.append(50) or 50)
    meter = Meter("cuda")
    for _ in range(100):
        meter.sample()
    assert len(readings) == 1


def test_a_gpu_that_does_not_tell_its_utilization_costs_no_run(monkeypatch) -> None:
    calls: list[None] = []

    def missing() -> int:
        calls.append(None)
        raise ModuleNotFoundError("pynvml does not seem to be installed")

    monkeypatch.setattr(torch.cuda, "utilization", missing)
    monkeypatch.setattr(usage, "_SAMPLE_EVERY", 0.0)
    meter = Meter("cuda")
    meter.sample()
    meter.sample()
    assert len(calls) == 1
    assert meter._samples == []
