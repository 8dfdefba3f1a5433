"""A study loaded from its file, or a `StudyError` with all of the file's faults."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from annotated_types import Ge, Le, MinLen

from harness.components import Executor, Figure, Tracker
from harness.components.metric import StudyMetric
from harness.components.options import NonNegativeInt
from harness.errors import Fault, PluginError, StudyError
from harness.loading.faults import Faults
from harness.loading.names import name_fault
from harness.loading.pretraining import find_pretraining, pretraining_names
from harness.loading.study_rules import study_faults
from harness.loading.tuning import Candidate, candidates
from harness.loading.validation import Checker
from harness.loading.validation_errors import DataFault, InvalidData
from harness.loading.variants import experiments
from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import entries, plain_data, yaml_faults
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover, register_file
from harness.registry.option_types import shown
from harness.study.experiment import Experiment
from harness.study.values import Comparison, Stopping, Study, Tuning, TuningOptions

_FIRST_TRIAL = 1_000_001  # a seed far above those that studies use
_DEFAULTS = {"executor": "local", "trackers": ["mlflow"]}
# By default, those of them that are installed and apply to the study's design.
_FIGURES = ("forest", "trend", "interactions", "learning_curves", "slopes", "cost")
FILLED_IN = (*_DEFAULTS, "figures")  # keys that a file may leave out
_ONLY_WITH = {"trend": "grid", "interactions": "factors"}


@dataclass(frozen=True, kw_only=True)
class StudyKeys:
    """The keys of a study; its experiments are checked separately, by `variants.experiments`."""

    __pydantic_config__: ClassVar[Any] = Comparison.__pydantic_config__

    question: Annotated[str, MinLen(1)]
    baseline: Mapping[str, Any]
    variants: Annotated[Mapping[str, Any], MinLen(1)] | None = None
    grid: Annotated[Mapping[str, Annotated[tuple[Any, ...], MinLen(1)]], MinLen(1)] | None = None
    factors: (
        Annotated[Mapping[str, Annotated[Mapping[str, Mapping[str, Any]], MinLen(1)]], MinLen(2)]
        | None
    ) = None
    seeds: (
        Annotated[int, Ge(1), Le(1000)]
        | Annotated[tuple[NonNegativeInt, ...], MinLen(1)]
        | Stopping
    )
    metrics: tuple[StudyMetric, ...] = ()
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...]
    compare: Comparison = field(default_factory=Comparison)
    tune: TuningOptions | None = None
    executor: Executor
    trackers: tuple[Tracker, ...]
    plugins: tuple[str, ...] = ()


def load(
    path: Path, *, seeds: int | None = None, plugins: Plugins | None = None
) -> tuple[Study, Plugins]:
    """The study in a file, and the plugins that it may use, its own files among them.

    `seeds`, if given, replaces the study's own seeds by 1 to `seeds`. Raises `StudyError` with
    every fault of the file.
    """
    faults = Faults(path)
    root = _root(path, faults=faults)
    plugins = plugins or discover()
    # Before anything is checked, since any key may name a component of these files.
    files = _register_files(root, path=path, plugins=plugins, faults=faults)
    checker = Checker(
        Catalog.of(plugins),
        partial(_find_file, folder=path.parent),
        partial(find_pretraining, among=pretraining_names(root)),
    )
    for complaint in checker.catalog.complaints:
        if complaint.plugin in files:
            faults.add(str(complaint), at=files[complaint.plugin])
    variants, design, pretraining = experiments(root, checker=checker, faults=faults)
    tune = _node(root, key="tune")
    trials = [*candidates(tune, variants=variants, checker=checker, faults=faults)]
    top = _top(root, checker=checker, faults=faults)
    chosen = top.seeds if seeds is None else seeds
    study = Study(
        name=path.stem,
        path=path,
        question=top.question.strip(),
        variants=variants,
        design=replace(design, looks=chosen.looks if isinstance(chosen, Stopping) else ()),
        seeds=_seeds(chosen),
        metrics=top.metrics,
        figures=top.figures,
        compare=top.compare,
        executor=top.executor,
        trackers=top.trackers,
        plugins=tuple(Path(file).absolute() for file in files),
        pretraining=pretraining,
        tuning=_tuning(top.tune, trials=trials, seeds=_seeds(chosen)),
    )
    return study, plugins


def _node(root: yaml.Node, *, key: str) -> yaml.Node | None:
    entry = entries(root).get(key)
    return entry.value if entry else None


def _tuning(
    options: TuningOptions | None, *, trials: Sequence[Candidate], seeds: Sequence[int]
) -> Tuning | None:
    """The candidates by variant and value, and seeds that the study does not use itself."""
    if options is None:
        return None
    by_variant: dict[str, dict[str, Experiment]] = {}
    for variant, value, experiment in trials:
        by_variant.setdefault(variant, {})[value] = experiment
    free = (seed for seed in itertools.count(_FIRST_TRIAL) if seed not in seeds)
    (option,) = options.grid
    return Tuning(
        option=option, candidates=by_variant, seeds=tuple(itertools.islice(free, options.seeds))
    )


def study_error(path: Path, *, faults: Sequence[DataFault]) -> StudyError:
    """Faults that show only once a study's variants are built, as one error with their places."""
    placed = Faults(path)
    # Read again, because a study as a value no longer knows its places.
    placed.add_data(faults, root=read_yaml(path))
    return placed.error()


