"""Scores that no technique can redefine, and text from a trained model.

Teacher-forced scores use the plain log-softmax, no noise, and the averaged weights if any. Only a
regularizer that averages over members brings noise, the same at every evaluation of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import NamedTuple

import torch

from harness.components import Averaging, Generation
from harness.contracts import CORE_METRICS, Measurement, Model, Split
from harness.model import Ensemble, merged
from harness.prediction import predict_at_real
from harness.registry.attribution import attributed_to
from harness.streams import Noise
from harness.training import contract_checks
from harness.training.assembly import Assembly, load_weights
from harness.training.batches import EncodedPairs, in_order_of_length

_SENTENCES = 64  # the most that are generated at once: memory, not meaning


class TeacherForced(NamedTuple):
    """Scores over all target tokens of a split, eos included."""

    nll: float  # nats per target token
    token_accuracy: float  # share of tokens that are the most probable one, 0 to 1
    # What both are made of: nats, tokens found right, and tokens, in the split's order.
    by_sentence: list[list[float]]

    @property
    def perplexity(self) -> float:
        """exp(nll); infinite where that overflows."""
        return math.exp(self.nll) if self.nll < 700 else math.inf

    def by_name(self) -> dict[str, float]:
        """The core's metrics by the names that studies use; one that overflows is left out."""
        scores = {name: getattr(self, name) for name in CORE_METRICS}
        return {name: value for name, value in scores.items() if math.isfinite(value)}


@torch.no_grad()
def teacher_forced(parts: Assembly, *, pairs: EncodedPairs) -> TeacherForced:
    """Feed the gold tokens, and score what is predicted at every one of them."""
    budget = parts.experiment.budget
    found = torch.zeros(3, len(pairs.targets), dtype=torch.float64, device=budget.device)
    with evaluated(parts) as model:
        for rows in in_order_of_length(pairs, limit=budget.batch_tokens):
            batch = pairs.batch(rows, device=budget.device)
            memory = model.encode(batch.source)
            hidden = model.decode(model.embed(batch.target_input), memory)
            prediction = predict_at_real(model, batch, hidden=hidden)
            log_likelihood = prediction.logits.log_softmax(-1)
            nats = -log_likelihood.gather(-1, prediction.targets[:, None]).squeeze(-1)
            right = prediction.logits.argmax(-1) == prediction.targets
            columns = torch.stack([nats.double(), right.double(), torch.ones_like(nats).double()])
            places = batch.real.expand(3, -1, -1)
            spread = torch.zeros(places.shape, dtype=torch.float64, device=budget.device)
            found[:, rows] = spread.masked_scatter(places, columns).sum(-1)
    total = found.sum(-1) / found[2].sum()
    return TeacherForced(total[0].item(), total[1].item(), found.tolist())


def measure(parts: Assembly, *, split: Split, update: int) -> list[Measurement]:
    """The core's metrics on a split, as measurements."""
    with final_weights(parts):
        scores = teacher_forced(parts, pairs=getattr(parts.task, split))
    return [Measurement(update, split, name, value) for name, value in scores.by_name().items()]


@torch.no_grad()
def translate(parts: Assembly, *, pairs: EncodedPairs, of: Generation) -> list[str]:
    """Translate every source, sentences of one length together, in the split's order."""
    with attributed_to(of):
        generate = of.build(parts.setting)
    hypotheses = [""] * len(pairs.sources)
    order = sorted(range(len(pairs.sources)), key=lambda row: len(pairs.sources[row]))
    with evaluated(parts) as model:
        for _, equal in groupby(order, key=lambda row: len(pairs.sources[row])):
            rows = list(equal)
            for first in range(0, len(rows), _SENTENCES):
                some = rows[first : first + _SENTENCES]
                source = torch.stack([pairs.sources[row] for row in some])
                source = source.to(parts.experiment.budget.device)
                with attributed_to(of):
                    written = generate(model, source, sentences=some)
                classes = parts.setting.classes
                written = contract_checks.translated(
                    written, sentences=len(some), classes=classes, of=of
                )
                for row, tokens in zip(some, written, strict=True):
                    hypotheses[row] = _text(parts, tokens=tokens)
    return hypotheses


def _text(parts: Assembly, *, tokens: list[int]) -> str:
    tokenizer = parts.experiment.tokenizer
    with attributed_to(tokenizer):
        return contract_checks.text(parts.task.codecs.target.decode(tokens), of=tokenizer)


def nonfinite_average(parts: Assembly) -> Averaging | None:
    """Whose average is not finite though the weights are; None if that is not so."""
    averaged = _averaged(parts)
    if averaged is None or not all(each.isfinite().all() for each in parts.model.parameters()):
        return None
    whole = all(each.isfinite().all() for each in averaged.values())
    return None if whole else parts.experiment.averaging


def _averaged(parts: Assembly) -> Mapping[str, torch.Tensor] | None:
    """The averaged weights, if there are any yet."""
    averaging = parts.experiment.averaging
    if averaging is None or parts.averager is None:
        return None
    with attributed_to(averaging):
        weights = parts.averager.weights()
        if weights is None:
            return None
        return contract_checks.averaged(
            weights, parameters=parts.model.named_parameters(), of=averaging
        )


@contextmanager
def evaluated(parts: Assembly) -> Iterator[Model]:
    """What is scored: the model with its adapters merged, or the ensemble that is asked for."""
    members = max([0, *(each.members for each in parts.regularizations)])
    if members:
        noises = [
            Noise(
                seed=parts.setting.seed,
                replicate=parts.setting.replicate,
                update=0,  # not the model's age: members are the same at every evaluation
                forward=f"member {number}",
                device=parts.experiment.budget.device,
                stream="members",
            )
            for number in range(members)
        ]
        yield Ensemble(parts.model, noises=noises)
    else:
        with merged(parts.model):
            yield parts.model


@contextmanager
def final_weights(parts: Assembly) -> Iterator[None]:
    """Put the averaged weights in the model for as long as it is evaluated."""
    averaged = _averaged(parts)
    if averaged is None:
        yield
        return
    trained = {name: each.detach().clone() for name, each in parts.model.named_parameters()}
    load_weights(parts.model, weights=averaged)
    try:
        yield
    finally:
        load_weights(parts.model, weights=trained)
