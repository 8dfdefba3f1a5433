"""A tiny experiment, built in Python, for the tests of the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.components import Dataset
from harness.contracts import Corpus, Pair
from harness.runs.planned_run import PlannedRun, RunState
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.study.experiment import Budget, Experiment
from harness_decays.linear import Linear
from harness_decoding_policies.scheduled_sampling import ScheduledSampling
from harness_decoding_policies.teacher_forcing import TeacherForcing
from harness_generations.greedy import Greedy
from harness_initializers.xavier_uniform import XavierUniform
from harness_losses.label_smoothing import LabelSmoothing
from harness_models.encoder_decoder import EncoderDecoder
from harness_optimizers.adam import Adam
from harness_regularizers.dropout import Dropout
from harness_schedules.noam import Noam
from harness_tokenizers.word import Word

_WORDS = ("eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben")


@dataclass(frozen=True, kw_only=True)
class Counting(Dataset):
    """Sentences of numbers, with their words reversed as translations."""

    name = "counting"
    train: int = 40

    def build(self) -> Corpus:
        """Three splits that depend on their sizes only."""
        pairs = [_pair(number) for number in range(self.train + 20)]
        return Corpus(validation=pairs[:10], test=pairs[10:20], train=pairs[20 : 20 + self.train])


def _pair(number: int) -> Pair:
    length = 2 + number % 5
    indices = [(number * 3 + position * position) % len(_WORDS) for position in range(length)]
    words = [_WORDS[index] for index in indices]
    return Pair(" ".join(words), " ".join(reversed(words)))


BUDGET = Budget(updates=12, batch_tokens=60, evaluate_every=4)


def experiment(**changes: Any) -> Experiment:
    """The tiny baseline, with some of its choices replaced."""
    baseline = Experiment(
        dataset=Counting(),
        tokenizer=Word(),
        model=EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=1),
        initializer=XavierUniform(),
        regularizers={"dropout": Dropout(rate=0.1)},
        loss=LabelSmoothing(smoothing=0.1),
        optimizer=Adam(),
        schedule=Noam(warmup=4),
        decoding_policy=TeacherForcing(),
        generation=Greedy(extra=5),
        budget=BUDGET,
    )
    return replace(baseline, **changes)


def sampled(start: float, end: float) -> ScheduledSampling:
    """Scheduled sampling with a share of gold from `start` to `end`."""
    return ScheduledSampling(decay=Linear(start=start, end=end))


def weights(parts: Any) -> Mapping[str, Any]:
    """A copy of a model's weights by name."""
    return {name: weight.detach().clone() for name, weight in parts.model.named_parameters()}


def planned(variant: str, *, seed: int = 1) -> PlannedRun:
    """A finished run of a plan, without an experiment."""
    return PlannedRun(
        variant=variant,
        seed=seed,
        digest=f"{variant}-{seed}",
        evaluation="e",
        identity=RunIdentity(experiment={}, seed=seed, code={}, torch=""),
        decoding=DecodingIdentity(training="", generation={}, split="test", code={}),
        files={},
        plugins=(),
        state=RunState.EXISTS,
    )
