from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from support.tiny_experiment import BUDGET, Counting, experiment, sampled

from harness.errors import HarnessError
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs import identity
from harness.runs.identity import (
    APART,
    EVALUATION,
    RANKS,
    TRAINING,
    closure,
    digest,
    evaluation_identity,
    source_digest,
    text_files,
    training_identity,
    versions_behind,
)
from harness.study.experiment import Parallel
from harness_decays.exponential import Exponential
from harness_decoding_policies.scheduled_sampling import ScheduledSampling
from harness_generations.greedy import Greedy
from harness_regularizers import ClipNorm, Dropout, GradientNoise
from harness_schedules.noam import Noam

PLAIN = discover()


def trained_as(**changes: object) -> str:
    seed = changes.pop("seed", 1)
    assert isinstance(seed, int)
    return digest(training_identity(experiment(**changes), seed=seed, plugins=PLAIN))


def test_a_digest_is_a_sha256_that_does_not_depend_on_order() -> None:
    assert digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})
    assert len(trained_as()) == 64


def test_the_order_of_regularizers_is_part_of_a_run() -> None:
    clip, noise = {"clip_norm": ClipNorm()}, {"gradient_noise": GradientNoise()}
    assert trained_as(regularizers=clip | noise) != trained_as(regularizers=noise | clip)
    rates = {"residual": 0.1, "embedding": 0.2}
    one, other = Dropout(rates=rates), Dropout(rates=dict(reversed(rates.items())))
    assert trained_as(regularizers={"dropout": one}) == trained_as(regularizers={"dropout": other})


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"replicate": 1},
        {"regularizers": {}},
        {"dataset": Counting(train=41)},
        {"budget": replace(BUDGET, threads=2)},
        {"budget": replace(BUDGET, precision="float64")},
        {"budget": replace(BUDGET, precision="bfloat16")},
        {"decoding_policy": sampled(1.0, 0.5)},
    ],
)
def test_what_moves_the_bits_moves_the_digest(change: dict[str, object]) -> None:
    assert trained_as(**change) != trained_as()


def test_the_number_of_processes_counts_where_it_decides_the_bits() -> None:
    def of(data: int, *, exact: bool) -> str:
        parallel = Parallel(data=data, exact=exact)
        return trained_as(budget=replace(BUDGET, accumulation=4, parallel=parallel))

    alone = trained_as(budget=replace(BUDGET, accumulation=4))
    assert {of(data, exact=True) for data in (1, 2, 4)} == {alone}
    assert of(1, exact=False) == alone
    assert len({alone, of(2, exact=False), of(4, exact=False)}) == 3


def test_the_code_that_adds_up_counts_where_it_decides_the_bits() -> None:
    def code(*, exact: bool) -> Mapping[str, str]:
        parallel = Parallel(data=2, exact=exact)
        budget = replace(BUDGET, accumulation=2, parallel=parallel)
        identity = training_identity(experiment(budget=budget), seed=1, plugins=PLAIN)
        return identity["code"]

    assert code(exact=False).keys() - code(exact=True).keys() == {RANKS}
    assert code(exact=False)["harness"] == code(exact=True)["harness"]


def test_an_option_of_a_nested_component_counts_and_so_does_its_code() -> None:
    linear, exponential = sampled(1.0, 0.5), ScheduledSampling(decay=Exponential(base=0.99))
    assert trained_as(decoding_policy=sampled(1.0, 0.4)) != trained_as(decoding_policy=linear)
    code = training_identity(experiment(decoding_policy=exponential), seed=1, plugins=PLAIN)["code"]
    assert "harness_decays.exponential" in code
    assert "harness_decays.linear" not in code


def test_decoding_is_no_part_of_training() -> None:
    longer = experiment(generation=Greedy(extra=9))
    assert trained_as(generation=Greedy(extra=9)) == trained_as()
    ours, theirs = (
        evaluation_identity(choices, training="t", split="test")
        for choices in (experiment(), longer)
    )
    assert digest(ours) != digest(theirs)
    assert (
        "harness_generations.greedy" not in training_identity(longer, seed=1, plugins=PLAIN)["code"]
    )


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "stranger"
    package.mkdir()
    (package / "__init__.py").write_text("from stranger.technique import RATE\n")
    (package / "technique.py").write_text('"""Old words."""\nfrom .table import RATE\n')
    (package / "table.py").write_text("RATE = 1  # a comment\n")
    (package / "unused.py").write_text("OTHER = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "stranger"]:
        del sys.modules[name]


def code_of(name: str) -> str:
    importlib.invalidate_caches()
    source_digest.cache_clear()
    return source_digest(name)


def test_a_technique_is_its_code_and_what_it_imports_of_its_package(stranger: Path) -> None:
    before = code_of("stranger.technique")
    (stranger / "unused.py").write_text("OTHER = 2\n")
    (stranger / "technique.py").write_text('"""New words."""\n\n\nfrom .table import RATE\n')
    (stranger / "table.py").write_text("RATE = 1\n")
    assert code_of("stranger.technique") == before
    (stranger / "table.py").write_text("RATE = 2\n")
    assert code_of("stranger.technique") != before


def test_a_compiled_module_counts_with_its_bytes(stranger: Path) -> None:
    (stranger / "technique.py").write_text("from .fast import RATE\n")
    compiled = stranger / f"fast{EXTENSION_SUFFIXES[0]}"
    compiled.write_bytes(b"\0one")
    identity.content_digest.cache_clear()
    before = code_of("stranger.technique")
    compiled.write_bytes(b"\0two")
    identity.content_digest.cache_clear()
    assert code_of("stranger.technique") != before


@pytest.mark.parametrize("name", ["stranger.renamed", "nowhere", "harness.training.train"])
def test_a_module_that_cannot_be_found_is_refused(stranger: Path, name: str) -> None:
    with pytest.raises(HarnessError, match=f"^module {name}: no source file is found"):
        code_of(name)
    with pytest.raises(HarnessError, match=f"^module {name}: no source file is found"):
        source_digest("harness.training.loop", name)


def test_every_module_that_is_named_in_a_string_exists() -> None:
    root = Path(identity.__file__).parents[1]
    named = {
        node.value
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"harness(\.\w+)+", node.value)
    }
    assert named > {*TRAINING, *EVALUATION, *APART}
    for name in sorted(named):
        assert closure(name) or name in APART


