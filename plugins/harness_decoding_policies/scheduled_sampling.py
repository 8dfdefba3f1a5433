"""Scheduled sampling in two passes: the decoder reads some of its own tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import Decay, DecodingPolicy
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness_decoding_policies.mixtures import DISCRETE, Mixture, Name
from harness_decoding_policies.replacing import expected_there, replaced


@dataclass(frozen=True, kw_only=True)
class ScheduledSampling(DecodingPolicy):
    """Feeds the decoder its own tokens in place of gold ones, more of them as training goes on.

    Bengio et al. (2015), in the two passes that a Transformer needs (Mihaylova & Martins 2019).
    `decay` gives eps(update), the probability of the gold token. The first pass reads gold tokens,
    without gradients; the second reads, at every position t >= 1 and for every sentence apart,

        e_t = embed(y_t) with probability eps, else mixture(logits_{t-1}),

    where logits_{t-1} of the first pass predict y_t. The loss is the second pass's; the source is
    encoded once. bos and padding are never replaced, and the model never feeds itself either.
    Without noise there are no coins, and all tokens are gold.

    `mixture` turns logits z into the vector that is read: of the likeliest token (``argmax``, what
    greedy decoding would write), of a token drawn from the model's distribution (``sample``, as
    Duckworth et al. 2019), or sum_v w_v embed(v) with w = softmax over the `top_k` largest z
    (``top_k``), softmax(z / temperature) (``softmax``), softmax((z + g) / temperature) with
    standard Gumbel g (``gumbel``), or sparsemax(z) (``sparsemax``).

    With `through_first_pass` gradients flow through the weights w into the first pass too, which
    the authors found worse; token vectors have theirs either way.
    """

    name = "scheduled_sampling"

    decay: Decay
    mixture: Name = "argmax"
    top_k: PositiveInt = 5
    temperature: PositiveFloat = 1.0
    through_first_pass: bool = False

    def __post_init__(self) -> None:
        if self.through_first_pass and self.mixture in DISCRETE:
            raise ValueError(
                f"through_first_pass: no gradient comes through {self.mixture}; take another "
                "mixture, such as softmax"
            )

    def build(self, setting: Setting) -> Predict:
        """Two passes over the decoder, or one where every coin shows gold."""
        gold_share = self.decay.build(setting)
        mix = Mixture(name=self.mixture, top_k=self.top_k, temperature=self.temperature)

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            embedded = model.embed(batch.target_input)
            if noise is not None:
                places = replaced(batch, gold_share=gold_share(update), noise=noise)
                if places.any():
                    first = noise.of_pass("first")
                    with torch.set_grad_enabled(
                        self.through_first_pass and torch.is_grad_enabled()
                    ):
                        logits = expected_there(
                            model, embedded=embedded, memory=memory, places=places, noise=first
                        )
                    vectors = mix(logits, model=model, noise=noise)
                    embedded = embedded.index_put((places,), vectors)
            hidden = model.decode(embedded, memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict
