"""Greedy decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int

from harness.components import Generation
from harness.components.options import NonNegativeInt
from harness.contracts import BOS, EOS, Generate, Model, Setting
from harness.prediction import writable


@dataclass(frozen=True, kw_only=True)
class Greedy(Generation):
    """Writes the likeliest token, over and over, until eos.

    y_t = argmax p(y | y_1 ... y_{t-1}, x), over everything but pad and bos. A sentence ends at eos,
    or after the length of its source plus `extra` tokens (Vaswani et al. 2017, section 6.1: 50).
    """

    name = "greedy"

    extra: NonNegativeInt = 50

    def build(self, setting: Setting) -> Generate:
        """A function of model and sources; nothing in it is random."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            with torch.no_grad():
                written = _write(model, source, limit=source.shape[1] + self.extra)
            return [row[: row.index(EOS)] for row in written.tolist()]

        return generate


def _write(
    model: Model, source: Int[torch.Tensor, "sentences source"], *, limit: int
) -> Int[torch.Tensor, "sentences limit_and_eos"]:
    """What each sentence writes, and eos from its end on; at least one eos a row."""
    cache = model.start(model.encode(source))
    written = source.new_full((len(source), limit + 1), EOS)
    rows = torch.arange(len(source), device=source.device)
    tokens = source.new_full((len(source),), BOS)
    for position in range(limit):
        tokens = writable(model.project(model.step(tokens, cache))).argmax(-1)
        written[rows, position] = tokens
        going = (tokens != EOS).nonzero().squeeze(1)
        if not len(going):
            break
        if len(going) < len(rows):
            cache, rows, tokens = cache.select(going), rows[going], tokens[going]
    return written
