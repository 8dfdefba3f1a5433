"""A broken component fails its contract test, with its name and the fault."""

from __future__ import annotations

import inspect
import itertools
import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.figure
import matplotlib.pyplot
import pytest
import torch

from harness import components
from harness.components import Component
from harness.components.positions import PlaceCode, Places
from harness.contracts import (
    EOS,
    Codecs,
    Corpus,
    Pair,
    ParameterGroup,
    Prediction,
    Regularization,
    Score,
    Site,
)
from harness.runs.worker import perform
from harness.testing import CHECKS, check
from harness_decoding_policies.teacher_forcing import TeacherForcing
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_optimizers.adam import Adam
from harness_tokenizers.word import Word

cross_entropy = torch.nn.functional.cross_entropy
calls = itertools.count()
PAIR = Pair("a", "b")


def stranger(base: type[Component], build: Callable[..., Any], **more: Any) -> Component:
    """A component of a slot that builds this."""

    def built(self: Component, *values: Any, jobs: int = 1, **named: Any) -> Any:
        return build(*values, *named.values())

    # A contract reads off the signature which options would repeat a component's setting.
    built.__signature__ = inspect.signature(vars(base)["build"])  # type: ignore[attr-defined]  # functions take it
    body = {"build": built}
    made = type("Odd", (base,), {"name": "odd", "__doc__": "Odd.", **body, **more})
    return dataclass(frozen=True, kw_only=True)(made)()


def loss(function: Callable[..., Any]) -> Component:
    return stranger(components.Loss, lambda setting: function)


def schedule(function: Callable[[int], Any]) -> Component:
    return stranger(components.Schedule, lambda setting: function)


def regularizer(**parts: Any) -> Component:
    return stranger(components.Regularizer, lambda setting: Regularization(**parts))


class Half(torch.nn.Module):
    """Half of x, beside a square matrix; what it says that it is may be something else."""

    def __init__(self, delta: Any) -> None:
        super().__init__()
        self.delta = lambda: delta

    def forward(self, states: torch.Tensor, noise: Any) -> torch.Tensor:
        return states / 2


def adapter(delta: Any) -> Component:
    def hang(model: Any, *, generator: Any) -> None:
        model.projections["encoder.0.self_attention.query"].adapter = Half(delta)

    return regularizer(modify_model=hang)


def policy(change: Callable[[Prediction], Any]) -> Component:
    predict = TeacherForcing().build(None)  # type: ignore[arg-type]  # it needs no setting

    def changed(model: Any, batch: Any, *, update: int, noise: Any) -> Any:
        return change(predict(model, batch, update=update, noise=noise))

    return stranger(components.DecodingPolicy, lambda setting: changed)


def generation(write: Callable[[int, int], list[int]]) -> Component:
    def generate(model: Any, source: Any, *, sentences: Any) -> Any:
        return [write(sentence, len(sentences)) for sentence in sentences]

    return stranger(components.Generation, lambda setting: generate)


def metric(score: Callable[[list[str], list[str]], Any], **more: Any) -> Component:
    return stranger(components.Metric, lambda: score, **more)


def right(hypotheses: list[str], references: list[str]) -> Score:
    return Score(float(sum(map(str.__eq__, hypotheses, references))), "exact")


def normalization(
    function: Callable[[torch.Tensor], torch.Tensor], *, counts: int = 0
) -> Component:
    class Module(torch.nn.Module):
        def forward(self, vectors: torch.Tensor) -> torch.Tensor:
            return function(vectors)

    def parameters(self: Component, width: int, *, bias: bool) -> int:
        return counts

    return stranger(components.Normalization, lambda *_: Module(), parameters=parameters)


class Elsewhere(PlaceCode):
    """Positions that count from the first token that they are given."""

    def embed(self, vectors: torch.Tensor, *, places: Places) -> torch.Tensor:
        return vectors + torch.arange(vectors.shape[1]).double()[:, None]


class Flat(PlaceCode):
    """A bias without heads."""

    def bias(self, queries: Places, *, keys: Places) -> torch.Tensor:
        return torch.zeros(1, 1, queries.numbers.shape[1], keys.numbers.shape[1])


