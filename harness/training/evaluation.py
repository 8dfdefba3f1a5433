"""Teacher-forced scores, which no technique can redefine, and translations of a trained model.

Teacher-forced scores use the plain log-softmax, no noise, and the averaged weights if any. Only a
regularizer that averages over members brings noise, the same at every evaluation of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import torch

from harness.components import Generation
from harness.contracts import CORE_METRICS, Measurement, Model, Split
from harness.model import Ensemble, merged
from harness.prediction import predict_at_real
from harness.training import guards
from harness.training.assembly import Assembly
from harness.training.batches import EncodedPairs, in_order_of_length
from harness.training.decoding_tally import Tally
from harness.training.network import load_weights

_SENTENCES = 64  # at most, generated at once: it bounds memory and changes no result


class TeacherForced(NamedTuple):
    """Scores over all target tokens of a split, eos included."""

    nll: float  # nats per target token
    token_accuracy: float  # share of tokens that are the most probable one, 0 to 1
    # The sums behind both: nats, correct tokens, and tokens, in the split's order.
    by_sentence: list[list[float]]
    # Of the raw references in UTF-8; None where their tokens do not give them back exactly.
    bytes: int | None = None

    @property
    def perplexity(self) -> float:
        """exp(nll); infinite where that overflows."""
        return math.exp(self.nll) if self.nll < 700 else math.inf  # exp(710) raises

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of the raw references; NaN where these have no bytes, or are altered.

        sum of nats / ln 2 / bytes: the size of the text, compressed with the model by an ideal
        arithmetic coder, relative to the raw text. Whatever the tokens are, it is of the same text.
        """
        return math.fsum(self.by_sentence[0]) / math.log(2) / self.bytes if self.bytes else math.nan

    def by_name(self) -> dict[str, float]:
        """The core's metrics by the names that studies use; one that is not finite is left out."""
        scores = {name: getattr(self, name) for name in CORE_METRICS}
        return {name: value for name, value in scores.items() if math.isfinite(value)}


@torch.no_grad()
def teacher_forced(parts: Assembly, *, pairs: EncodedPairs) -> TeacherForced:
    """Feed the reference tokens, and score the prediction at every one of them."""
    budget = parts.experiment.budget
    # In float64: sums over a whole split would lose the last digits in float32.
    sums = torch.zeros(3, len(pairs.targets), dtype=torch.float64, device=budget.device)
    # Before the first update too, so that a model that breaks is named here, and not its policy.
    with guards.naming_model(parts.experiment.model), evaluated(parts) as model:
        for rows in in_order_of_length(pairs, limit=budget.batch_tokens):
            batch = pairs.batch(rows, device=budget.device)
            memory = model.encode(batch.source)
            hidden = model.decode(model.embed(batch.target_input), memory)
            prediction = predict_at_real(model, batch, hidden=hidden)
            log_likelihood = prediction.logits.log_softmax(-1)
            nats = -log_likelihood.gather(-1, prediction.targets[:, None]).squeeze(-1)
            right = prediction.logits.argmax(-1) == prediction.targets
            columns = torch.stack([nats.double(), right.double(), torch.ones_like(nats).double()])
            # Predictions are a flat list of real places; back to one row per sentence, to sum over
            # it.
            places = batch.real.expand(3, -1, -1)
            spread = torch.zeros(places.shape, dtype=torch.float64, device=budget.device)
            sums[:, torch.from_numpy(rows)] = spread.masked_scatter(places, columns).sum(-1)
    total = sums.sum(-1) / sums[2].sum()
    size = sum(pairs.sizes) if pairs.sizes and not pairs.altered else None
    return TeacherForced(total[0].item(), total[1].item(), sums.tolist(), size)


def measure(parts: Assembly, *, split: Split, update: int) -> list[Measurement]:
    """The core's metrics on a split, as measurements."""
    with final_weights(parts):
        scores = teacher_forced(parts, pairs=getattr(parts.task, split))
    return [Measurement(update, split, name, value) for name, value in scores.by_name().items()]


@torch.no_grad()
def translate(
    parts: Assembly, *, pairs: EncodedPairs, of: Generation, tally: Tally | None = None
) -> list[str]:
    """Translate every source, sentences of one length together, in the split's order."""
    tally = tally or Tally()
    generate = guards.generation(of, setting=replace(parts.setting, count_work=tally.count))
    target = parts.task.codecs.target
    hypotheses = [""] * len(pairs.sources)
    with evaluated(parts) as model:
        # Nothing is padded, so that no translation depends on what shares its batch.
        for rows in _rows_of_one_length(pairs):
            source = pairs.sources.padded(rows).to(parts.experiment.budget.device)
            with tally.timing():
                translations = generate(model, source, sentences=rows)
            tally.write(translations)
            for row, tokens in zip(rows, translations, strict=True):
                hypotheses[row] = target.decode(tokens)
    return hypotheses


def _rows_of_one_length(pairs: EncodedPairs) -> Iterator[list[int]]:
    """The rows of a split, sources of one length together, a batch at a time."""
    lengths = pairs.sources.lengths.tolist()
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for _, group in groupby(order, key=lengths.__getitem__):
        rows = list(group)
        for first in range(0, len(rows), _SENTENCES):
            yield rows[first : first + _SENTENCES]


@contextmanager
def evaluated(parts: Assembly) -> Iterator[Model]:
    """The model to score: with its adapters merged, or the ensemble that a regularizer needs."""
    members = max([0, *(regularization.members for regularization in parts.regularizations)])
    if members:
        # Of update 0, whatever the model's age: members are the same at every evaluation.
        noise = replace(parts.noise(0), stream="members")
        noises = [replace(noise, forward=f"member {number}") for number in range(members)]
        yield Ensemble(parts.model, noises=noises)
    else:
        with merged(parts.model):
            yield parts.model


@contextmanager
def final_weights(parts: Assembly) -> Iterator[None]:
    """Put the averaged weights in the model for as long as it is evaluated."""
    averaged = parts.averager.weights() if parts.averager else None
    if averaged is None:
        yield
        return
    # Cloned, as the average is loaded into these very tensors.
    trained = {name: weight.detach().clone() for name, weight in parts.model.named_parameters()}
    load_weights(parts.model, weights=averaged)
    try:
        yield
    finally:
        load_weights(parts.model, weights=trained)


def kept_weights(parts: Assembly) -> dict[str, torch.Tensor]:
    """Copies on the CPU of the weights that a trained run leaves, by name: those evaluated.

    Other runs start from them and draft with them.
    """
    with final_weights(parts):
        return {
            # A copy even on the CPU: the model has its own weights back after the block.
            name: weight.detach().to("cpu", copy=True)
            for name, weight in parts.model.named_parameters()
        }
