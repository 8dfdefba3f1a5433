"""A study loaded from its file, or a `StudyError` with all of the file's faults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from annotated_types import Ge, Le, MaxLen, MinLen

from harness.components import Executor, Figure, Tracker
from harness.components.metric import StudyMetric
from harness.components.options import NonNegativeInt
from harness.errors import Fault, PluginError, StudyError
from harness.loading.chosen_model import models_of
from harness.loading.faults import Faults
from harness.loading.included_files import MOST_FILES
from harness.loading.merged_files import StudyNodes, merged_study, read_study
from harness.loading.names import study_name_fault
from harness.loading.pretraining import find_pretraining, pretraining_names
from harness.loading.study_rules import study_faults
from harness.loading.tuning import candidates, resolved_tuning
from harness.loading.validation import Checker
from harness.loading.validation_errors import DataFault, InvalidData
from harness.loading.variants import experiments
from harness.loading.written_paths import WrittenPaths
from harness.loading.yaml_nodes import entries, plain_data
from harness.notices import warn
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover, register_file
from harness.study.values import Comparison, Seeds, Stopping, Study, TuningOptions

MOST_RUNS = 20_000  # all variants with all seeds, pretraining and trials of tuning included
DEFAULTS = {"executor": "local", "trackers": ["mlflow"]}
# By default, those of them that are installed and apply to the study's design.
_FIGURES = ("forest", "trend", "interactions", "learning_curves", "slopes", "cost")
FILLED_IN = (*DEFAULTS, "figures")  # keys that a file may leave out
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
    datasets: Annotated[Mapping[str, Any], MinLen(1)] | None = None
    seeds: (
        Annotated[int, Ge(1), Le(1000)]
        | Annotated[tuple[NonNegativeInt, ...], MinLen(1), MaxLen(1000)]
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
    include: (
        Annotated[str, MinLen(1)]
        | Annotated[tuple[Annotated[str, MinLen(1)], ...], MinLen(1), MaxLen(MOST_FILES)]
        | None
    ) = None


def load(
    path: Path,
    *,
    seeds: Seeds | None = None,
    plugins: Plugins | None = None,
    plugin_files: bool = True,
) -> tuple[Study, Plugins]:
    """The study in a file, and the plugins that it may use, its own files among them.

    `seeds`, if given, replace the study's own; a number stands for 1 to that number. Without
    `plugin_files` they are left out, with a warning each. Raises `StudyError` with every fault of
    the file.
    """
    faults = Faults(path)
    nodes = _nodes(path, faults=faults)
    plugins = plugins or discover()
    # Before anything is checked, since any key may name a component of these files.
    files = _register_files(nodes.root, plugins=plugins, faults=faults, execute=plugin_files)
    catalog = Catalog.of(plugins)
    root = merged_study(nodes, models=models_of(catalog), faults=faults)
    paths = WrittenPaths.of(root if nodes.included else None, folder=path.parent)
    checker = _checker(root, paths=paths, catalog=catalog)
    for complaint in checker.catalog.complaints:
        if complaint.plugin in files:
            faults.add(str(complaint), at=files[complaint.plugin])
    variants, design, pretraining = experiments(root, checker=checker, faults=faults)
    tune = _node(root, key="tune")
    trials = [*candidates(tune, variants=variants, checker=checker, faults=faults)]
    top = _top(root, checker=checker, faults=faults)
    chosen = top.seeds if seeds is None else seeds
    names = [*variants, *pretraining]
    _refuse_many_runs(names, top=top, trials=trials, seeds=chosen, root=root, faults=faults)
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
        included=tuple(file.absolute() for file in nodes.included),
        pretraining=pretraining,
        tuning=resolved_tuning(top.tune, trials=trials, seeds=_seeds(chosen)),
    )
    return study, plugins


def _checker(root: yaml.Node, *, paths: WrittenPaths, catalog: Catalog) -> Checker:
    """A checker of this study's choices, with the files, runs and models that they may name."""
    find_start = partial(find_pretraining, among=pretraining_names(root))
    return Checker(catalog, paths.find_file, find_start, paths.find_model)


