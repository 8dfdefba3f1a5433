"""Sampling, with top-k and nucleus truncation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt, Le
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import (
    ExtraTokens,
    PositiveFloat,
    PositiveInt,
    unused_options,
)
from harness.contracts import BOS, EOS, Generate, Model, Setting
from harness.prediction import writable
from harness.streams import generator


@dataclass(frozen=True, kw_only=True)
class Sampling(Generation):
    """Samples every token from the model's distribution, optionally truncated.

    p_k = softmax(logits / temperature)_k over all tokens except pad and bos, restricted to the
    `top_k` most likely tokens (Fan et al. 2018) and, after renormalization, to the smallest set of
    most likely tokens with a total probability of at least `top_p` (nucleus sampling, Holtzman et
    al. 2020). A sentence ends at eos, or at the length of its source plus `extra` tokens.

    Sampling inverts the cumulative distribution, most likely token first, at a uniform number that
    is keyed by (seed, sentence, position). So a sentence does not depend on its batch, and models
    that are nearly equal generate nearly equal sentences.
    """

    name = "sampling"
    bare = "temperature"

    temperature: PositiveFloat = 1.0
    top_k: PositiveInt | None = None
    top_p: Annotated[float, Gt(0), Le(1)] = 1.0
    extra: ExtraTokens = 50

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.top_k == 1:
            reason = "with a top_k of 1 there is nothing to sample from"
            yield from unused_options(
                self, "temperature", "top_p", reason=reason, instead="raise top_k"
            )

    def build(self, setting: Setting) -> Generate:
        """A function of the model, the sources and the sentences' line numbers."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            limit = source.shape[1] + self.extra
            # For all positions in advance: what a sentence draws does not depend on its batch.
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
                generated = self._decode(
                    model, source=source, uniform=uniform, count=setting.count_work
                )
            return [row[: row.index(EOS)] for row in generated.tolist()]

        return generate

    def _decode(
        self,
        model: Model,
        *,
        source: Int[torch.Tensor, "sentences source"],
        uniform: Float[torch.Tensor, "limit sentences"],
        count: Callable[..., None],
    ) -> Int[torch.Tensor, "sentences limit_and_eos"]:
        """The tokens of each sentence, filled up with eos; every row has at least one eos."""
        cache = model.start(model.encode(source))
        generated = source.new_full((len(source), len(uniform) + 1), EOS)
        rows = torch.arange(len(source), device=source.device)
        tokens = source.new_full((len(source),), BOS)
        for position, draws in enumerate(uniform):
            count(passes=len(rows))
            logits = writable(model.project(model.step(tokens, cache)))
            tokens = self._sample(logits, uniform=draws[rows])
            generated[rows, position] = tokens
            active = (tokens != EOS).nonzero().squeeze(1)
            if not len(active):
                break
            cache, rows, tokens = cache.select(active), rows[active], tokens[active]
        return generated

    def _sample(
        self,
        logits: Float[torch.Tensor, "sentences classes"],
        *,
        uniform: Float[torch.Tensor, "sentences"],
    ) -> Int[torch.Tensor, "sentences"]:
        # Stable: equal logits are ranked by id, whatever the device's sort does.
        ranked, tokens = logits.double().sort(dim=-1, descending=True, stable=True)
        ranked, tokens = ranked[:, : self.top_k], tokens[:, : self.top_k]
        probabilities = (ranked / self.temperature).softmax(-1)
        # The mass before a token: the one that reaches `top_p` is kept, and always the first.
        before = probabilities.cumsum(-1) - probabilities
        probabilities = probabilities.masked_fill(before >= self.top_p, 0.0)
        sums = probabilities.cumsum(-1)
        # Times the last sum, which renormalizes what truncation has left.
        index = (sums <= uniform[:, None] * sums[:, -1:]).sum(-1, keepdim=True)
        last = (probabilities > 0).sum(-1, keepdim=True) - 1  # rounding can push the index past it
        return tokens.gather(-1, index.minimum(last)).squeeze(-1)
