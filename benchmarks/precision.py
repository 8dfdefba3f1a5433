"""Passes in bfloat16 against float32: a training step and greedy decoding, in one process.

``python benchmarks/precision.py``. The two alternate; quote the median of the ratios and their
quartiles. The gain is the processor's: see whether ``lscpu`` lists avx512_bf16 or amx_bf16.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles

import torch

from harness.contracts import Setting, Vocabularies
from harness.model import SequenceModel
from harness.training.network import build_model
from harness_generations.greedy import Greedy
from harness_models.encoder_decoder import EncoderDecoder

CLASSES, SENTENCES, LENGTH, REPEATS = 4000, 64, 14, 20
PRECISIONS = ("float32", "bfloat16")


def model_of(d_model: int, *, precision: str) -> SequenceModel:
    """A model with small normal weights, the same in both precisions."""
    options = EncoderDecoder(d_model=d_model, d_ff=4 * d_model, heads=8, layers=3)
    vocabularies = Vocabularies(CLASSES, CLASSES)
    model = build_model(options, vocabularies=vocabularies, precision=precision)
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    return model


def training(model: SequenceModel) -> Callable[[], None]:
    """Forward, loss and backward."""
    source, target = (torch.randint(4, CLASSES, (SENTENCES, LENGTH)) for _ in range(2))

    def step() -> None:
        hidden = model.decode(model.embed(target), model.encode(source))
        logits = model.project(hidden).flatten(0, 1)
        torch.nn.functional.cross_entropy(logits, target.flatten()).backward()

    return step


def decoding(model: SequenceModel) -> Callable[[], None]:
    """Greedy decoding of one batch."""
    source = torch.randint(4, CLASSES, (SENTENCES, LENGTH))
    generate = Greedy(extra=6).build(
        Setting(seed=1, replicate=0, classes=CLASSES, d_model=64, updates=1)
    )
    return lambda: generate(model, source, sentences=range(SENTENCES)) and None


def alternated(steps: Mapping[str, Callable[[], None]]) -> list[list[float]]:
    """Seconds of each, side by side, without the first three, which warm up."""
    times = []
    for _ in range(REPEATS + 3):
        row = []
        for step in steps.values():
            started = time.perf_counter()
            step()
            row.append(time.perf_counter() - started)
        times.append(row)
    return times[3:]


def main() -> None:
    """Print the ratios for a few widths."""
    torch.set_num_threads(1)
    for d_model in (64, 128, 256, 512):
        models = {name: model_of(d_model, precision=name) for name in PRECISIONS}
        for what in (training, decoding):
            times = alternated({name: what(model) for name, model in models.items()})
            ratios = [single / half for single, half in times]
            low, _, high = quantiles(ratios)
            single, half = (median(column) * 1e3 for column in zip(*times, strict=True))
            print(
                f"d_model {d_model}, {what.__name__}: float32 {single:.0f} ms, bfloat16 "
                f"{half:.0f} ms, ratio {median(ratios):.2f} ({low:.2f} to {high:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