def _refuse_many_runs(
    names: Sized,
    *,
    top: StudyKeys,
    trials: Sized,
    seeds: Seeds | Stopping,
    root: yaml.Node,
    faults: Faults,
) -> None:
    """Raise `StudyError` for more runs than a study can have, before any of them is listed."""
    seed_count = len(_seeds(seeds))
    count = len(names) * seed_count
    if top.tune:
        count += len(trials) * top.tune.seeds * (1 if top.tune.choice == "once" else seed_count)
    if count > MOST_RUNS:
        tuned = ", trials of tuning included" if top.tune else ""
        fault = (
            f"{count} runs exceed the limit of {MOST_RUNS}: {len(names)} experiments with "
            f"{seed_count} seeds{tuned}; use fewer of them"
        )
        faults.add(fault, at=entries(root)["seeds"].key.start_mark)
        raise faults.error()


def _node(root: yaml.Node, *, key: str) -> yaml.Node | None:
    entry = entries(root).get(key)
    return entry.value if entry else None


def study_error(path: Path, *, faults: Sequence[DataFault]) -> StudyError:
    """Faults that show only once a study's variants are built, as one error with their places."""
    placed = Faults(path)
    placed.add_data(faults, root=written_study(path))
    return placed.error()


def written_study(path: Path) -> yaml.MappingNode:
    """A valid study read again, because as a value it no longer knows its places."""
    nodes, unplaced = read_study(path, faults=Faults(path)), Faults(path)
    # Without the study's plugin files, which are not to be executed twice; all that they could
    # change here is whether a key of `model` names one of theirs.
    models = models_of(Catalog.of(discover())) if nodes.included else {}
    return merged_study(nodes, models=models, faults=unplaced)


def plugins_for(path: Path, *, plugin_files: bool = True) -> Plugins:
    """The installed plugins and those that a study names as files; other faults are ignored.

    Without `plugin_files` those are left out, and each is a warning.
    """
    faults = Faults(path)
    plugins, nodes = discover(), read_study(path, faults=Faults(path))
    _register_files(nodes.root, plugins=plugins, faults=faults, execute=plugin_files)
    faults.raise_any()
    return plugins


def _nodes(path: Path, *, faults: Faults) -> StudyNodes:
    """The study as YAML, faults of its keys added; raises `StudyError` if it cannot be read."""
    nodes = read_study(path, faults=faults)
    if fault := study_name_fault(path.stem):
        raise StudyError([Fault(str(path), fault)])
    return nodes


def _register_files(
    root: yaml.Node, *, plugins: Plugins, faults: Faults, execute: bool
) -> Mapping[str, yaml.Mark]:
    """The files that a study names as plugins, each with its place; none if none is executed."""
    files: dict[str, yaml.Mark] = {}
    if not execute:
        _warn_of_files(root)
        return files
    named_in: dict[str, str] = {}
    for file, mark in _files(root):
        path = Path(mark.name).parent / file
        # Of two files of a study, each may name a plugin that both need.
        if named_in.setdefault(os.path.normpath(path), mark.name) != mark.name:
            continue
        try:
            register_file(plugins, path=path)
        except PluginError as error:
            faults.add(str(error), at=mark)
        files.setdefault(str(path), mark)
    return files


def _warn_of_files(root: yaml.Node) -> None:
    """Name the plugin files that are left out."""
    for file, mark in _files(root):
        place = f"{mark.name}:{mark.line + 1}:{mark.column + 1}"
        unknown = "what it defines is unknown here, and what it changes unchecked"
        path = Path(mark.name).parent / file
        warn(f"{place}: plugin {path}: not executed (--no-plugins); {unknown}")


def _files(root: yaml.Node) -> Iterator[tuple[str, yaml.Mark]]:
    """The names under `plugins`, with their places; `_top` reports those that are no text."""
    entry = entries(root).get("plugins")
    nodes = entry.value.value if entry and isinstance(entry.value, yaml.SequenceNode) else []
    for node in nodes:
        file = plain_data(node)
        if isinstance(file, str):
            yield file, node.start_mark


def _top(root: yaml.Node, *, checker: Checker, faults: Faults) -> StudyKeys:
    """The study's keys, checked; raises `StudyError` if there is any fault, here or before."""
    offered = checker.catalog.offers[Figure.slot]
    study = plain_data(root)
    figures = [
        name
        for name in _FIGURES
        if name in offered and (name not in _ONLY_WITH or study.get(_ONLY_WITH[name]) is not None)
    ]
    data = {**DEFAULTS, "figures": figures, **study}
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


def _seeds(seeds: Seeds | Stopping) -> tuple[int, ...]:
    if isinstance(seeds, Stopping):
        return tuple(range(1, seeds.most + 1))
    return tuple(range(1, seeds + 1)) if isinstance(seeds, int) else seeds
