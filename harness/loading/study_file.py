"""From a file to a study, or to everything that is wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from annotated_types import Ge, Le, MinLen

from harness.components import Executor, Figure, Metric, Tracker
from harness.components.options import NonNegativeInt
from harness.contracts import CORE_METRICS
from harness.errors import Fault, PluginError, StudyError
from harness.loading.faults import Faults
from harness.loading.names import name_fault
from harness.loading.pretraining import find_start, start_names
from harness.loading.tuning import Candidate, candidates
from harness.loading.validation import Checker
from harness.loading.validation_errors import Misfit, Misfits
from harness.loading.variants import experiments
from harness.loading.yaml_file import read
from harness.loading.yaml_nodes import entries, irregularities, plain
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover, register_file
from harness.registry.option_types import shown, suggestion
from harness.study.experiment import Experiment
from harness.study.values import Comparison, Stopping, Study, Tuning, TuningOptions

_FIRST_TRIAL = 1_000_001  # seed, far from those of studies
_DEFAULTS = {"executor": "local", "trackers": ["mlflow"]}
# Those of them that are installed, and that have something to show.
_FIGURES = ("forest", "trend", "interactions", "learning_curves", "slopes", "cost")
FILLED_IN = (*_DEFAULTS, "figures")  # keys that a file may leave out
_ONLY_WITH = {"trend": "grid", "interactions": "factors"}


@dataclass(frozen=True, kw_only=True)
class StudyKeys:
    """The keys of a study; what stands in its experiments is checked apart."""

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
    metrics: tuple[Metric, ...] = ()
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

    `seeds`, if given, stands for 1 to `seeds` in place of the study's own. Raises `StudyError` with
    every fault that there is.
    """
    faults = Faults(path)
    root = _root(path, faults=faults)
    plugins = plugins or discover()
    files = _register_files(root, path=path, plugins=plugins, faults=faults)
    checker = Checker(
        Catalog.of(plugins),
        partial(_find_file, folder=path.parent),
        partial(find_start, among=start_names(root)),
    )
    for complaint in checker.catalog.complaints:
        if complaint.plugin in files:
            faults.add(str(complaint), at=files[complaint.plugin])
    variants, design, pretraining = experiments(root, checker=checker, faults=faults)
    tried = [
        *candidates(_node(root, key="tune"), variants=variants, checker=checker, faults=faults)
    ]
    top = _top(root, checker=checker, faults=faults)
    wanted = top.seeds if seeds is None else seeds
    study = Study(
        name=path.stem,
        path=path,
        question=top.question.strip(),
        variants=variants,
        design=replace(design, looks=wanted.looks if isinstance(wanted, Stopping) else ()),
        seeds=_seeds(wanted),
        metrics=top.metrics,
        figures=top.figures,
        compare=top.compare,
        executor=top.executor,
        trackers=top.trackers,
        plugins=tuple(Path(file).absolute() for file in files),
        pretraining=pretraining,
        tuning=_tuning(top.tune, tried=tried, seeds=_seeds(wanted)),
    )
    return study, plugins


def _node(root: yaml.Node, *, key: str) -> yaml.Node | None:
    entry = entries(root).get(key)
    return entry.value if entry else None


def _tuning(
    options: TuningOptions | None, *, tried: Sequence[Candidate], seeds: Sequence[int]
) -> Tuning | None:
    """What is tried for whom, with seeds that are none of the study's."""
    if options is None:
        return None
    by_variant: dict[str, dict[str, Experiment]] = {}
    for variant, value, experiment in tried:
        by_variant.setdefault(variant, {})[value] = experiment
    free = (seed for seed in itertools.count(_FIRST_TRIAL) if seed not in seeds)
    (option,) = options.grid
    return Tuning(
        option=option, candidates=by_variant, seeds=tuple(itertools.islice(free, options.seeds))
    )


def refusal(path: Path, *, misfits: Sequence[Misfit]) -> StudyError:
    """Faults that show only once a study's variants are built, each with its place."""
    faults = Faults(path)
    faults.add_misfits(misfits, root=read(path))
    return faults.error()


def plugins_named_in(path: Path) -> Plugins:
    """The installed plugins and a study's own files, whatever else is wrong with the study."""
    faults = Faults(path)
    plugins = discover()
    _register_files(read(path), path=path, plugins=plugins, faults=faults)
    faults.raise_any()
    return plugins


def _root(path: Path, *, faults: Faults) -> yaml.MappingNode:
    """The study as YAML; faults of keys are added, and without a mapping there is no going on."""
    root = read(path)
    fault = name_fault(path.stem)
    if path.stem == "runs":
        fault = "'runs' is where all studies keep their runs; choose another name"
    if fault:
        raise StudyError([Fault(str(path), fault)])
    faults.add_irregular(irregularities(root))
    if isinstance(root, yaml.MappingNode):
        return root
    faults.add(f"a study must be a mapping, got {shown(plain(root))}", at=root.start_mark)
    raise faults.error()


