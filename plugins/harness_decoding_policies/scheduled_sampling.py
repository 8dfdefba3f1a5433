"""Scheduled sampling in two passes: the decoder reads some of its own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from jaxtyping import Bool, Float

from harness.components import Decay, DecodingPolicy
from harness.contracts import Batch, Memory, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real, writable
from harness.streams import Noise


@dataclass(frozen=True, kw_only=True)
class ScheduledSampling(DecodingPolicy):
    """Feeds the decoder its own tokens in place of gold ones, more of them as training goes on.

    Bengio et al. (2015), in the two passes that a Transformer needs (Mihaylova & Martins 2019).
    `decay` gives eps(update), the probability of the gold token. The first pass reads gold tokens,
    without gradients; the second reads, at every position t >= 1 and for every sentence apart,

        e_t = embed(y_t) with probability eps, else mixture(logits_{t-1}),

    where logits_{t-1} of the first pass predict y_t. The loss is the second pass's; the source is
    encoded once. bos and padding are never replaced, and the model never feeds itself either.

    `mixture` turns logits into the vector that is read: of the likeliest token (``argmax``, what
    greedy decoding would write) or of a token drawn from the model's distribution (``sample``, as
    Duckworth et al. 2019). Without noise there are no coins, and all tokens are gold.
    """

    name = "scheduled_sampling"

    decay: Decay
    mixture: Literal["argmax", "sample"] = "argmax"

    def build(self, setting: Setting) -> Predict:
        """Two passes over the decoder, or one where every coin shows gold."""
        gold_share, mix = self.decay.build(setting), _MIXTURES[self.mixture]

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            embedded = model.embed(batch.target_input)
            if noise is not None:
                replaced = _replaced(batch, gold_share=gold_share(update), noise=noise)
                if replaced.any():
                    logits = _first_pass(
                        model, embedded=embedded, memory=memory, replaced=replaced, noise=noise
                    )
                    vectors = mix(logits, model=model, noise=noise)
                    embedded = embedded.index_put((replaced,), vectors)
            hidden = model.decode(embedded, memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict


def _replaced(
    batch: Batch, *, gold_share: float, noise: Noise
) -> Bool[torch.Tensor, "sentences target"]:
    real = batch.real
    replaced = real & (noise.uniform("scheduled_sampling", real.shape) >= gold_share)
    replaced[:, 0] = False  # the bos
    return replaced


def _first_pass(
    model: Model,
    *,
    embedded: Float[torch.Tensor, "sentences target d_model"],
    memory: Memory,
    replaced: Bool[torch.Tensor, "sentences target"],
    noise: Noise,
) -> Float[torch.Tensor, "replaced classes"]:
    """Logits that predict the replaced tokens: each from the position before."""
    with torch.no_grad():
        hidden = model.decode(embedded, memory, noise=noise.of_pass("first"))
        return writable(model.project(hidden[:, :-1][replaced[:, 1:]]))


class _Mixture(Protocol):
    """What the decoder reads in place of gold tokens, made of the logits that predict them."""

    def __call__(
        self, logits: Float[torch.Tensor, "replaced classes"], *, model: Model, noise: Noise
    ) -> Float[torch.Tensor, "replaced d_model"]: ...


def _argmax(
    logits: Float[torch.Tensor, "replaced classes"], *, model: Model, noise: Noise
) -> Float[torch.Tensor, "replaced d_model"]:
    return model.embed(logits.argmax(-1, keepdim=True)).squeeze(1)


def _sample(
    logits: Float[torch.Tensor, "replaced classes"], *, model: Model, noise: Noise
) -> Float[torch.Tensor, "replaced d_model"]:
    coins = noise.generator("scheduled_sampling.tokens", stream="policy")
    tokens = torch.multinomial(logits.softmax(-1), 1, generator=coins)
    return model.embed(tokens).squeeze(1)


_MIXTURES: dict[str, _Mixture] = {"argmax": _argmax, "sample": _sample}
