"""Parallel scheduled sampling: several passes settle what the decoder reads."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import Decay, DecodingPolicy
from harness.components.options import PositiveInt
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness_decoding_policies.mixtures import gumbel
from harness_decoding_policies.replacing import expected_there, replaced


@dataclass(frozen=True, kw_only=True)
class ParallelScheduledSampling(DecodingPolicy):
    """Feeds the decoder tokens that it samples from its own earlier samples (Duckworth 2019).

    Duckworth et al.: from gold tokens y^0 = y, each of `passes` passes without gradients makes

        y^k_t = y_t with probability eps, else a sample of p(. | y^{k-1}_{<t}, x),

    and a last pass, whose loss is taken, reads y^K. `decay` gives eps(update), the probability of
    the gold token. One pass is scheduled sampling with the mixture ``sample``.

    A place keeps its coin, its random numbers (Gumbel's, so that a sample is an argmax) and its
    dropout masks from pass to pass, so that after K passes the first K tokens no longer change: as
    many passes as tokens are exactly sequential sampling. bos and padding are never replaced, and
    the model never feeds itself either. Without noise all tokens are gold.
    """

    name = "parallel_scheduled_sampling"

    decay: Decay
    passes: PositiveInt = 1

    def build(self, setting: Setting) -> Predict:
        """`passes` passes and one more over the decoder, or one where every coin shows gold."""
        gold_share = self.decay.build(setting)

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            tokens = batch.target_input
            if noise is not None:
                places = replaced(batch, gold_share=gold_share(update), noise=noise)
                for _ in range(self.passes if places.any() else 0):
                    with torch.no_grad():
                        logits = expected_there(
                            model,
                            embedded=model.embed(tokens),
                            memory=memory,
                            places=places,
                            noise=noise.of_pass("first"),
                        )
                        sampled = (logits + gumbel(logits, noise=noise)).argmax(-1)
                    tokens = tokens.index_put((places,), sampled)
            hidden = model.decode(model.embed(tokens), memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict
