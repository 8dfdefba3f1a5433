from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment, weights

from harness.contracts import Generate, Model, Setting
from harness.streams import Noise
from harness.training.assembly import Assembly, assemble
from harness.training.batches import EncodedPairs
from harness.training.evaluation import kept_weights, measure, teacher_forced, translate
from harness.training.loop import train
from harness_averagings import LastK
from harness_generations import Greedy
from harness_losses.cross_entropy import CrossEntropy
from harness_losses.label_smoothing import LabelSmoothing
from harness_regularizers import Dropout, Lora, LoraDropout


def _parts(**regularizers: object) -> Assembly:
    """A model whose adapters say something."""
    budget = replace(BUDGET, precision="float64")
    parts = assemble(experiment(regularizers=regularizers, budget=budget), seed=1)
    with torch.no_grad():
        for name, parameter in parts.model.named_parameters():
            if name.endswith("adapter.B"):
                parameter.normal_(generator=torch.Generator().manual_seed(len(name)))
    return parts


def _by_hand(parts: Assembly, *, noises: list[Noise | None]) -> tuple[float, float]:
    """Nats a token and the share of right tokens, sentence by sentence, from mean probabilities."""
    pairs, nats, right, tokens = parts.task.validation, 0.0, 0, 0
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        shares = []
        for noise in noises:
            memory = parts.model.encode(source[None], noise=noise)
            embedded = parts.model.embed(target[None, :-1])
            hidden = parts.model.decode(embedded, memory, noise=noise)
            shares.append(parts.model.project(hidden)[0].softmax(-1))
        mean = torch.stack(shares).mean(0)
        nats -= mean.gather(-1, target[1:, None]).log().sum().item()
        right += int((mean.argmax(-1) == target[1:]).sum())
        tokens += len(target) - 1
    return nats / tokens, right / tokens


def _members(count: int) -> list[Noise]:
    return [
        Noise(seed=1, update=0, forward=f"member {number}", stream="members")
        for number in range(count)
    ]


@torch.no_grad()
def test_perplexity_is_exp_of_the_nats_of_gold_tokens_whatever_the_loss_makes_of_them() -> None:
    plain, smooth = (
        {row.metric: row.value for row in measure(parts, split="validation", update=0)}
        for parts in (
            assemble(experiment(loss=loss), seed=1)
            for loss in (CrossEntropy(), LabelSmoothing(smoothing=0.5))
        )
    )
    assert plain == smooth
    assert plain["perplexity"] == pytest.approx(math.exp(plain["nll"]), rel=1e-12)
    whole = _parts()
    nats, _ = _by_hand(whole, noises=[None])
    assert teacher_forced(whole, pairs=whole.task.validation).nll == pytest.approx(nats, rel=1e-12)


@torch.no_grad()
def test_scores_are_of_the_whole_matrices_unless_members_are_asked_for() -> None:
    parts = _parts(lora_dropout=LoraDropout(rate=0.4, members=0))
    nll, accuracy = _by_hand(parts, noises=[None])
    scores = teacher_forced(parts, pairs=parts.task.validation)
    assert scores.nll == pytest.approx(nll, rel=1e-12)
    assert scores.token_accuracy == pytest.approx(accuracy)


@torch.no_grad()
def test_with_members_scores_are_of_their_mean_probability() -> None:
    choice = LoraDropout(rate=0.4, members=4)
    parts = _parts(lora_dropout=choice)
    scores = teacher_forced(parts, pairs=parts.task.validation)
    nll, accuracy = _by_hand(parts, noises=[*_members(4)])
    assert scores.nll == pytest.approx(nll, rel=1e-12)
    assert scores.token_accuracy == pytest.approx(accuracy)
    assert scores.nll != pytest.approx(_by_hand(parts, noises=[None])[0], rel=1e-3)
    noisy = _parts(dropout=Dropout(rate=0.5), lora_dropout=choice)
    assert teacher_forced(noisy, pairs=parts.task.validation) == scores, "no ordinary dropout"


