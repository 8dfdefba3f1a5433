"""The message for any fault of a third-party component names it, its plugin and its hook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tiny_experiment import BUDGET, experiment, sampled
from support.tiny_study import TINY

from harness import pipeline
from harness.components import SLOTS
from harness.errors import PluginError
from harness.loading.validation import Checker
from harness.registry.attribution import naming_plugins
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.runs.worker import divergence_reason
from harness.training.assembly import assemble
from harness.training.divergence import Diverged
from harness.training.evaluation import translate
from harness.training.loop import train

FAULTY = '''
from dataclasses import dataclass
from math import nan

import torch

from harness.contracts import *
from harness.components import *
from harness.hookspecs import hookimpl
from harness_decoding_policies.teacher_forcing import TeacherForcing
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_tokenizers.word import Word

PAIRS = [Pair("eins zwei", "two one")] * 4
OFFERS = {}


def odd(base, name, build):
    body = {"name": name, "build": build, "__doc__": "Odd.", "__module__": __name__}
    made = dataclass(frozen=True, kw_only=True)(type(name, (base,), body))
    OFFERS.setdefault(base.hook, []).append(made)


def gives(base, **answers):
    """Components whose function gives this, whatever it is asked."""
    for name, answer in answers.items():
        odd(base, name, lambda self, *_, answer=answer, **__: lambda *_, **__: answer)


def builds(base, **built):
    """Components that build this."""
    for name, answer in built.items():
        odd(base, name, lambda self, *_, answer=answer, **__: answer)


def broken(*_, **__):
    raise KeyError("odd")


def policy(change):
    return lambda *given, **named: change(TeacherForcing().build(None)(*given, **named))


def coded(**changes):
    def build(self, corpus):
        codecs = Word().build(corpus)
        for codec in codecs:
            for name, function in changes.items():
                object.__setattr__(codec, name, function)
        return codecs
    return build


def filled(effect):
    def modify_model(model, *, generator):
        model.sites["encoder.embedding"].fill(effect)
    return Regularization(modify_model=modify_model)


def altered(change):
    def modify_model(model, *, generator):
        model.sites["encoder.embedding"].alter(change)
    return Regularization(modify_model=modify_model)


def bad_gradients(parameters, *, update, generator):
    next(iter(parameters.values())).grad.fill_(nan)


def bad_weights(parameters, *, update, learning_rate):
    next(iter(parameters.values())).fill_(nan)


class Leaps(torch.optim.SGD):
    def step(self):
        with torch.no_grad():
            self.param_groups[0]["params"][0].fill_(nan)


class Keeps:
    def __init__(self, answer):
        self.answer = answer
    def update(self, weights, update):
        self.last = weights
    def weights(self):
        return self.answer(self.last) if hasattr(self, "last") else None
    def state(self):
        return {}
    def restore(self, state): pass


class Jobless:
    capacity = 0
    def submit(self, path): pass
    def poll(self): return [("nowhere", 0)]
    def cancel(self): pass
    def logs(self, path): return ""


class Lazy(Jobless):
    capacity = 1


class Torn(Transformer):
    decode = broken


def torn(self, vocabularies):
    shape = EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=1)
    classes = {"source_classes": vocabularies.source, "target_classes": vocabularies.target}
    return Torn(shape, **classes)


for base in BASES:
    odd(base, "raises", broken)
    gives(base, gives_none=None)
    builds(base, builds_none=None)
odd(Architecture, "torn", torn)
builds(Dataset, empty=Corpus(train=[], validation=PAIRS, test=PAIRS))
builds(Dataset, rubbish=Corpus(train=[("a", "b")], validation=PAIRS, test=PAIRS))
odd(Tokenizer, "beyond", coded(encode=lambda line: [99999]))
odd(Tokenizer, "texts", coded(encode=lambda line: line.split()))
odd(Tokenizer, "mute", coded(decode=lambda tokens: None))
builds(Normalization, halves=torch.nn.AvgPool1d(2))
odd(Initializer, "spoils", lambda *_: lambda name, parameter, generator_of: parameter.fill_(nan))
builds(Regularizer, no_sum=Regularization(penalty=lambda predictions: predictions[0].logits.sum(1)))
builds(Regularizer, nan_penalty=Regularization(penalty=lambda p: p[0].logits.sum() * nan))
builds(Regularizer, nan_site=filled(lambda value, site, noise: value * nan))
builds(Regularizer, flat_site=filled(lambda value, site, noise: value.flatten()))
builds(Regularizer, torn_site=filled(broken))
builds(Regularizer, flat_change=altered(lambda value: value.flatten()))
builds(Regularizer, nan_gradients=Regularization(modify_gradients=bad_gradients))
builds(Regularizer, nan_weights=Regularization(modify_weights=bad_weights))
builds(Loss, rows=lambda logits, targets: logits.sum(1))
builds(Loss, not_a_number=lambda logits, targets: logits.sum() * nan)
builds(Loss, detached=lambda logits, targets: logits.detach().sum())
builds(Loss, one_argument=lambda logits: logits.sum())
odd(Optimizer, "one_group", lambda *_: lambda groups: torch.optim.SGD(groups[0]["params"][:1]))
odd(Optimizer, "leaps", lambda *_: Leaps)
gives(ParameterGroups, nobody=[])
odd(ParameterGroups, "spoils", lambda *_: lambda names: [ParameterGroup(names, lambda _: nan)])
gives(Schedule, not_a_number=nan, negative=-0.1)
builds(DecodingPolicy, short=policy(lambda f: f._replace(logits=f.logits[1:])))
builds(DecodingPolicy, narrow=policy(lambda f: f._replace(logits=f.logits[:, :5])))
builds(DecodingPolicy, not_a_number=policy(lambda f: f._replace(logits=f.logits * nan)))
gives(Decay, above_one=1.5, not_a_number=nan)
odd(Averaging, "nameless", lambda *_: Keeps(lambda weights: {}))
odd(Averaging, "not_a_number", lambda *_: Keeps(lambda w: {n: t * nan for n, t in w.items()}))
odd(Generation, "beyond", lambda *_: lambda model, source, sentences: [[99999]] * len(sentences))
odd(Generation, "twice", lambda *_: lambda model, source, sentences: [[4]] * (2 * len(sentences)))
odd(Generation, "texts", lambda *_: lambda model, source, sentences: ["four"] * len(sentences))
gives(Metric, not_a_number=Score(nan, ""), a_number=1.0)
odd(Executor, "jobless", lambda *_, **__: Jobless())
odd(Executor, "lazy", lambda *_, **__: Lazy())
for hook in OFFERS:
    exec(f"@hookimpl\\ndef {hook}(): return OFFERS[{hook!r}]")
'''

NAN = "the first that is not finite: "
SHOWN = ("figures", "trackers", "executor", "metrics")  # which a run knows nothing of
BROKEN = {
    "dataset": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must return a Corpus, got NoneType",
        "empty": "train must be some pairs of text, got []",
        "rubbish": "train must hold pairs of text, got ('a', 'b')",
    },
    "tokenizer": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must return a Codecs, got NoneType",
        "beyond": "must give a list of numbers from 3 to",
        "texts": "must give a list of numbers from 3 to",
        "mute": "decode must give text, got None",
    },
    "model": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must return a SequenceModel, got NoneType",
        "torn": "raised KeyError: 'odd' (faulty.py, line",
    },
    "normalization": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "raised TypeError: 'NoneType' object is not callable",
        "halves": "makes (2, 3, 8) of (2, 3, 16)",
    },
    "feed_forward": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "raised AttributeError: 'NoneType' object has no attribute 'shape'",
        "builds_none": "raised TypeError: 'NoneType' object is not callable",
    },
    "positions": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must build a PlaceCode, got NoneType",
    },
    "initializer": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "raised TypeError: 'NoneType' object is not callable",
        "spoils": "source_embedding.weight must be finite, and is not",
    },
    "regularizers": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must return a Regularization, got NoneType",
        "no_sum": "must return one summed number, got shape",
        "nan_penalty": f"at update 1; {NAN}the penalty of regularizer nan_penalty",
        "nan_site": f"at update 1; {NAN}what regularizer nan_site does at a site",
        "flat_site": "site encoder.embedding must give shape",
        "torn_site": "raised KeyError: 'odd' (faulty.py, line",
        "flat_change": "site encoder.embedding must give shape",
        "nan_gradients": "the gradients are not finite after regularizer nan_gradients changed",
        "nan_weights": "the weights are not finite after regularizer nan_weights changed",
    },
    "loss": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return a tensor, got None",
        "builds_none": "raised TypeError: 'NoneType' object is not callable",
        "rows": "must return one summed number, got shape",
        "not_a_number": f"at update 1; {NAN}loss not_a_number, from finite logits",
        "detached": "the loss has no gradient",
        "one_argument": "takes 1 positional argument but 2 were given",
    },
    "optimizer": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return an Optimizer, got NoneType",
        "one_group": "must keep the parameter groups unchanged",
        "leaps": f"at update 2; {NAN}weights after a step of optimizer leaps",
    },
    "parameter_groups": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return a list of ParameterGroup, got None",
        "nobody": "every trained parameter must be in exactly one group",
        "spoils": "a multiple at update 1 must be a number at least 0, got nan",
    },
    "schedule": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "the rate at update 1 must be a number at least 0, got None",
        "not_a_number": "the rate at update 1 must be a number at least 0, got nan",
        "negative": "the rate at update 1 must be a number at least 0, got -0.1",
    },
    "decoding_policy": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return a Prediction, got NoneType",
        "short": "target tokens, so logits must have shape",
        "narrow": "target tokens, so logits must have shape",
        "not_a_number": f"at update 1; {NAN}the logits of decoding policy not_a_number",
    },
    "decay": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "at update 1 must be a number from 0 to 1, got None",
        "above_one": "at update 1 must be a number from 0 to 1, got 1.5",
        "not_a_number": "at update 1 must be a number from 0 to 1, got nan",
    },
    "averaging": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must return an Averager, got NoneType",
        "nameless": "weights() must have source_embedding.weight of shape",
        "not_a_number": "after update 2: the weights that averaging not_a_number gives are not",
    },
    "generation": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "no list of translations",
        "beyond": "a translation must be a list of numbers from 0 to",
        "twice": "translations of",
        "texts": "a translation must be a list of numbers from 0 to",
    },
    "metrics": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return a Score, got NoneType",
        "not_a_number": "the score must be a finite number, got nan",
        "a_number": "must return a Score, got float",
    },
    "figures": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "gives_none": "must return a matplotlib Figure, got None",
    },
    "trackers": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must build a Tracking, got NoneType",
    },
    "executor": {
        "raises": "raised KeyError: 'odd' (faulty.py, line",
        "builds_none": "must build Jobs, got NoneType",
        "jobless": "capacity must be at least 1, got 0",
        "lazy": "poll() must return runs under way, got ('nowhere', 0)",
    },
}
CASES = [(slot, name, fault) for slot, faults in BROKEN.items() for name, fault in faults.items()]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("strangers") / "faulty.py"
    path.write_text(FAULTY)
    yield path
    sys.modules.pop("harness_plugin_faulty", None)


@pytest.fixture(scope="module")
def plugins(file: Path) -> Plugins:
    return discover([file])


def carried_out(plugins: Plugins, *, slot: str, name: str) -> str:
    """Train and decode with a component in its slot; what was said of it."""
    component: Any = Checker(Catalog.of(plugins)).component(name, slot=slot)
    budget = replace(BUDGET, updates=2, evaluate_every=2)
    changes: dict[str, Any] = {slot: component}
    if slot == "regularizers":
        changes = {slot: {name: component}}
    elif slot in {"normalization", "feed_forward", "positions"}:
        changes = {"model": replace(experiment().model, **{slot: component})}
    elif slot == "decay":
        changes = {"decoding_policy": replace(sampled(1.0, 1.0), decay=component)}
    choices = experiment(budget=budget, **changes)
    try:
        with naming_plugins(plugins):
            parts = assemble(choices, seed=1)
            list(train(parts))
            translate(parts, pairs=parts.task.test, of=choices.generation)
    except PluginError as error:
        return str(error)
    except Diverged as fault:
        return divergence_reason(fault, plugins=plugins)
    pytest.fail("nobody noticed")


@pytest.mark.parametrize(
    ("slot", "name", "fault"),
    [case for case in CASES if case[0] not in SHOWN],
    ids=lambda source: source[:20],
)
def test_what_breaks_in_a_run_is_said_with_plugin_hook_and_component(
    slot: str, name: str, fault: str, plugins: Plugins, file: Path
) -> None:
    said = carried_out(plugins, slot=slot, name=name)
    component = Checker(Catalog.of(plugins)).catalog.find(name, slot=slot)
    assert f"plugin {file}, hook {component.hook}" in said
    assert fault in said
    assert name in said
    assert "\n" not in said


def studied(tmp_path: Path, file: Path, **keys: str) -> Path:
    """A study of nothing but its parts that are not a run's."""
    text = "".join(
        line
        for line in TINY.splitlines(keepends=True)
        if line.partition(":")[0] not in {"metrics", "figures", "trackers"}
    )
    given = {"metrics": "[]", "figures": "[]", "trackers": "[]", **keys}
    more = "".join(f"{key}: {value}\n" for key, value in given.items())
    path = tmp_path / "tiny.yaml"
    path.write_text(f"plugins: ['{file}']\n{text}{more}")
    return path