def dataset(*pairs: Any, test: tuple[Pair, ...] = (PAIR,)) -> Component:
    built = Corpus(train=pairs, validation=[PAIR], test=test)
    return stranger(components.Dataset, lambda: built)


SHAPE = EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=2)


def model(change: Callable[[Any], None] = lambda built: None, **methods: Any) -> Component:
    """A Transformer with other methods, each called with the model and its own method's values."""
    made = type("Changed", (Transformer,), methods)

    def build(vocabularies: Any) -> Any:
        built = made(SHAPE, source_classes=vocabularies[0], target_classes=vocabularies[1])
        change(built)
        return built

    return stranger(components.Architecture, build, __annotations__={"d_model": int}, d_model=16)


def cheating(
    self: Any, embedded: Any, memory: Any, *, visible: Any = None, noise: Any = None
) -> Any:
    everything = torch.ones(1, embedded.shape[1], embedded.shape[1], dtype=torch.bool)
    return Transformer.decode(self, embedded, memory, visible=everything, noise=noise)


def deaf(self: Any, embedded: Any, memory: Any, *, visible: Any = None, noise: Any = None) -> Any:
    return Transformer.decode(self, embedded, memory, noise=noise)


def seeing_padding(self: Any, source: Any, *, noise: Any = None) -> Any:
    return Transformer.encode(self, source, noise=noise)._replace(visible=None)


def stepping_late(self: Any, tokens: Any, cache: Any, *, noise: Any = None) -> Any:
    cache.length += 1
    return Transformer.step(self, tokens, cache, noise=noise)


def dropping(self: Any, tokens: Any) -> Any:
    return torch.nn.functional.dropout(Transformer.embed(self, tokens), 0.1)


def noisy(self: Any, source: Any, *, noise: Any = None) -> Any:
    memory = Transformer.encode(self, source, noise=noise)
    return memory if noise is None else memory._replace(states=memory.states * 2)


def filled(model: Any, effect: Any) -> None:
    for site in model.sites.values():
        if site.kind == "residual":
            site.fill(effect)


def site(effect: Callable[..., Any]) -> Component:
    return regularizer(modify_model=lambda model, *, generator: filled(model, effect))


def by_batch(model: Any, *, generator: Any) -> None:
    model.sites["encoder.embedding"].fill_members(lambda value, site, noise: value * len(value))


def initializer(initialize: Callable[..., Any]) -> Component:
    return stranger(components.Initializer, lambda setting: initialize)


def one_generator(setting: Any) -> Any:
    drawn = torch.Generator().manual_seed(1)
    return lambda name, parameter, generator_of: parameter.normal_(generator=drawn)


def optimizer(make: Callable[..., Any]) -> Component:
    return stranger(components.Optimizer, lambda setting: make)


class Forgetful(torch.optim.SGD):
    """Keeps its momentum where no checkpoint finds it."""

    def __init__(self, groups: Any) -> None:
        super().__init__(groups, lr=0.0)
        self.taken = 0

    def step(self, closure: Any = None) -> None:
        self.taken += 1
        for group in self.param_groups:
            group["lr"] *= self.taken
        super().step()


class Mean:
    """Averages all weights since the start; what is left out of `state` is a parameter."""

    def __init__(self, *, keeps: bool = True, scale: float = 1.0) -> None:
        self.keeps, self.scale, self.sums, self.count = keeps, scale, {}, 0

    def update(self, weights: Any, update: int) -> None:
        self.count += 1
        for name, weight in weights.items():
            self.sums[name] = self.sums.get(name, 0) + weight

    def weights(self) -> Any:
        return {name: self.scale * total / self.count for name, total in self.sums.items()}

    def state(self) -> Any:
        return {**self.sums, "count": torch.tensor(self.count)} if self.keeps else {}

    def restore(self, state: Any) -> None:
        self.sums = {name: value for name, value in state.items() if name != "count"}
        self.count = int(state.get("count", 0))