@torch.no_grad()
def test_with_members_a_perplexity_is_at_most_their_geometric_mean() -> None:
    """Jensen: -ln of a mean is at most the mean of -ln."""
    parts = _parts(lora_dropout=LoraDropout(rate=0.4, members=4))
    alone = [_by_hand(parts, noises=[noise])[0] for noise in _members(4)]
    assert teacher_forced(parts, pairs=parts.task.validation).nll < sum(alone) / 4


def test_members_are_the_same_at_every_evaluation_and_change_no_training() -> None:
    choice = {"lora_dropout": LoraDropout(rate=0.4, members=2)}
    parts = _parts(**choice)
    first, second = (measure(parts, split="validation", update=update) for update in (0, 7))
    assert [row.value for row in first] == [row.value for row in second]
    trained = []
    for every, members in ((4, 2), (1, 2), (4, 0)):
        budget = replace(BUDGET, updates=4, evaluate_every=every)
        regularizers = {"lora_dropout": LoraDropout(rate=0.4, members=members)}
        ours = assemble(experiment(regularizers=regularizers, budget=budget), seed=1)
        list(train(ours))
        trained.append(weights(ours))
    for name, weight in trained[0].items():
        assert all(torch.equal(weight, other[name]) for other in trained[1:])


@dataclass(frozen=True, kw_only=True)
class Spying(Greedy):
    """Greedy decoding that says what it was given."""

    name = "spying"
    met: list[list[str]]

    def build(self, setting: Setting) -> Generate:
        generate = super().build(setting)

        def spy(model: Model, source: torch.Tensor, *, sentences: Sequence[int]) -> list[list[int]]:
            self.met.append([type(model).__name__, *dict(model.named_parameters())])
            return generate(model, source, sentences=sentences)

        return spy


def test_translations_are_the_ensemble_s() -> None:
    written = []
    for members, kind in ((3, "Ensemble"), (0, "Transformer")):
        parts = _parts(lora_dropout=LoraDropout(rate=0.5, members=members))
        spying = Spying(extra=3, met=[])
        written.append(translate(parts, pairs=parts.task.validation, of=spying))
        assert {each[0] for each in spying.met} == {kind}
    assert written[0] != written[1]


def test_adapters_are_merged_for_as_long_as_it_is_scored() -> None:
    parts = _parts(lora=Lora(rank=2))
    names = [name for name, _ in parts.model.named_parameters()]
    spying = Spying(extra=3, met=[])
    translate(parts, pairs=parts.task.validation, of=spying)
    assert not any("adapter" in name for each in spying.met for name in each)
    assert [name for name, _ in parts.model.named_parameters()] == names


def test_what_a_sentence_adds_is_what_it_scores_alone() -> None:
    parts = _parts()
    pairs = parts.task.validation
    nats, right, tokens = teacher_forced(parts, pairs=pairs).by_sentence
    for row, target in enumerate(pairs.targets):
        one = EncodedPairs(pairs.sources[row : row + 1], pairs.targets[row : row + 1])
        alone = teacher_forced(parts, pairs=one)
        assert tokens[row] == len(target) - 1
        assert nats[row] / tokens[row] == pytest.approx(alone.nll, rel=1e-9)
        assert right[row] / tokens[row] == alone.token_accuracy


def test_a_run_leaves_its_averaged_weights_and_training_goes_on_from_its_own() -> None:
    parts = assemble(experiment(averaging=LastK(every=1, count=2)), seed=1)
    history = [weights(parts) for _, _ in zip(range(3), train(parts), strict=False)]
    kept, own = kept_weights(parts), weights(parts)
    assert kept.keys() == own.keys()
    for name, weight in kept.items():
        torch.testing.assert_close(weight, (history[1][name] + history[2][name]) / 2)
        torch.testing.assert_close(own[name], history[2][name], rtol=0, atol=0)
    assert any(not torch.equal(kept[name], own[name]) for name in kept)


def test_without_an_average_a_run_leaves_copies_of_its_last_weights() -> None:
    parts = assemble(experiment(), seed=1)
    kept, last = kept_weights(parts), weights(parts)
    with torch.no_grad():
        for parameter in parts.model.parameters():
            parameter.add_(1)
    assert all(torch.equal(kept[name], last[name]) for name in last)
