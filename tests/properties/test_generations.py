"""Decoding strategies that must equal greedy decoding, and an exhaustive beam."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.components import Generation
from harness.components.options import TrainedRun
from harness.components.sinusoidal import Sinusoidal
from harness.contracts import BOS, EOS, PAD, Setting
from harness_generations import Beam, Contrastive, Greedy, Lookahead, Sampling, Speculative
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_positions.alibi import Alibi
from harness_positions.learned import Learned
from harness_positions.rotary import Rotary

EXTRA = 3
Drawn = tuple[tuple[EncoderDecoder, int], tuple[EncoderDecoder, int], list[list[int]]]
shapes = st.builds(
    EncoderDecoder,
    d_model=st.just(8),
    d_ff=st.sampled_from([4, 12]),
    heads=st.sampled_from([1, 2, 4]),
    encoder_layers=st.just(1),
    decoder_layers=st.sampled_from([1, 2]),
    norm=st.sampled_from(["pre", "post"]),
    positions=st.sampled_from([Sinusoidal(), Rotary(), Alibi(), Learned(places=20)]),
    kv_heads=st.sampled_from([None, 1]),
    window=st.sampled_from([None, 2]),
    tie=st.sampled_from(["none", "target"]),
)
models = st.tuples(shapes, st.integers(0, 2**31))
lines = st.lists(st.lists(st.integers(4, 8), min_size=1, max_size=4), min_size=1, max_size=4)
examples = st.tuples(models, models, lines)
Build = Callable[[float, int], Generation]
AS_GREEDY: dict[str, Build] = {
    "beam": lambda share, _: Beam(size=1, alpha=2 * share, extra=EXTRA),
    "contrastive": lambda _, count: Contrastive(alpha=0.0, top_k=count, extra=EXTRA),
    "contrastive of one": lambda share, _: Contrastive(alpha=share, top_k=1, extra=EXTRA),
    "lookahead": lambda _, count: Lookahead(
        window=count, size=1 + count, candidates=count, extra=EXTRA
    ),
    "sampling": lambda share, _: Sampling(temperature=0.1 + share, top_k=1, extra=EXTRA),
    "speculative": lambda _, count: Speculative(draft=TrainedRun("x"), ahead=count, extra=EXTRA),
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """A model, another one for its draft, and sources with padding."""

    model: Transformer
    setting: Setting
    source: torch.Tensor

    @classmethod
    def of(cls, drawn: Drawn, *, classes: int = 9) -> Example:
        """The models and sources for a drawn example."""
        large, small = (_model(options, seed=seed, classes=classes) for options, seed in drawn[:2])
        setting = Setting(seed=1, classes=classes, d_model=8, updates=9, trained=lambda _: small)
        longest = max(map(len, drawn[2]))
        filled = [[*row, *[PAD] * (longest - len(row))] for row in drawn[2]]
        return cls(model=large, setting=setting, source=torch.tensor(filled))


def _model(options: EncoderDecoder, *, seed: int, classes: int) -> Transformer:
    """A small model with outputs far from uniform."""
    model = Transformer(options, source_classes=9, target_classes=classes).double()
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        std = 0.8 if parameter.ndim > 1 else 0.1
        parameter.data += std * torch.randn(
            parameter.shape, generator=generator, dtype=torch.float64
        )
    return model.requires_grad_(requires_grad=False)


def written(generation: Generation, example: Example) -> list[list[int]]:
    """The output for the sources of an example."""
    generate = generation.build(example.setting)
    return generate(example.model, example.source, sentences=range(len(example.source)))


@settings(max_examples=5)
@given(drawn=examples, share=st.floats(0, 1), count=st.integers(1, 4))
def test_equivalent_strategies_equal_greedy(drawn: Drawn, share: float, count: int) -> None:
    example = Example.of(drawn)
    greedy = written(Greedy(extra=EXTRA), example)
    outputs = {name: written(build(share, count), example) for name, build in AS_GREEDY.items()}
    assert outputs == dict.fromkeys(AS_GREEDY, greedy)


@settings(max_examples=4)
@given(drawn=examples, alpha=st.floats(0, 2))
def test_a_beam_that_holds_every_sentence_finds_the_best_of_all(drawn: Drawn, alpha: float) -> None:
    example = Example.of(drawn, classes=5)
    longest = example.source.shape[1]
    one = replace(example, source=example.source[:1])
    every = [words for length in range(longest + 1) for words in product((3, 4), repeat=length)]
    scores = {words: _score(one, words=words, alpha=alpha) for words in every}
    (best,) = written(Beam(size=len(every), alpha=alpha, extra=0), one)
    assert scores[tuple(best)] == max(scores.values())


def _score(example: Example, *, words: tuple[int, ...], alpha: float) -> float:
    """The definition: the summed log-probability over ((5 + length) / 6)^alpha."""
    read = example.model.embed(torch.tensor([[BOS, *words]]))
    logits = example.model.project(example.model.decode(read, example.model.encode(example.source)))
    logits[..., [PAD, BOS]] = -math.inf
    logs = logits[0].log_softmax(-1)
    total = sum(logs[place, token].item() for place, token in enumerate([*words, EOS]))
    return total / ((5 + len(words) + 1) / 6) ** alpha
