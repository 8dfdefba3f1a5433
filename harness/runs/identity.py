"""What a run is: two runs with one digest would give the same bits, so one of them is enough.

Options with their defaults, seed, content of corpora, source of the code that trains, and the
versions and settings that move results. Names, paths, jobs and metrics are no part of it.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.components import BASES, Component
from harness.components.options import TextFile
from harness.registry.discovery import Plugins, wrappers
from harness.registry.serialization import Substitution, leaves, resolved
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment

Identity = Mapping[str, Any]

_TRAINING = ("harness.training.loop", "harness.training.checkpoint")
_EVALUATION = ("harness.training.evaluation",)

# Their versions decide nothing, as they only annotate, or have a place of their own.
_SAID = frozenset({"annotated_types", "jaxtyping", "pydantic", "torch"})

# Imported by what trains, but without any part in the bits that come out.
_APART = frozenset(
    {
        "harness.registry.attribution",
        "harness.components.executor",
        "harness.components.metric",
        "harness.contracts.design",
        "harness.contracts.results",
        "harness.errors",
    }
)


def training_identity(
    experiment: Experiment, *, seed: int, plugins: Plugins, trained: Substitution = str
) -> Identity:
    """What decides the bits of a run's training, as JSON; how it decodes is not in it.

    `plugins` count where they implement `harness_run`: what is wrapped around a run may change it.
    `trained` says what stands for a trained run: the digest of it.
    """
    choices = dict(resolved_experiment(experiment, file=content_digest, trained=trained))
    del choices["generation"]
    training = [
        getattr(experiment, field.name)
        for field in fields(experiment)
        if field.name != "generation"
    ]
    parts = [value for value in leaves(training) if isinstance(value, Component)]
    return {
        "experiment": choices,
        "seed": seed,
        "code": _code(parts, core=_TRAINING, around=wrappers(plugins)),
        "torch": version("torch"),
    }


def evaluation_identity(
    experiment: Experiment, *, training: str, split: str, trained: Substitution = str
) -> Identity:
    """What decides the bits of one decoding of a trained run, as JSON."""
    return {
        "training": training,
        "generation": resolved(experiment.generation, file=content_digest, trained=trained),
        "split": split,
        "code": _code([experiment.generation], core=_EVALUATION, around=()),
    }


def digest(identity: Identity) -> str:
    """SHA-256 of the canonical JSON of an identity, in hexadecimal."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def content_digest(path: str) -> str:
    """SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def text_files(experiment: Experiment) -> list[str]:
    """Where the files are that an experiment reads."""
    return [value for value in leaves(experiment) if isinstance(value, TextFile)]


def _code(
    parts: Sequence[Component], *, core: Sequence[str], around: Sequence[str]
) -> dict[str, str]:
    bases = {base for part in parts for base in type(part).__mro__ if base not in BASES}
    modules = {base.__module__ for base in bases if issubclass(base, Component)}
    modules = (modules | set(around)) - {Component.__module__}
    versions = {pair for module in modules for pair in versions_behind(module).items()}
    return {
        "harness": source_digest(*core),
        **{module: source_digest(module) for module in sorted(modules)},
        **{library: each for library, each in sorted(versions) if library not in _SAID},
    }


@cache
def source_digest(*modules: str) -> str:
    """SHA-256 over modules and all that they import of their own package.

    Comments, layout and docstrings do not count: what is hashed is the syntax tree.
    """
    trees = _trees(modules)
    found = {name: hashlib.sha256(ast.dump(trees[name]).encode()).hexdigest() for name in trees}
    return digest(found)[:16]


@cache
def versions_behind(module: str) -> dict[str, str]:
    """The versions of what others wrote and a module imports, it or its own package's parts."""
    names = {name for tree in _trees([module]).values() for name in _foreign(tree)}
    names -= {module.split(".", maxsplit=1)[0], "harness", *sys.stdlib_module_names}
    found = {}
    for name in sorted(names):
        with suppress(PackageNotFoundError):  # its distribution may have another name
            found[name] = version(name)
    return found


def _trees(modules: Sequence[str]) -> dict[str, ast.Module]:
    """Modules and all that they import of their own package, without docstrings."""
    found: dict[str, ast.Module] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and module not in _APART and (path := _source(module)):
            tree = found[module] = _without_docstrings(ast.parse(path.read_bytes()))
            waiting += _imports(tree, module=module, is_package=path.name == "__init__.py")
    return found


def _foreign(tree: ast.Module) -> Iterator[str]:
    """The top-level packages that a module imports by their full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".", maxsplit=1)[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".", maxsplit=1)[0]


def _source(module: str) -> Path | None:
    """Where a module's source is, found without importing it or its package."""
    loaded = sys.modules.get(module)
    if loaded is not None and getattr(loaded, "__file__", None):
        return Path(str(loaded.__file__))
    package, *names = module.split(".")
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        stem = Path(folder, *names)
        for path in (stem / "__init__.py", stem.with_suffix(".py")):
            if path.is_file():
                return path
    return None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree


def _imports(tree: ast.Module, *, module: str, is_package: bool) -> Iterator[str]:
    """The modules of the same top-level package that a module may import."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (
            name for name in names if name.split(".")[0] == module.split(".", maxsplit=1)[0]
        )
