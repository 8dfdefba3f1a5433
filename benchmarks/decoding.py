"""The time of decoding strategies, each against greedy decoding of the same sentences.

``python benchmarks/decoding.py``. Models are not trained: none writes an eos, so that all write the
same number of tokens, and a draft agrees with its model as far as the layers that it lacks add
nothing. Times of one round stand side by side: quote the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import torch

from harness.components.options import TrainedRun
from harness.contracts import BOS, EOS, Setting
from harness.runs.allocation import keep_freed_memory
from harness.training.decoding_tally import Tally
from harness_generations import Beam, Greedy, Speculative
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

LENGTH, ROUNDS = 12, 7


def model(d_model: int, layers: int, classes: int, *, share: float = 1.0) -> Transformer:
    """A model with small weights; decoder layers after the first add `share` of their output."""
    options = EncoderDecoder(
        d_model=d_model, d_ff=4 * d_model, heads=8, encoder_layers=2, decoder_layers=layers
    )
    built = Transformer(options, source_classes=classes, target_classes=classes)
    torch.manual_seed(1)
    for name, weight in built.named_parameters():
        # Of a generator for each name, so that a model and its draft share what both have.
        generator = torch.Generator().manual_seed(sum(map(ord, name)))
        if not name.endswith("norm.weight"):
            torch.nn.init.normal_(weight, std=0.1, generator=generator)
        later = name.startswith("decoder.") and not name.startswith("decoder.0")
        if later and ("output." in name or "outer." in name):
            weight.data *= share
    built.projection.bias.data[EOS] = -1e9
    return built.requires_grad_(requires_grad=False)


def refeed(built: Transformer, source: torch.Tensor, *, tokens: int) -> None:
    """Greedy decoding as in the Annotated Transformer: one sentence, every prefix read again."""
    memory, written = built.encode(source), [BOS]
    for _ in range(tokens):
        hidden = built.decode(built.embed(torch.tensor([written])), memory)
        written.append(int(built.project(hidden[:, -1]).argmax(-1)))


def ratios(slow: Callable[[], object], fast: Callable[[], object], *, times_slow: float = 1) -> str:
    """The median and the range of the time of one, so many times, divided by that of the other."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        slow()
        between = time.perf_counter()
        fast()
        times.append(times_slow * (between - started) / (time.perf_counter() - between))
    values = sorted(times[1:])  # the first round warms up
    return f"{median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def strategies(d_model: int, classes: int, *, sentences: int) -> str:
    """A row: reading prefixes again by greedy decoding, and a beam of 4 by the same."""
    built = model(d_model, 2, classes)
    source = torch.randint(4, classes, (sentences, LENGTH))
    setting = Setting(seed=1, classes=classes, d_model=d_model, updates=1)

    def decode(generation: Greedy | Beam) -> None:
        generation.build(setting)(built, source, sentences=range(sentences))

    def again() -> None:
        for row in source[:8]:
            refeed(built, row[None], tokens=LENGTH + 2)

    # Eight sentences stand for all, which take as long each.
    greedy = ratios(again, lambda: decode(Greedy(extra=2)), times_slow=sentences / 8)
    beam = ratios(lambda: decode(Beam(extra=2)), lambda: decode(Greedy(extra=2)))
    return f"| {d_model} | {classes} | {sentences} | {greedy} | {beam} |"


def guesses(d_model: int, *, layers: int, sentences: int, share: float) -> str:
    """A row: greedy by speculative decoding, with a draft of one layer."""
    classes = 300
    built, draft = model(d_model, layers, classes, share=share), model(d_model, 1, classes)
    source, tally = torch.randint(4, classes, (sentences, LENGTH)), Tally()
    setting = Setting(
        seed=1, classes=classes, d_model=d_model, updates=1, trained={"draft": draft}.__getitem__
    )
    guess = Speculative(draft=TrainedRun("draft"), extra=20)
    guess.build(replace(setting, count_work=tally.count))(built, source, sentences=range(sentences))
    generates = [made.build(setting) for made in (Greedy(extra=20), guess)]
    slow, fast = (
        lambda of=generate: of(built, source, sentences=range(sentences)) for generate in generates
    )
    accepted = tally.cost().acceptance or 0.0
    return f"| {d_model} | {layers} | {sentences} | {accepted:.0%} | {ratios(slow, fast)} |"


def main() -> None:
    """Print two tables."""
    keep_freed_memory()
    torch.set_num_threads(1)
    print("| d_model | classes | sentences | prefixes read again / greedy | beam of 4 / greedy |")
    print("|---:|---:|---:|---:|---:|")
    for d_model, classes in ((64, 300), (128, 300), (128, 2000)):
        print(strategies(d_model, classes, sentences=64), flush=True)
    print("\n| d_model | decoder layers | sentences | accepted | greedy / speculative |")
    print("|---:|---:|---:|---:|---:|")
    for d_model, layers, sentences, share in (
        (256, 6, 1, 0.0),
        (256, 6, 4, 0.0),
        (256, 6, 1, 0.03),
        (256, 12, 1, 0.0),
        (64, 6, 4, 0.0),
        (64, 6, 64, 0.0),
    ):
        row = guesses(d_model, layers=layers, sentences=sentences, share=share)
        print(row, flush=True)


if __name__ == "__main__":
    main()