def plugins_for(path: Path) -> Plugins:
    """The installed plugins and those that a study names as files; other faults are ignored."""
    faults = Faults(path)
    plugins = discover()
    _register_files(read_yaml(path), path=path, plugins=plugins, faults=faults)
    faults.raise_any()
    return plugins


def _root(path: Path, *, faults: Faults) -> yaml.MappingNode:
    """The study as YAML, faults of its keys added; raises `StudyError` if it is not a mapping."""
    root = read_yaml(path)
    fault = name_fault(path.stem)
    if path.stem == "runs":
        fault = "'runs' is reserved for the folder of all runs; choose another name"
    if fault:
        raise StudyError([Fault(str(path), fault)])
    faults.add_yaml(yaml_faults(root))
    if isinstance(root, yaml.MappingNode):
        return root
    faults.add(f"a study must be a mapping, got {shown(plain_data(root))}", at=root.start_mark)
    raise faults.error()


def _register_files(
    root: yaml.Node, *, path: Path, plugins: Plugins, faults: Faults
) -> Mapping[str, yaml.Mark]:
    """The files that a study names as plugins, each with its place."""
    files: dict[str, yaml.Mark] = {}
    entry = entries(root).get("plugins")
    nodes = entry.value.value if entry and isinstance(entry.value, yaml.SequenceNode) else []
    for node in nodes:
        file = plain_data(node)
        if not isinstance(file, str):
            continue  # `_top` reports it
        try:
            register_file(plugins, path=path.parent / file)
        except PluginError as error:
            faults.add(str(error), at=node.start_mark)
        files.setdefault(str(path.parent / file), node.start_mark)
    return files


def _find_file(name: str, *, folder: Path) -> str:
    """The absolute path of a text file that an option names; raises `ValueError` if missing."""
    path = folder / name
    with suppress(OSError):  # for a name longer than the system allows
        if path.is_file():
            return str(path.absolute())
    raise ValueError(f"no such file: {path}")


def _top(root: yaml.Node, *, checker: Checker, faults: Faults) -> StudyKeys:
    """The study's keys, checked; raises `StudyError` if there is any fault, here or before."""
    offered = checker.catalog.offers[Figure.slot]
    study = plain_data(root)
    figures = [
        name
        for name in _FIGURES
        if name in offered and (name not in _ONLY_WITH or study.get(_ONLY_WITH[name]) is not None)
    ]
    data = {**_DEFAULTS, "figures": figures, **study}
    faults.add_data(study_faults(data), root=root)
    if isinstance(data.get("seeds"), Mapping):
        data |= {"seeds": _stopping(data["seeds"], checker=checker, root=root, faults=faults)}
    try:
        top = checker.options(data, of=StudyKeys, owner="a study")
    except InvalidData as invalid:
        faults.add_data(invalid.faults, root=root)
        raise faults.error() from None
    faults.raise_any()
    return top


def _stopping(
    data: Mapping[str, Any], *, checker: Checker, root: yaml.Node, faults: Faults
) -> object:
    """Seeds that stop themselves, checked apart: within a union, a fault would lose its place."""
    try:
        checker.options(data, of=Stopping, owner="seeds")
    except InvalidData as invalid:
        faults.add_data(invalid.under("seeds").faults, root=root)
        return 1  # any valid value, so that `seeds` is not reported twice
    return data


def _seeds(seeds: int | tuple[int, ...] | Stopping) -> tuple[int, ...]:
    if isinstance(seeds, Stopping):
        return tuple(range(1, seeds.most + 1))
    return tuple(range(1, seeds + 1)) if isinstance(seeds, int) else seeds
