"""Passes in bfloat16, and everything around them in float32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.offered import OFFERED, SMALL, example
from support.tiny_experiment import BUDGET, experiment, weights

from harness.components import Architecture, Component, Loss, Regularizer
from harness.contracts import LossFunction, Setting
from harness.study.experiment import Experiment
from harness.training import checkpoint
from harness.training.assembly import Assembly, assemble
from harness.training.evaluation import teacher_forced, translate
from harness.training.loop import train
from harness.training.network import load_weights, restore
from harness.training.objective import objective
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_regularizers.dropout import Dropout
from harness_regularizers.lora import Lora

MODELS: dict[str, Architecture] = {
    "encoder_decoder": EncoderDecoder(**SMALL),
    "decoder_only": DecoderOnly(**SMALL),
}
both_models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
IN_BFLOAT16 = replace(BUDGET, precision="bfloat16", updates=2, evaluate_every=2)
ATTENTION_DROPOUT = Dropout(rates={"attention.weights": 0.1})
SEEN: list[torch.dtype] = []


@dataclass(frozen=True, kw_only=True)
class Noting(Loss):
    """Cross-entropy that notes the type of the logits it is called with."""

    name = "noting"

    def build(self, setting: Setting) -> LossFunction:
        def noting(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            SEEN.append(logits.dtype)
            return torch.nn.functional.cross_entropy(logits, targets, reduction="sum")

        return noting


def assembled(**changes: Any) -> Assembly:
    return assemble(experiment(**{"budget": IN_BFLOAT16, **changes}), seed=1)


def states(parts: Assembly) -> Iterator[torch.Tensor]:
    """The moments that the optimizer keeps of each weight."""
    for state in parts.optimizer.state.values():
        yield from (value for value in state.values() if value.ndim)


@both_models
@pytest.mark.parametrize(
    "component",
    [*OFFERED["decoding_policy"], *OFFERED["regularizers"]],
    ids=lambda component: f"{component.slot}-{component.name}",
)
def test_every_technique_trains_with_a_finite_loss(
    component: type[Component], model: Architecture, tmp_path: Path
) -> None:
    made = example(component, file=tmp_path)
    regularizers = {"dropout": ATTENTION_DROPOUT}
    if isinstance(made, Regularizer):
        changes: dict[str, Any] = {"regularizers": regularizers | {made.name: made}}
    else:
        changes = {"regularizers": regularizers, "decoding_policy": made}
    parts = assembled(model=model, **changes)
    before = weights(parts)
    # The loop itself refuses a loss that is not finite.
    assert [update.number for update in train(parts)] == [0, 1, 2]
    after = weights(parts)
    assert any(not after[name].equal(before[name]) for name in after)
    assert {weight.dtype for weight in after.values()} == {torch.float32}


@both_models
@pytest.mark.parametrize("component", OFFERED["generation"], ids=lambda component: component.name)
def test_every_generation_writes(
    component: type[Component], model: Architecture, tmp_path: Path
) -> None:
    parts = assembled(model=model, regularizers={})
    made: Any = example(component, file=tmp_path)
    trained = restore(parts.experiment, seed=1, weights=weights(parts), codecs=parts.task.codecs)
    parts.setting = replace(parts.setting, trained=lambda of: trained)
    written = translate(parts, pairs=parts.task.test, of=made)
    assert len(written) == len(parts.task.test.sources)


@both_models
def test_only_the_passes_are_in_bfloat16(model: Architecture) -> None:
    SEEN.clear()
    parts = assembled(model=model, loss=Noting(), regularizers={"dropout": ATTENTION_DROPOUT})
    within: list[torch.dtype] = []

    def note(value: torch.Tensor) -> torch.Tensor:
        within.append(value.dtype)
        return value

    for site in parts.model.sites.values():
        if site.kind in {"attention.weights", "feed_forward.activation"}:
            site.alter(note)
    list(train(parts))
    assert set(within) == {torch.bfloat16}
    assert set(SEEN) == {torch.float32}
    assert {
        weight.grad.dtype for weight in parts.model.parameters() if weight.grad is not None
    } == {torch.float32}
    assert {state.dtype for state in states(parts)} == {torch.float32}


@torch.no_grad()
@both_models
def test_scores_are_the_float32_softmax_of_the_models_logits(model: Architecture) -> None:
    parts = assembled(model=model)
    pairs, nats, tokens = parts.task.validation, 0.0, 0
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        memory = parts.model.encode(source[None])
        hidden = parts.model.decode(parts.model.embed(target[None, :-1]), memory)
        logits = parts.model.project(hidden=hidden)[0]
        assert memory.states.dtype == hidden.dtype == logits.dtype == torch.float32
        # The last product is one in bfloat16, to whose 8 digits float32 adds zeros.
        assert logits.equal(logits.bfloat16().float())
        likely = logits.double().log_softmax(-1).gather(-1, target[1:, None])
        nats, tokens = nats - likely.sum().item(), tokens + len(likely)
    # Padding changes the order of sums within the model, and so a last digit of bfloat16 at times.
    assert teacher_forced(parts, pairs=pairs).nll == pytest.approx(nats / tokens, rel=1e-4)


def gradient(*, precision: Any, **changes: Any) -> torch.Tensor:
    """The gradient of the objective of one batch at the same weights, in one row."""
    parts = assembled(**changes, budget=replace(IN_BFLOAT16, precision=precision))
    load_weights(parts.model, weights=weights(assembled(**changes)))
    batch = parts.task.train.batch(next(parts.order.batches()), device="cpu")
    objective(parts, batch=batch, noise=parts.noise(1)).backward()
    gradients = [weight.grad for weight in parts.model.parameters() if weight.grad is not None]
    return torch.cat([gradient.flatten().double() for gradient in gradients])


@both_models
@pytest.mark.parametrize("regularizer", [Dropout(rate=0.0), ATTENTION_DROPOUT])
def test_the_gradient_is_that_of_float32_to_bfloat16s_digits(
    model: Architecture, regularizer: Regularizer
) -> None:
    changes: dict[str, Any] = {"model": model, "regularizers": {"dropout": regularizer}}
    exact = gradient(precision="float64", **changes)
    single, rough = (
        (gradient(precision=name, **changes) - exact).norm() / exact.norm()
        for name in ("float32", "bfloat16")
    )
    assert single < 1e-5
    # The unit roundoff of bfloat16 is 2^-9, and a gradient has gone through a dozen products.
    assert 2**-11 < rough < 20 * 2**-9


def last_weights(choices: Experiment, path: Path, *, until: int) -> dict[str, torch.Tensor]:
    """Train from the last checkpoint, if there is one, to update `until`, and leave another."""
    parts = assemble(choices, seed=1)
    after = checkpoint.resume(parts, path=path)
    with (path / "measurements.jsonl").open("ab", buffering=0) as file:
        for update in train(parts, after=after):
            file.write(b"[%d, []]\n" % update.number)
            if update.number == until:
                checkpoint.save(parts, path=path, update=until, size=file.tell())
                break
    return dict(weights(parts))


@pytest.mark.parametrize("regularizer", [Dropout(rate=0.1), ATTENTION_DROPOUT, Lora(rank=2)])
def test_runs_are_equal_to_the_bit_also_after_an_interruption(
    regularizer: Regularizer, tmp_path: Path
) -> None:
    choices = experiment(budget=IN_BFLOAT16, regularizers={regularizer.name: regularizer})
    runs = []
    for name, stops in (("one", [2]), ("again", [2]), ("interrupted", [1, 2])):
        (tmp_path / name).mkdir()
        lasts = [last_weights(choices, tmp_path / name, until=stop) for stop in stops]
        runs.append(lasts[-1])
    one, again, interrupted = runs
    assert all(again[name].equal(weight) for name, weight in one.items())
    assert all(interrupted[name].equal(weight) for name, weight in one.items())
