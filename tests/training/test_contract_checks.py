"""Training names a component whose value breaks the contract of its slot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from support.tiny_experiment import experiment

from harness.components import DecodingPolicy, Generation, Regularizer, Schedule
from harness.contracts import Predict, Prediction, Rate, Regularization, Setting
from harness.errors import HarnessError
from harness.training.assembly import assemble
from harness.training.divergence import Diverged
from harness.training.evaluation import translate
from harness.training.loop import train
from harness_decoding_policies.teacher_forcing import TeacherForcing


@dataclass(frozen=True, kw_only=True)
class Odd(DecodingPolicy):
    """Teacher forcing, changed."""

    name = "odd"
    change: Any

    def build(self, setting: Setting) -> Predict:
        predict = TeacherForcing().build(setting)
        return lambda *values, **named: self.change(predict(*values, **named))  # type: ignore[return-value]  # a lambda is no Predict


@dataclass(frozen=True, kw_only=True)
class Steep(Schedule):
    """A rate at will."""

    name = "steep"
    rate: Any

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.rate


@dataclass(frozen=True, kw_only=True)
class Penalty(Regularizer):
    """A penalty at will."""

    name = "penalty"
    of: Any

    def build(self, setting: Setting) -> Regularization:
        return Regularization(penalty=lambda predictions: self.of(predictions[0].logits))


@dataclass(frozen=True, kw_only=True)
class Silent(Generation):
    """Writes at will."""

    name = "silent"
    generate: Any

    def build(self, setting: Setting) -> Any:
        return self.generate


def test_rows_that_are_not_the_tokens_of_the_batch_are_the_policy_s() -> None:
    def halved(prediction: Prediction) -> Prediction:
        return prediction._replace(logits=prediction.logits[::2])

    parts = assemble(experiment(decoding_policy=Odd(change=halved)), seed=1)
    fault = r"decoding policy odd: the batch has \d+ target tokens, so logits must have shape"
    with pytest.raises(HarnessError, match=fault):
        list(train(parts))


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, None])
def test_a_rate_that_is_none_is_the_schedule_s(rate: float | None) -> None:
    parts = assemble(experiment(schedule=Steep(rate=rate)), seed=1)
    fault = f"schedule steep: the rate at update 1 must be a number at least 0, got {rate}"
    with pytest.raises(HarnessError, match=fault):
        list(train(parts))


def test_what_is_no_prediction_is_the_policy_s() -> None:
    parts = assemble(
        experiment(decoding_policy=Odd(change=lambda prediction: prediction.logits)), seed=1
    )
    with pytest.raises(HarnessError, match="decoding policy odd: must return a Prediction, got"):
        list(train(parts))


def test_a_penalty_that_is_no_tensor_is_the_regularizer_s() -> None:
    penalty = Penalty(of=lambda logits: None)
    parts = assemble(experiment(regularizers={"penalty": penalty}), seed=1)
    with pytest.raises(HarnessError, match="regularizer penalty: must return a tensor, got None"):
        list(train(parts))


def test_translations_that_are_not_as_many_as_the_sentences_are_refused() -> None:
    parts = assemble(experiment(), seed=1)

    def generate(model: Any, source: Any, *, sentences: Any) -> list[list[int]]:
        return [[]] * (len(sentences) - 1)

    fault = r"generation silent: \d+ translations of \d+ sentences"
    with pytest.raises(HarnessError, match=fault):
        translate(parts, pairs=parts.task.test, of=Silent(generate=generate))


def test_a_penalty_that_is_no_sum_is_the_regularizer_s() -> None:
    penalty = Penalty(of=lambda logits: logits.sum(-1))
    parts = assemble(experiment(regularizers={"penalty": penalty}), seed=1)
    with pytest.raises(HarnessError, match="regularizer penalty: must return one summed number"):
        list(train(parts))


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        (
            {"regularizers": {"penalty": Penalty(of=lambda logits: logits.sum() * math.nan)}},
            "the penalty of regularizer penalty",
        ),
        (
            {"decoding_policy": Odd(change=lambda p: p._replace(logits=p.logits * math.inf))},
            "the logits of decoding policy odd, from finite weights",
        ),
        (
            {"regularizers": {"penalty": Penalty(of=lambda logits: (logits.sum() * 0).sqrt())}},
            "a gradient",
        ),
    ],
)
def test_a_run_that_diverges_names_the_first_value_that_is_not_finite(
    changes: dict[str, Any], value: str
) -> None:
    parts = assemble(experiment(**changes), seed=1)
    with pytest.raises(Diverged, match=f"at update 1; the first that is not finite: {value}$"):
        list(train(parts))