def tokenizer(change: Callable[[Corpus], Corpus], **more: Any) -> Component:
    def build(corpus: Corpus) -> Codecs:
        codecs = Word().build(change(corpus))
        for name, function in more.items():
            object.__setattr__(codecs.source, name, function)
        return codecs

    return stranger(components.Tokenizer, build)


class Deaf:
    """An executor's jobs that say nothing true."""

    capacity = 1

    def __init__(self, status: int = 0) -> None:
        self.status, self.submitted = status, []

    def submit(self, path: Any) -> None:
        self.submitted.append(path)

    def poll(self) -> Any:
        ended, self.submitted = [(path, self.status) for path in self.submitted], []
        return ended

    def cancel(self) -> None: ...

    def logs(self, path: Any) -> str:
        return "all is well"


class Raising(Deaf):
    """Carries runs out where it is called, and lets their errors through."""

    def submit(self, path: Any) -> None:
        raise OSError("no room")


class Repeating(Deaf):
    """Says again and again that a run ended."""

    def poll(self) -> Any:
        return [(path, 1) for path in self.submitted]

    def logs(self, path: Any) -> str:
        return "where.json: missing"


class Silent(Deaf):
    """Has no list where no run has ended."""

    def poll(self) -> Any:
        return None


class Twice:
    """A tracker that adds a line whenever it is called."""

    def __init__(self, out: Path) -> None:
        self.path = out / "twice"

    def sync(self, study: Any, ledger: Any) -> None:
        with self.path.open("a") as file:
            file.write(study.name)


class Meddler(Twice):
    """A tracker that takes its notes in the ledger."""

    def sync(self, study: Any, ledger: Any) -> None:
        for run in study.runs:
            if ledger.outcome(run.digest):
                (run.path / "seen").touch()


def figure(draw: Callable[[Any], Any], **more: Any) -> Component:
    return stranger(components.Figure, lambda: draw, **more)


def drawn(number: float = 1.0, *, width: float = 4.6) -> Any:
    made = matplotlib.figure.Figure(figsize=(width, 1.0))
    made.text(0.1, 0.1, str(number))
    return made


def grouped(*groups: ParameterGroup) -> Component:
    return stranger(components.ParameterGroups, lambda setting: lambda names: groups)


def everything(multiple: Any) -> Component:
    def grouped(names: Any) -> Any:
        return [ParameterGroup(names, lambda update: multiple)]

    return stranger(components.ParameterGroups, lambda setting: grouped)


def averaging(**more: Any) -> Component:
    return stranger(components.Averaging, lambda setting: Mean(**more))