# A module that is added here makes all runs new that exist anywhere: does it decide their bits? If
# it does not, it belongs to `APART`, with the reason. One that goes missing was renamed, or runs
# that differ by it are taken for equal.
OF_EVALUATION = {
    "harness",
    "harness.components",
    "harness.components.architecture",
    "harness.components.averaging",
    "harness.components.component",
    "harness.components.dataset",
    "harness.components.decay",
    "harness.components.decoding_policy",
    "harness.components.feed_forward",
    "harness.components.generation",
    "harness.components.initializer",
    "harness.components.layer_norm",
    "harness.components.loss",
    "harness.components.normalization",
    "harness.components.optimizer",
    "harness.components.options",
    "harness.components.parameter_groups",
    "harness.components.positions",
    "harness.components.regularizer",
    "harness.components.relu",
    "harness.components.schedule",
    "harness.components.sinusoidal",
    "harness.components.tokenizer",
    "harness.components.transformer_options",
    "harness.contracts",
    "harness.contracts.built",
    "harness.contracts.model",
    "harness.contracts.scores",
    "harness.contracts.tensors",
    "harness.contracts.text",
    "harness.model",
    "harness.model.attention",
    "harness.model.autocast",
    "harness.model.cache",
    "harness.model.ensemble",
    "harness.model.layers",
    "harness.model.parts",
    "harness.model.projection",
    "harness.model.sequence_model",
    "harness.model.sites",
    "harness.prediction",
    "harness.registry.serialization",
    "harness.streams",
    "harness.study.experiment",
    "harness.training",
    "harness.training.assembly",
    "harness.training.batches",
    "harness.training.decoding_tally",
    "harness.training.divergence",
    "harness.training.encoding",
    "harness.training.evaluation",
    "harness.training.guarded_codec",
    "harness.training.guards",
    "harness.training.network",
    "harness.training.regularizer_guards",
    "harness.training.rewriting",
    "harness.training.task",
    "harness.training.token_rows",
}
OF_TRAINING = OF_EVALUATION | {
    "harness.training.checkpoint",
    "harness.training.gradient_norms",
    "harness.training.loop",
    "harness.training.objective",
}


@pytest.mark.parametrize(
    ("core", "expected"), [(TRAINING, OF_TRAINING), (EVALUATION, OF_EVALUATION)]
)
def test_the_code_of_the_core_that_decides_bits_is_known(
    core: tuple[str, ...], expected: set[str]
) -> None:
    assert set(closure(*core)) == expected


def test_what_the_package_offers_to_plugins_counts_with_the_core_alone() -> None:
    code = training_identity(experiment(), seed=1, plugins=PLAIN)["code"]
    assert [module for module in code if module.startswith("harness.")] == []
    # ... and with it no library that only other slots import.
    assert {"matplotlib", "scipy", "mlflow", "pydantic_core"}.isdisjoint(code)


def test_an_experiment_without_files_names_none() -> None:
    assert text_files(experiment()) == []


def test_a_component_is_also_the_code_that_it_inherits() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Twice(Noam):
        name = "twice"

    code = training_identity(experiment(schedule=Twice()), seed=1, plugins=PLAIN)["code"]
    assert "harness_schedules.noam" in code


@pytest.mark.parametrize(
    ("name", "library"), [("bpe", "tokenizers"), ("unigram", "tokenizers"), ("spacy", "spacy")]
)
def test_the_version_of_a_library_that_decides_is_part_of_a_run(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = Catalog.of(PLAIN).offers["tokenizer"][name][0].component()

    def code() -> dict[str, str]:
        versions_behind.cache_clear()
        return training_identity(experiment(tokenizer=tokenizer), seed=1, plugins=PLAIN)["code"]

    def install(number: str) -> None:
        """Only this library, and torch, which has a place of its own."""
        installed = {library: number, "torch": "2"}

        def found(name: str) -> str:
            if name not in installed:
                raise PackageNotFoundError(name)
            return installed[name]

        monkeypatch.setattr(identity, "version", found)

    install("3.1")
    before = code()
    install("3.2")
    assert set(code().items()) - set(before.items()) == {(library, "3.2")}
    others = {"spacy", "tokenizers"} - {library}
    monkeypatch.undo()
    assert others.isdisjoint(code())


AROUND = """
from harness.hookspecs import hookimpl

@hookimpl(wrapper=True)
def harness_run(run):
    return (yield)
"""

WATCHING = """
from harness.hookspecs import hookimpl

@hookimpl
def harness_run_ended(run):
    pass
"""


def test_what_is_wrapped_around_a_run_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "around.py").write_text(AROUND)
    (tmp_path / "watching.py").write_text(WATCHING)
    code = [
        training_identity(experiment(), seed=1, plugins=discover([tmp_path / file]))["code"]
        for file in ("around.py", "watching.py")
    ]
    assert len(code[0]) == len(code[1]) + 1
