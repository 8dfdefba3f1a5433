"""The identity of a run: runs with equal digests would give equal bits, so one of them is enough.

It covers options with their defaults, the seed, the content of corpora, the source of the code that
trains, and versions and settings that move results. Names, paths, jobs and metrics are no part.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from harness.components import BASES, Component, Dataset
from harness.components.options import TextFile
from harness.errors import HarnessError
from harness.registry.discovery import Plugins, wrappers
from harness.registry.serialization import Substitution, leaves, resolved
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment

Identity = Mapping[str, Any]

# The loop, and with checkpoints the settings of torch that a run starts under. Not the worker, and
# not the loader of other runs: which run a variant starts from is an option, its digest; which
# weights a run leaves is decided in `training.evaluation`, what becomes of them in `assembly`.
TRAINING = ("harness.training.loop", "harness.training.checkpoint")
EVALUATION = ("harness.training.evaluation",)
RANKS = "harness.training.ranks"  # of runs that it decides; others have the bits of the loop

# Libraries without a part in `versions_behind`: the first three only annotate options and tensors,
# and the version of torch has a key of its own in the identity.
_UNVERSIONED = frozenset({"annotated_types", "jaxtyping", "pydantic", "torch"})

# Modules that the code of training imports and that decide no bits; nothing that they import is
# followed either. Listing a module here wrongly reuses runs that are not equal, and not listing one
# only trains again: when in doubt, do not list it. Guards are not listed: they call what components
# built, and pass on what it returns.
APART = frozenset(
    {
        # Checks of values: each refuses a value or returns it, and changes no bits of what passes.
        "harness.training.contract_checks",
        "harness.study.model_size",
        # Messages: which component, and which plugin, is at fault, also in a run that diverged.
        "harness.errors",
        "harness.registry.attribution",
        "harness.training.diagnosis",
        # Slots that act on the numbers of a run, or carry it out, and make none.
        "harness.components.executor",
        "harness.components.figure",
        "harness.components.metric",
        "harness.components.tracker",
        # Records of results and of a study's design; names as figures show them.
        "harness.contracts.course",
        "harness.contracts.design",
        "harness.contracts.records",
        "harness.contracts.results",
        "harness.contracts.short_names",
        # The format on disk, which is the same whatever the numbers are.
        "harness.files",
        "harness.notices",
    }
)

# The package's front offers names to Python, imports for them what stands above all training, and
# decides no bits. It counts as the empty module that it once was: runs of that time keep theirs.
FRONT = "harness"


def training_identity(
    experiment: Experiment, *, seed: int, plugins: Plugins, trained: Substitution = str
) -> Identity:
    """All that decides the bits of a run's training, as JSON data; decoding is no part of it.

    `plugins` count where they implement `harness_run`: code wrapped around a run may change it.
    `trained` maps the name of a trained run to its digest.
    """
    choices = dict(resolved_experiment(experiment, file=content_digest, trained=trained))
    # Variants that differ in their decoding alone share one training.
    del choices["generation"]
    choices["dataset"] = _without_analysis(choices["dataset"], of=experiment.dataset)
    if not (inexact := experiment.budget.parallel.decides_bits):  # the bits are those of one
        del choices["budget"]["parallel"]
    names = {field.name for field in fields(experiment)} - {"generation"}
    training = [getattr(experiment, name) for name in names]
    parts = [value for value in leaves(training) if isinstance(value, Component)]
    return {
        "experiment": choices,
        "seed": seed,
        "code": _code(parts, core=TRAINING, around=wrappers(plugins))
        | ({RANKS: source_digest(RANKS)} if inexact else {}),
        # From the package's metadata: to import torch takes seconds, which a plan need not spend.
        "torch": version("torch"),
    }


def corpus_identity(experiment: Experiment, *, sides: object = None) -> Identity:
    """All that decides a corpus as tokens, whose vocabulary is its own unless `sides` store it."""
    dataset, tokenizer = experiment.dataset, experiment.tokenizer
    return {
        "dataset": _without_analysis(resolved(dataset, file=content_digest), of=dataset),
        "tokenizer": resolved(tokenizer, file=content_digest),
        "vocabulary": None if sides is None else digest({"sides": sides}),
        # Of all that trains, although less would do: a run has computed that already.
        "code": _code([dataset, tokenizer], core=TRAINING, around=()),
    }


def evaluation_identity(
    experiment: Experiment, *, training: str, split: str, trained: Substitution = str
) -> Identity:
    """All that decides the bits of one decoding of a trained run, as JSON data."""
    return {
        "training": training,
        "generation": resolved(experiment.generation, file=content_digest, trained=trained),
        "split": split,
        # What is wrapped around the run is covered by the digest of the training already.
        "code": _code([experiment.generation], core=EVALUATION, around=()),
    }


def _without_analysis(choice: Mapping[str, Any], *, of: Dataset) -> Mapping[str, Any]:
    options = dict(choice[of.name])
    for option in of.of_analysis:
        del options[option]
    return {of.name: options}


def digest(identity: Identity) -> str:
    """SHA-256 of the canonical JSON of an identity, in hexadecimal.

    The order of keys makes no difference, but for regularizers, which act in theirs.
    """
    canonical = dict(identity)
    experiment = identity.get("experiment", {})
    if "regularizers" in experiment:
        in_order = [*experiment["regularizers"].items()]
        canonical["experiment"] = {**experiment, "regularizers": in_order}
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def content_digest(path: str) -> str:
    """SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def text_files(experiment: Experiment) -> list[str]:
    """The paths of the text files that an experiment reads."""
    return [value for value in leaves(experiment) if isinstance(value, TextFile)]