@pytest.mark.parametrize("name", BROKEN["executor"])
def test_an_executor_that_breaks_ends_the_study_in_one_line(
    name: str, tmp_path: Path, file: Path
) -> None:
    path = studied(tmp_path, file, executor=name)
    with pytest.raises(PluginError) as error:
        pipeline.run_study(path, out=tmp_path / "results", seeds=1, jobs=1)
    said = f"plugin {file}, hook harness_executors: executor {name}: "
    assert str(error.value).startswith(said + BROKEN["executor"][name])


def test_metrics_figures_and_trackers_that_break_are_named_and_leave_the_rest(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {slot: ", ".join(BROKEN[slot]) for slot in ("metrics", "figures", "trackers")}
    keys = {slot: f"[{'exact_match, ' * (slot == 'metrics')}{n}]" for slot, n in keys.items()}
    path = studied(tmp_path, file, **keys)
    summary = pipeline.run_study(path, out=tmp_path / "results", seeds=2, jobs=2)
    warned = capsys.readouterr().err
    for slot, said in {"metrics": summary.text, "figures": warned, "trackers": warned}.items():
        for name, fault in BROKEN[slot].items():
            lines = [line for line in said.splitlines() if f" {name}: " in line]
            assert any(
                f"plugin {file}, hook harness_{slot}: " in line and fault in line for line in lines
            ), (slot, name, said)
    assert summary.failed
    report = (tmp_path / "results" / "tiny" / "report.md").read_text()
    assert "exact_match" in report
    assert "Not scored:" in report
    assert "\nno-dropout  " in summary.text


def test_every_slot_has_its_faults() -> None:
    assert set(BROKEN) == set(SLOTS)
