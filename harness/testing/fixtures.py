"""Fixtures of the contract tests: a tiny Transformer in float64, a batch, a corpus, a setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial

import torch

from harness import streams
from harness.components import Architecture
from harness.contracts import BOS, EOS, PAD, Batch, Corpus, Pair, Setting, Vocabularies
from harness.loading.component_text import parse_component
from harness.model import SequenceModel
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.streams import Noise
from harness.training.network import build_model

CLASSES = 13
VOCABULARIES = Vocabularies(CLASSES, CLASSES)
SETTING = Setting(
    seed=1,
    classes=CLASSES,
    d_model=16,
    updates=20,
    branches={"encoder": 4, "decoder": 6},
    trained=lambda run: model(),
)
NOISE = Noise(seed=1, update=3)

_default: ContextVar[Architecture | None] = ContextVar("default", default=None)

_SIDE = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four", "fünf": "five"}


@cache
def _encoder_decoder() -> Architecture:
    """The model that bare options mean, with two layers per side."""
    text = f"{{d_model: {SETTING.d_model}, d_ff: 32, heads: 2, layers: 2}}"
    chosen: Architecture = parse_component(
        text, slot=Architecture.slot, catalog=Catalog.of(discover())
    )
    return chosen


@contextmanager
def model_by_default(chosen: Architecture) -> Iterator[None]:
    """Let `model` build this one while the context is open; its `d_model` must be `SETTING`'s."""
    token = _default.set(chosen)
    try:
        yield
    finally:
        _default.reset(token)


def model(chosen: Architecture | None = None) -> SequenceModel:
    """A model, two layers per side by default, every weight drawn from the key of its name."""
    # In float64, so that contracts hold to 1e-9 and not to what float32 leaves.
    made = build_model(
        chosen or _default.get() or _encoder_decoder(),
        vocabularies=VOCABULARIES,
        precision="float64",
    )
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            drawn = streams.generator(SETTING.seed, "init", name)
            parameter.normal_(mean=float(name.endswith("norm.weight")), std=0.3, generator=drawn)
    return made


def weights(made: SequenceModel) -> dict[str, torch.Tensor]:
    """A copy of every weight, by name."""
    return {name: weight.detach().clone() for name, weight in made.named_parameters()}


def batch() -> Batch:
    """Three sentences of different lengths, two of them padded on both sides."""
    source = [[4, 5, 6, 7, EOS], [8, 9, 10, EOS, PAD], [11, EOS, PAD, PAD, PAD]]
    target = [
        [BOS, 5, 6, 7, 8, 9, EOS],
        [BOS, 10, 11, 12, EOS, PAD, PAD],
        [BOS, 4, EOS, PAD, PAD, PAD, PAD],
    ]
    return Batch(source=torch.tensor(source), target=torch.tensor(target), tokens=12)


def logits(tokens: int) -> torch.Tensor:
    """Logits of some tokens, the same every time."""
    drawn = streams.generator(SETTING.seed, "order", "logits")
    return torch.randn(tokens, CLASSES, dtype=torch.float64, generator=drawn)


def targets(tokens: int) -> torch.Tensor:
    """Targets of some tokens: words and ends of sentences."""
    return torch.tensor([EOS if number % 3 == 2 else 4 + number for number in range(tokens)])


def gradients(made: SequenceModel) -> Mapping[str, torch.Tensor]:
    """Give every parameter a gradient, drawn from the key of its name; returns copies."""
    for name, parameter in made.named_parameters():
        drawn = streams.generator(SETTING.seed, "order", name)
        parameter.grad = torch.randn(parameter.shape, dtype=parameter.dtype, generator=drawn)
    named = made.named_parameters()
    return {name: weight.grad.clone() for name, weight in named if weight.grad is not None}


def generator_of() -> partial[torch.Generator]:
    """The source of generators for initializers and regularizers, by key."""
    return partial(streams.generator, SETTING.seed, "init")


def corpus(*, unseen: str = "") -> Corpus:
    """Lines of a few words; `unseen` occurs in validation and test only."""
    german, english = list(_SIDE), list(_SIDE.values())
    pairs = [
        Pair(" ".join(german[:size]) + ".", " ".join(english[:size]) + ".") for size in range(1, 6)
    ]
    held_out = [Pair(f"{pairs[2].source} {unseen}".strip(), pairs[2].target)]
    return Corpus(train=pairs * 3, validation=held_out, test=held_out)


def plain_text() -> Corpus:
    """The lines of one side, without a prompt."""
    lines = [Pair("", pair.target) for pair in corpus().train]
    return Corpus(train=lines, validation=lines[:1], test=lines[:1], continues=True)