def _code(
    parts: Sequence[Component], *, core: Sequence[str], around: Sequence[str]
) -> dict[str, str]:
    bases = {base for part in parts for base in type(part).__mro__ if base not in BASES}
    modules = {base.__module__ for base in bases if issubclass(base, Component)}
    # The package's own count with the core: what it imports for other slots decides nothing here.
    modules = {module for module in modules | set(around) if not module.startswith("harness.")}
    versions = {pair for module in modules for pair in versions_behind(module).items()}
    return {
        "harness": source_digest(*core),
        **{module: source_digest(module) for module in sorted(modules)},
        **{library: number for library, number in sorted(versions) if library not in _UNVERSIONED},
    }


@cache
def source_digest(*modules: str) -> str:
    """SHA-256 over the source of modules and of their closure, shortened to 16 digits.

    Comments, layout and docstrings do not count: the syntax tree is hashed. Raises `HarnessError`
    for a module without a file.
    """
    trees = _trees(modules)
    digests = {name: hashlib.sha256(ast.dump(trees[name]).encode()).hexdigest() for name in trees}
    return digest(digests)[:16]


def closure(*modules: str) -> list[str]:
    """The names of modules and of all that they import of their own package, but for `APART`."""
    return sorted(_trees(modules))


@cache
def versions_behind(module: str) -> dict[str, str]:
    """The versions of the libraries that a module and its closure import, by distribution.

    A package that several distributions share, as ``google`` is, counts with all of them.
    """
    names = {name for tree in _trees([module]).values() for name in _foreign(tree)}
    names -= {module.split(".", maxsplit=1)[0], "harness", *sys.stdlib_module_names}
    versions: dict[str, str] = {}
    for name in sorted(names):
        # By its own name first: it is what runs are recorded with, and needs no list of packages.
        versions |= _versions([name]) or _versions(_distributions().get(name, ()))
    return versions


def _versions(distributions: Iterable[str]) -> dict[str, str]:
    """The versions of the distributions that are installed."""
    versions = {}
    for name in distributions:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    """The distributions that have a top-level package, such as PyYAML for ``yaml``."""
    return packages_distributions()  # cached, since it reads the files of all that is installed


def _trees(modules: Sequence[str]) -> dict[str, ast.Module]:
    """The syntax of modules and of their closure, without docstrings."""
    for module in modules:
        # A name that finds nothing would silently take its code out of every digest.
        if _file(module) is None:
            fault = "no source file is found, and a run's identity covers the code that decides it"
            raise HarnessError(f"module {module}: {fault}; install it as files, or mend the name")
    trees: dict[str, ast.Module] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        # Of what is imported, a name without a file is no module but something defined in one.
        if module not in trees and module not in APART and (path := _file(module)):
            tree = trees[module] = ast.Module([], []) if module == FRONT else _syntax(path)
            is_package = path.name.startswith("__init__.")
            waiting += _imports(tree, module=module, is_package=is_package)
    return trees


def _syntax(path: Path) -> ast.Module:
    """The syntax tree of a module; of a compiled one, a tree that has the digest of its bytes."""
    if path.suffix == ".py":
        return _without_docstrings(ast.parse(path.read_bytes()))
    return ast.parse(repr(content_digest(str(path))))


def _foreign(tree: ast.Module) -> Iterator[str]:
    """The top-level packages that a module imports by their full name."""
    for node in ast.walk(tree):  # imports within functions too
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".", maxsplit=1)[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".", maxsplit=1)[0]


def _file(module: str) -> Path | None:
    """The file of a module, found without importing the module or its package."""
    loaded = sys.modules.get(module)
    if loaded is not None and getattr(loaded, "__file__", None):
        return Path(str(loaded.__file__))
    package, *names = module.split(".")
    # Only of the top: for a submodule, `find_spec` would import, and so execute, its package.
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        stem = Path(folder, *names)
        for suffix in importlib.machinery.all_suffixes():
            # A package before a module of its name, as `import` decides.
            for path in (stem / f"__init__{suffix}", stem.with_name(f"{stem.name}{suffix}")):
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