def _register_files(
    root: yaml.Node, *, path: Path, plugins: Plugins, faults: Faults
) -> Mapping[str, yaml.Mark]:
    """The files that a study names as plugins, each with its place."""
    files: dict[str, yaml.Mark] = {}
    entry = entries(root).get("plugins")
    named = entry.value.value if entry and isinstance(entry.value, yaml.SequenceNode) else []
    for node in named:
        file = plain(node)
        if not isinstance(file, str):
            continue  # a fault of its own
        try:
            register_file(plugins, path=path.parent / file)
        except PluginError as error:
            faults.add(str(error), at=node.start_mark)
        files.setdefault(str(path.parent / file), node.start_mark)
    return files


def _find_file(name: str, *, folder: Path) -> str:
    """Where the text file is that an option names; raises `ValueError` when there is none."""
    path = folder / name
    with suppress(OSError):  # of a name longer than a system allows
        if path.is_file():
            return str(path.absolute())
    raise ValueError(f"no such file: {path}")


def _top(root: yaml.Node, *, checker: Checker, faults: Faults) -> StudyKeys:
    """The study apart from its experiments; raises `StudyError` if there is any fault at all."""
    offered = checker.catalog.offers[Figure.slot]
    given = plain(root)
    figures = [
        name
        for name in _FIGURES
        if name in offered and (name not in _ONLY_WITH or given.get(_ONLY_WITH[name]) is not None)
    ]
    data = {**_DEFAULTS, "figures": figures, **given}
    faults.add_misfits(_contradictions(data), root=root)
    if isinstance(data.get("seeds"), Mapping):
        data |= {"seeds": _stopping(data["seeds"], checker=checker, root=root, faults=faults)}
    try:
        top = checker.options(data, of=StudyKeys, owner="a study")
    except Misfits as found:
        faults.add_misfits(found.misfits, root=root)
        raise faults.error() from None
    faults.raise_any()
    return top


def _stopping(
    data: Mapping[str, Any], *, checker: Checker, root: yaml.Node, faults: Faults
) -> object:
    """Seeds that stop themselves, checked alone: in a choice of types, a fault has no place."""
    try:
        checker.options(data, of=Stopping, owner="seeds")
    except Misfits as found:
        faults.add_misfits(found.under("seeds").misfits, root=root)
        return 1
    return data


def _contradictions(data: Mapping[str, Any]) -> Iterator[Misfit]:
    """What no single option has wrong."""
    yield from _designs(data)
    metrics, seeds, compare = (data.get(name) for name in ("metrics", "seeds", "compare"))
    named, figures = _names(metrics), _names(data.get("figures"))
    yield from _repetitions(named, slot="metrics", word="metric")
    yield from _repetitions(figures, slot="figures", word="figure")
    yield from _repetitions(_names(data["trackers"]), slot="trackers", word="tracker")
    yield from _repetitions(seeds if isinstance(seeds, list) else [], slot="seeds", word="seed")
    if metrics is None or isinstance(metrics, list):
        possible = [*CORE_METRICS, *(name for name in named if name)]
        yield from _unknown_metrics(compare, possible=possible)


def _unknown_metrics(compare: Any, *, possible: Sequence[str]) -> Iterator[Misfit]:
    """The metrics that a comparison names and the study does not have."""
    if not isinstance(compare, Mapping):
        return
    named: list[tuple[tuple[str, ...], Any]] = [(("compare", "primary"), compare.get("primary"))]
    margin = compare.get("margin")
    if isinstance(margin, Mapping):
        named += [(("compare", "margin", name), name) for name in margin]
    for place, name in named:
        if isinstance(name, str) and name not in possible:
            rest = suggestion(name, among=possible, otherwise="there are")
            fault = f"{shown(name)} is no metric of this study; {rest}"
            yield Misfit(place, fault, at_key=len(place) == 3)


def _designs(data: Mapping[str, Any]) -> Iterator[Misfit]:
    """Whether there is anything to compare, and whether it is one question."""
    given = [name for name in ("variants", "grid", "factors") if data.get(name) is not None]
    if not given:
        yield Misfit((), "a study needs 'variants', a 'grid' or 'factors'", at_key=True)
    if "factors" in given and len(given) > 1:
        fault = f"factors are a study of their own; move {given[0]} to another"
        yield Misfit((given[0],), fault, at_key=True)
    compare = data.get("compare")
    if "factors" in given and isinstance(compare, Mapping) and compare.get("against") == "each":
        fault = "factors are compared by their effects, not each against each"
        yield Misfit(("compare", "against"), fault)


def _names(components: Any) -> list[str | None]:
    return [_named(each) for each in components] if isinstance(components, list) else []


def _named(component: Any) -> str | None:
    if isinstance(component, Mapping) and len(component) == 1:
        (component,) = component
    return component if isinstance(component, str) else None


def _repetitions(values: Sequence[Any], *, slot: str, word: str) -> Iterator[Misfit]:
    for number, value in enumerate(values):
        if value is not None and value in values[:number]:
            yield Misfit((slot, number), f"{word} {shown(value)} is given twice")


def _seeds(seeds: int | tuple[int, ...] | Stopping) -> tuple[int, ...]:
    if isinstance(seeds, Stopping):
        return tuple(range(1, seeds.most + 1))
    return tuple(range(1, seeds + 1)) if isinstance(seeds, int) else seeds