BROKEN = [
    # losses
    (loss(cross_entropy), "loss odd: must be summed over tokens"),
    (
        loss(lambda logits, targets: cross_entropy(logits, targets, reduction="none")),
        "loss odd: the loss, one summed number, must have shape (), got (7,)",
    ),
    (loss(lambda logits, targets: logits.sum() * math.nan), "loss odd: the loss must be finite"),
    (loss(lambda logits, targets: 3.0), "must be a tensor, got 3.0"),
    (loss(lambda logits, targets: logits.detach().sum()), "has no gradient"),
    (loss(lambda logits, targets: logits.float().sum()), "turns torch.float64 into torch.float32"),
    (
        loss(lambda logits, targets: (logits.sum(1) * 0).sqrt().sum()),
        "loss odd: the gradient must be finite, and contains [nan]",
    ),
    (
        loss(lambda logits, targets: (logits * torch.rand(logits.shape)).sum()),
        "loss odd: the loss draws from a global generator",
    ),
    (loss(lambda logits, targets: logits.sum() * next(calls)), "differs the second time"),
    (
        loss(lambda logits, targets: logits.data.clamp_(0, 1).sum() + logits.sum()),
        "changes the logits that it is given",
    ),
    # schedules and decays
    (schedule(lambda update: -0.1), "the rate at update 1 must be a number at least 0, got -0.1"),
    (schedule(lambda update: math.nan), "must be a number at least 0, got nan"),
    (schedule(lambda update: torch.tensor(0.1)), "must be a number at least 0, got tensor(0.1000)"),
    (schedule(lambda update: 0.0), "every rate is 0"),
    (schedule(lambda update: 1 / (1 + next(calls))), "depends on earlier calls"),
    (
        stranger(components.Decay, lambda setting: lambda update: update / 100),
        "decay odd: rises at update 2, from 0.01 to 0.02",
    ),
    (stranger(components.Decay, lambda setting: lambda update: 2.0), "must be at most 1, got 2"),
    # metrics
    (metric(lambda hypotheses, references: 1.0), "metric odd: must return a Score, got 1.0"),
    (metric(lambda *_: {}["gamma"]), "metric odd: raised KeyError: 'gamma'"),
    (metric(lambda *_: Score(math.nan, "")), "the score of the references must be a finite number"),
    (metric(right, bounds=(0.0, 0.5)), "bounds are 0 to 0.5, but the references score 1"),
    (metric(right, higher_is_better=False), "a better score than that of the references"),
    # a model's parts
    (normalization(lambda vectors: vectors[..., :3]), "must have shape (3, 5, 16), got (3, 5, 3)"),
    (normalization(lambda vectors: vectors, counts=3), "counts 3 parameters, and has 0"),
    (normalization(lambda vectors: vectors / vectors.std()), "normalized zeros must be finite"),
    (
        normalization(lambda vectors: vectors - vectors.mean(0)),
        "normalization odd: a vector depends on the others of its batch",
    ),
    (
        stranger(components.FeedForward, lambda: lambda units: units.softmax(-1)),
        "feed forward odd: a unit depends on the others",
    ),
    (stranger(components.FeedForward, lambda: torch.sqrt), "activated units must be finite"),
    (
        stranger(components.Positions, lambda d_model, heads: Elsewhere()),
        "positions odd: token vectors of later places must be those in the whole sentence",
    ),
    (
        stranger(components.Positions, lambda d_model, heads: Flat()),
        "the bias of scores must have shape (1, 2, 7, 7), got (1, 1, 7, 7)",
    ),
    (
        stranger(components.Positions, lambda d_model, heads: torch.nn.Embedding(7, 16)),
        "must build a PlaceCode, got Embedding(7, 16)",
    ),
    # initializers
    (initializer(lambda name, parameter, generator_of: None), "filled in place"),
    (
        initializer(lambda name, parameter, generator_of: parameter.normal_()),
        "initializer odd: a weight draws from a global generator",
    ),
    (
        stranger(components.Initializer, one_generator),
        "depends on what is in the encoder; draw from generator_of(name)",
    ),
    # parameter groups
    (grouped(), "must be in exactly one group, and is in 0"),
    (everything(-1.0), "a multiple must be a number at least 0, got -1.0"),
    # optimizers
    (optimizer(lambda groups: None), "must make a torch.optim.Optimizer, got None"),
    (
        optimizer(
            lambda groups: torch.optim.SGD([parameter for g in groups for parameter in g["params"]])
        ),
        "must keep the groups as given",
    ),
    (optimizer(Forgetful), "must resume from state_dict() to the same bits"),
    # decoding policies
    (policy(lambda prediction: prediction.logits), "must return a Prediction, got Tensor"),
    (
        policy(lambda prediction: prediction._replace(logits=prediction.logits[:, :5])),
        "logits must have shape (12, 13), got (12, 5)",
    ),
    (
        policy(lambda prediction: prediction._replace(logits=prediction.logits * math.nan)),
        "logits must be finite",
    ),
    (
        policy(lambda prediction: prediction._replace(targets=prediction.targets.flip(0))),
        "gold tokens, in order",
    ),
    (
        policy(lambda prediction: prediction._replace(logits=prediction.logits.detach())),
        "logits have no gradient",
    ),
    (
        policy(lambda prediction: prediction._replace(logits=prediction.logits + torch.rand(()))),
        "decoding policy odd: a prediction draws from a global generator",
    ),
    # generations
    (generation(lambda sentence, size: [4, EOS]), "must not be written, got [2]"),
    (generation(lambda sentence, size: [99]), "there are 13 classes, got [99]"),
    (generation(lambda sentence, size: [4] * size), "translated differently from in a batch"),
    (generation(lambda sentence, size: "four"), "must be a list of token ids, got 'four'"),
    # regularizers
    (regularizer(passes=0), "passes must be a whole number above 0, got 0"),
    (regularizer(members=-1), "members must be a whole number at least 0, got -1"),
    (
        adapter(torch.eye(16, dtype=torch.float64)),
        "the delta beside encoder.0.self_attention.query is not the adapter's matrix",
    ),
    (adapter(torch.eye(4)), "must have shape (16, 16), got (4, 4)"),
    (
        site(lambda value, site, noise: torch.nn.functional.dropout(value)),
        "regularizer odd: the modified model draws from a global generator",
    ),
    (
        regularizer(modify_model=by_batch),
        "a member's noise depends on what else is in the batch",
    ),
    (site(lambda value, site, noise: value * math.nan), "must be finite, and contains [nan]"),
    (
        regularizer(penalty=lambda predictions: predictions[0].logits.square().mean()),
        "the penalty must be summed over tokens",
    ),
    (
        regularizer(penalty=lambda predictions: predictions[0].logits.square().sum(1)),
        "the penalty, one summed number, must have shape (), got (12,)",
    ),
    (
        regularizer(
            modify_gradients=lambda parameters, *, update, generator: [
                parameter.grad.add_(torch.randn_like(parameter))
                for parameter in parameters.values()
            ]
        ),
        "a gradient draws from a global generator",
    ),
    (
        regularizer(
            modify_weights=lambda parameters, *, update, learning_rate: [
                parameter.div_(0.0) for parameter in parameters.values()
            ]
        ),
        "after modify_weights must be finite",
    ),
    # averagings
    (
        stranger(components.Averaging, lambda setting: Deaf()),
        "got Deaf, without restore, state,",
    ),
    (averaging(keeps=False), "must resume from state() to the same bits"),
    (averaging(scale=2.0), "the average of equal weights must be those weights"),
    # datasets and tokenizers
    (dataset(PAIR, test=()), "dataset odd: test is empty"),
    (dataset(("a", "b")), "train must hold pairs of text"),
    (dataset(Pair("a\nb", "c")), "pair 1 of train is more than one line"),
    (
        tokenizer(
            lambda corpus: Corpus(train=[*corpus.train, *corpus.test], validation=[], test=[])
        ),
        "learns from validation or test",
    ),
    (tokenizer(lambda corpus: corpus, decode=lambda tokens: "no"), "must give the line back"),
    (tokenizer(lambda corpus: corpus, encode_piece=lambda piece: [4]), "must have the tokens of"),
    (
        tokenizer(
            lambda corpus: Corpus(
                train=[Pair(pair.source or "a", pair.target) for pair in corpus.train],
                validation=[],
                test=[],
            )
        ),
        "needs one codec for both sides",
    ),
    (tokenizer(lambda corpus: corpus), "stores a vocabulary that it does not restore"),
    (
        stranger(
            components.Tokenizer,
            lambda corpus: Word().build(corpus),
            restored=lambda _, sides: Word().restored([["other"], ["other"]]),
        ),
        "the restored source codec must encode",
    ),
    # models
    (stranger(components.Architecture, lambda classes: torch.nn.Linear(2, 2)), "got Linear"),
    (
        model(lambda built: torch.nn.init.ones_(built.projection.weight)),
        "projection.weight must be 0 until an initializer fills it",
    ),
    (
        model(lambda built: built.register_buffer("seen", torch.zeros(1))),
        "must keep no buffer, which no run would store, got ['seen']",
    ),
    (
        stranger(
            components.Architecture,
            lambda classes: Transformer(SHAPE, source_classes=13, target_classes=13),
            parameter_count=lambda self, vocabularies: 3,
        ),
        "has 11837 parameters, and counts 3",
    ),
    (model(decode=cheating), "a later target token changes earlier hidden states"),
    (model(decode=deaf), "`visible` is not looked at"),
    (model(encode=seeing_padding), "other hidden states than in its batch"),
    (model(encode=noisy), "acts on noise at no site"),
    (model(step=stepping_late), "step 1 has other hidden states than decoding at once"),
    (model(embed=dropping), "model odd: a pass draws from a global generator"),
    (
        model(lambda built: built.sites.update(odd=Site(names=("odd",), layout="sentences 1 1"))),
        "never calls its site ['odd']",
    ),
    # executors
    (stranger(components.Executor, Deaf), "reports status 0 for a run that wrote no outcome"),
    (stranger(components.Executor, lambda: Deaf(1)), "logs must end with the error"),
    (stranger(components.Executor, Raising), "submit() raised OSError: no room; a run that fails"),
    (stranger(components.Executor, Repeating), "reports twice that one run ended"),
    (stranger(components.Executor, Silent), "poll() must give pairs of a run's path and its exit"),
    (
        stranger(components.Executor, lambda: calls),
        "got count, without cancel, capacity,",
    ),
    # figures
    (figure(lambda view: None), "must return a matplotlib Figure, got None"),
    (figure(lambda view: drawn(width=9.0)), "must be some 4.6 inches wide, and is 9"),
    (figure(lambda view: drawn(view.findings[0].difference)), "cannot draw no variant: IndexError"),
    (figure(lambda view: drawn(next(calls))), "a picture differs the second time"),
    (figure(lambda view: drawn(), __doc__="odd one"), "the docstring is the caption"),
    (figure(lambda view: matplotlib.pyplot.figure(figsize=(4.6, 1.0))), "draws with pyplot"),
    # trackers
    (stranger(components.Tracker, lambda out: None), "must build a Tracking, got NoneType"),
    (stranger(components.Tracker, Twice), "copies twice: ['twice']"),
    (stranger(components.Tracker, Meddler), "changes the ledger, which is the truth"),
    # options
    (
        stranger(
            components.Schedule,
            lambda setting: lambda update: 0.1,
            __annotations__={"updates": int},
            updates=3,
        ),
        "schedule odd: options ['updates'] repeat facts of the setting",
    ),
    (
        stranger(
            components.Schedule,
            lambda setting: lambda update: 0.1,
            __annotations__={"steps": object},
            steps=field(default_factory=set),
        ),
        "an option of type set cannot be written as JSON",
    ),
]


