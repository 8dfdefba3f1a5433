"""Exposure bias of a trained model over a corpus, by position in the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Float, Int

from harness.contracts import Batch, Model, Split
from harness.introspection.draw_curves import Curve, draw_curves
from harness.prediction import free_running_input
from harness.runs.restored import RestoredRun
from harness.training.batches import EncodedPairs, in_order_of_length
from harness.training.evaluation import evaluated

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Exposure(NamedTuple):
    """Nats of the reference's tokens after the reference's prefixes and after the model's own.

    `tokens` counts the tokens at each position, from the first; `after_gold` and `after_own` have
    their sum of nats, -ln p.
    """

    tokens: Sequence[int]
    after_gold: Sequence[float]
    after_own: Sequence[float]

    @property
    def bias(self) -> float:
        """The mean difference, own minus gold, in nats per token."""
        return (sum(self.after_own) - sum(self.after_gold)) / sum(self.tokens)


@torch.no_grad()
def exposure(run: RestoredRun, *, split: Split = "test") -> Exposure:
    """The cost to a model of reading its own words in place of the reference's.

    At position t of a sentence it is -ln p(y_t | w_1 ... w_{t-1}, x) + ln p(y_t | y_1 ... y_{t-1},
    x), summed over all tokens y_t of a split, eos included, and divided by their number. The prefix
    w is the model's own: greedy, over all tokens but pad and bos, as long as the reference, as
    `free_running` trains. The first position has no prefix and no difference. The second term is
    the nll of the split, so that the bias is what the nll misses of the discrepancy that Bengio et
    al. (2015, section 2.4) name, between training and generation.

    It is of one reference, at fixed places: a synonym costs what the reference's next words lose by
    it, and a word more or less moves all that follow. Where there is one right answer, as in
    `copy`, all of it is error; in a translation some is another right one, so that a number by
    itself says little, and those of variants over one split may be compared. He et al. (2021) set
    divergences from the data's own distribution after either prefix in relation, for which a
    corpus has too few continuations of one prefix. A sampled prefix would tell more of diversity.
    """
    pairs: EncodedPairs = getattr(run.parts.task, split)
    budget = run.parts.experiment.budget
    sums = torch.zeros(3, max(map(len, pairs.targets)) - 1, dtype=torch.float64)
    with evaluated(run.parts) as model:
        for rows in in_order_of_length(pairs, limit=budget.batch_tokens):
            batch = pairs.batch(rows, device=budget.device)
            own = free_running_input(model, batch)
            nats = [_nats(model, batch, reads=reads) for reads in (batch.target_input, own)]
            added = torch.stack([batch.real.double(), *nats]).sum(1).cpu()
            sums[:, : added.shape[1]] += added
    tokens, gold, own_sums = sums.tolist()
    return Exposure([*map(int, tokens)], gold, own_sums)


def _nats(
    model: Model, batch: Batch, *, reads: Int[torch.Tensor, "sentences target"]
) -> Float[torch.Tensor, "sentences target"]:
    """-ln p of every token to predict if the decoder reads these; 0 at padding."""
    hidden = model.decode(model.embed(reads), model.encode(batch.source))
    logs = model.project(hidden).log_softmax(-1)
    nats = -logs.gather(-1, batch.target_next[:, :, None]).squeeze(-1).double()
    return nats.masked_fill(~batch.real, 0.0)


def exposure_text(exposure: Exposure, *, split: Split = "test") -> str:
    """The number, and the two that it is made of, in a line."""
    tokens = sum(exposure.tokens)
    own, gold = (sum(nats) / tokens for nats in (exposure.after_own, exposure.after_gold))
    return (
        f"exposure bias: {exposure.bias:+.4f} nats per token of {split} ({own:.4f} after the "
        f"model's own words, {gold:.4f} after the reference's; {tokens} tokens)"
    )


def draw_exposure(exposure: Exposure, *, name: str) -> Figure:
    """Nats per token by position, after either prefix; `name` is the run's."""
    places = range(1, len(exposure.tokens) + 1)
    prefixes = {
        "after the model's own words": exposure.after_own,
        "after the reference's words": exposure.after_gold,
    }
    curves = [
        Curve(
            label, places, [nats / count for nats, count in zip(sums, exposure.tokens, strict=True)]
        )
        for label, sums in prefixes.items()
    ]
    return draw_curves(
        curves,
        title=f"Run {name}: exposure bias {exposure.bias:+.3f} nats per token",
        x="position of the reference's token",
        y="nats per token, -ln p",
    )
