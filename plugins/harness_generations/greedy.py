"""Greedy decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int

from harness.components import Generation
from harness.components.options import ExtraTokens
from harness.contracts import BOS, EOS, Generate, Model, Setting
from harness.prediction import writable


@dataclass(frozen=True, kw_only=True)
class Greedy(Generation):
    """Generates the most likely token at every step, until eos.

    y_t = argmax p(y | y_1 ... y_{t-1}, x), over all tokens except pad and bos. A sentence ends at
    eos, or at the length of its source plus `extra` tokens (Vaswani et al. 2017, section 6.1: 50).
    """

    name = "greedy"

    extra: ExtraTokens = 50

    def build(self, setting: Setting) -> Generate:
        """A deterministic function of the model and the sources."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            with torch.no_grad():
                limit = source.shape[1] + self.extra
                generated = _decode(model, source, limit=limit, count=setting.count_work)
            return [row[: row.index(EOS)] for row in generated.tolist()]

        return generate


def _decode(
    model: Model,
    source: Int[torch.Tensor, "sentences source"],
    *,
    limit: int,
    count: Callable[..., None],
) -> Int[torch.Tensor, "sentences limit_and_eos"]:
    """The tokens of each sentence, filled up with eos; every row has at least one eos."""
    cache = model.start(model.encode(source))
    generated = source.new_full((len(source), limit + 1), EOS)
    rows = torch.arange(len(source), device=source.device)
    tokens = source.new_full((len(source),), BOS)
    for position in range(limit):
        count(passes=len(rows))
        tokens = writable(model.project(model.step(tokens, cache))).argmax(-1)
        generated[rows, position] = tokens
        # Finished sentences leave the batch, so that later steps cost only what is left.
        active = (tokens != EOS).nonzero().squeeze(1)
        if not len(active):
            break
        if len(active) < len(rows):
            cache, rows, tokens = cache.select(active), rows[active], tokens[active]
    return generated