@pytest.mark.parametrize(("component", "fault"), BROKEN, ids=lambda value: str(value)[:60])
def test_a_broken_component_is_told_what_it_breaks(component: Component, fault: str) -> None:
    with pytest.raises(AssertionError) as error:
        check(component)
    assert fault in str(error.value)
    assert " odd: " in str(error.value)


class Here:
    """Jobs that carry a run out in the process that asks for it."""

    capacity = 1

    def __init__(self) -> None:
        self.ended: list[tuple[Path, int]] = []
        self.faults: dict[Path, str] = {}

    def submit(self, path: Path) -> None:
        try:
            perform(path)
            self.ended.append((path, 0))
        except Exception:  # noqa: BLE001 - whatever it is, it is in the log
            self.faults[path] = traceback.format_exc()
            self.ended.append((path, 1))

    def poll(self) -> list[tuple[Path, int]]:
        ended, self.ended = self.ended, []
        return ended

    def cancel(self) -> None: ...

    def logs(self, path: Path) -> str:
        return self.faults.get(path, "")


def test_an_executor_without_processes_keeps_to_the_contract() -> None:
    check(stranger(components.Executor, Here))


def test_a_metric_without_a_better_direction_keeps_to_the_contract() -> None:
    wordy = metric(
        lambda hypotheses, _: Score(float(sum(len(line) for line in hypotheses)), "characters"),
        higher_is_better=None,
    )
    check(wordy)


def test_a_component_of_another_slot_is_told_so() -> None:
    with pytest.raises(AssertionError, match=r"Adam is no harness\.components\.Loss"):
        CHECKS["loss"](Adam())


def test_every_contract_can_be_broken() -> None:
    assert {component.slot for component, _ in BROKEN} == set(CHECKS)
