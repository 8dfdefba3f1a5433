"""Sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt, Le
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import NonNegativeInt, PositiveFloat, PositiveInt
from harness.contracts import BOS, EOS, Generate, Model, Setting
from harness.prediction import writable
from harness.streams import generator


@dataclass(frozen=True, kw_only=True)
class Sampling(Generation):
    """Draws every token from the model's distribution, or from the likely part of it.

    p_k = softmax(logits / temperature)_k over everything but pad and bos; then only the `top_k`
    likeliest tokens (Fan et al. 2018), and of those only the fewest that together have at least
    `top_p` of what is left (nucleus sampling, Holtzman et al. 2020). A sentence ends at eos, or
    after the length of its source plus `extra` tokens.

    A token is the one at which the summed probabilities, likeliest first, pass a uniform number,
    keyed by (seed, sentence, place): it does not depend on how sentences are batched, and models
    that are nearly equal write nearly the same.
    """

    name = "sampling"
    bare = "temperature"

    temperature: PositiveFloat = 1.0
    top_k: PositiveInt | None = None
    top_p: Annotated[float, Gt(0), Le(1)] = 1.0
    extra: NonNegativeInt = 50

    def build(self, setting: Setting) -> Generate:
        """A function of model, sources and the sentences' line numbers."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            limit = source.shape[1] + self.extra
            draws = [
                torch.rand(
                    limit,
                    generator=generator(setting.seed, "generation", sentence),
                    dtype=torch.float64,
                )
                for sentence in sentences
            ]
            with torch.no_grad():
                uniform = torch.stack(draws, -1).to(source.device)
                written = self._write(model, source=source, uniform=uniform)
            return [row[: row.index(EOS)] for row in written.tolist()]

        return generate

    def _write(
        self,
        model: Model,
        *,
        source: Int[torch.Tensor, "sentences source"],
        uniform: Float[torch.Tensor, "limit sentences"],
    ) -> Int[torch.Tensor, "sentences limit_and_eos"]:
        """What each sentence writes, and eos from its end on; at least one eos a row."""
        cache = model.start(model.encode(source))
        written = source.new_full((len(source), len(uniform) + 1), EOS)
        rows = torch.arange(len(source), device=source.device)
        tokens = source.new_full((len(source),), BOS)
        for position, draws in enumerate(uniform):
            logits = writable(model.project(model.step(tokens, cache)))
            tokens = self._draw(logits, uniform=draws[rows])
            written[rows, position] = tokens
            going = (tokens != EOS).nonzero().squeeze(1)
            if not len(going):
                break
            cache, rows, tokens = cache.select(going), rows[going], tokens[going]
        return written

    def _draw(
        self,
        logits: Float[torch.Tensor, "sentences classes"],
        *,
        uniform: Float[torch.Tensor, "sentences"],
    ) -> Int[torch.Tensor, "sentences"]:
        ranked, tokens = logits.double().sort(dim=-1, descending=True, stable=True)
        ranked, tokens = ranked[:, : self.top_k], tokens[:, : self.top_k]
        shares = (ranked / self.temperature).softmax(-1)
        before = shares.cumsum(-1) - shares
        shares = shares.masked_fill(before >= self.top_p, 0.0)
        sums = shares.cumsum(-1)
        passed = (sums <= uniform[:, None] * sums[:, -1:]).sum(-1, keepdim=True)
        last = (shares > 0).sum(-1, keepdim=True) - 1
        return tokens.gather(-1, passed.minimum(last)).squeeze(-1)
