"""Parallel scheduled sampling: the decoder's input is sampled in several parallel passes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import Decay, DecodingPolicy
from harness.components.options import Repeats
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness_decoding_policies.mixtures import gumbel
from harness_decoding_policies.replacement import logits_at, sample_replaced


@dataclass(frozen=True, kw_only=True)
class ParallelScheduledSampling(DecodingPolicy):
    """Feeds the decoder tokens sampled from its own earlier samples (Duckworth 2019).

    Duckworth et al.: starting from gold tokens y^0 = y, each of `passes` passes without gradients
    computes

        y^k_t = y_t with probability eps, else a sample of p(. | y^{k-1}_{<t}, x),

    and a final pass reads y^K and is trained on. `decay` gives eps(update), the probability of the
    gold token. One pass is scheduled sampling with the mixture ``sample``.

    All passes share the coins, the random numbers (Gumbel noise, so that a sample is an argmax) and
    the dropout masks of a position, so after K passes the first K tokens no longer change: as many
    passes as tokens equal sequential sampling exactly. bos and padding are never replaced, and are
    never sampled. Without noise all tokens are gold.
    """

    name = "parallel_scheduled_sampling"

    decay: Decay
    passes: Repeats = 1

    def build(self, setting: Setting) -> Predict:
        """One decoder pass more than `passes`, or a single one if every coin shows gold."""
        gold_share = self.decay.build(setting)

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            tokens = batch.target_input
            if noise is not None:
                replaced = sample_replaced(batch, gold_share=gold_share(update), noise=noise)
                for _ in range(self.passes if replaced.any() else 0):
                    with torch.no_grad():
                        logits = logits_at(
                            replaced,
                            model=model,
                            embedded=model.embed(tokens),
                            memory=memory,
                            # One name, hence the same masks in all passes but the trained one.
                            noise=noise.of_pass("first"),
                        )
                        sampled = (logits + gumbel(logits, noise=noise)).argmax(-1)
                    # Not in place: the first tokens are the batch's own.
                    tokens = tokens.index_put((replaced,), sampled)
            hidden = model.decode(model.embed(tokens), memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict
