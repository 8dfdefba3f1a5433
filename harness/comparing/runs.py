"""Runs that exist already, of one study or of several, held against each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import pipeline
from harness.comparing.options import CollectedRuns, ComparisonOptions, comparison_report, unknown
from harness.components import Metric
from harness.contracts import CORE_METRICS
from harness.errors import HarnessError
from harness.files import read_json
from harness.loading import parse_component
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.report import Report
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.runs.restored import find_run
from harness.scoring.findings import metric_faults, scored_metrics
from harness.scoring.text_metrics import ScoredRun, score
from harness.study.changes import Change, differences, format_difference
from harness.study.values import Comparison, Study

_STUDIES = (".yaml", ".yml")
_DIGITS = 12  # of a digest, enough to tell runs apart


@dataclass(frozen=True, kw_only=True)
class _Side:
    """What one word of the command line names: runs by variant, in the ledger that has them.

    `whole` says that it is a study, not one of its variants or runs; without a `study`, it is a run
    by itself.
    """

    name: str
    runs: Mapping[str, Sequence[PlannedRun]]
    ledger: Ledger
    plugins: Plugins
    study: Study | None = None
    whole: bool = False

    def label(self, variant: str) -> str:
        """What a variant is called in a comparison."""
        return f"{self.name}:{variant}" if self.whole else self.name


def compare_runs(names: Sequence[str], *, out: Path, terms: ComparisonOptions) -> Report:
    """Hold the first against each of the others: studies, variants or single runs.

    Of studies, every variant of the first is held against the one of the same name, seed by seed.
    Two single runs that differ in their seed are not paired. The first study says by which metrics
    and how; a text metric is computed from what all of them wrote. Raises `HarnessError` for what
    is not there.
    """
    first, *others = sides = [_side(name, out=out) for name in names]
    if len(set(names)) < len(names):
        raise HarnessError("the same is named twice; a comparison needs two that differ")
    if not others:
        raise HarnessError(f"{names[0]} against what? name two studies, variants or runs")
    sides = _told_apart(sides)
    study = next((side.study for side in sides if side.study), None)
    metrics = _metrics(study, primary=terms.primary, plugins=first.plugins)
    primary = terms.primary or (study.compare.primary if study else Comparison().primary)
    comparison = terms.comparison(primary=primary, study=study.compare if study else None)
    every = [run for side in sides for runs in side.runs.values() for run in runs]
    if terms.method is None and len(every) == len(sides) == len({run.seed for run in every}):
        comparison = replace(comparison, method="welch")
    return comparison_report(_gathered(sides, metrics=metrics), comparison=comparison)


def _metrics(study: Study | None, *, primary: str | None, plugins: Plugins) -> list[Metric]:
    """The text metrics of a study, and the one that was asked for."""
    metrics = [*study.metrics] if study else []
    if primary is None or primary in (*CORE_METRICS, *(each.name for each in metrics)):
        return metrics
    return [*metrics, parse_component(primary, slot=Metric.slot, catalog=Catalog.of(plugins))]


# --- what a word names --------------------------------------------------------------------------


def _side(name: str, *, out: Path) -> _Side:
    path, _, rest = name.partition(":")
    if Path(path).suffix in _STUDIES:
        return _of_study(name, path=Path(path), rest=rest, out=out)
    folder = find_run(name, ledger=Ledger(out / "runs"))
    ledger, plugins = Ledger(folder.parent), discover()
    if ledger.outcome(folder.name) is None:
        raise HarnessError(f"run {folder.name[:_DIGITS]} has not ended; `harness run` its study")
    run = _by_itself(folder)
    return _Side(
        name=folder.name[:_DIGITS], runs={run.variant: [run]}, ledger=ledger, plugins=plugins
    )


def _of_study(name: str, *, path: Path, rest: str, out: Path) -> _Side:
    """``STUDY``, ``STUDY:VARIANT`` or ``STUDY:VARIANT:SEED``."""
    opened = pipeline.open_study(path, out=out, seeds=None)
    study, runs = opened.study, opened.runs
    variant, _, seed = rest.partition(":")
    if variant and variant not in study.variants:
        raise HarnessError(f"{path}: {unknown(variant, among=study.variants, what='variant')}")
    seeds = {str(run.seed) for run in runs if run.variant == variant}
    if seed and seed not in seeds:
        raise HarnessError(f"{path}: {unknown(seed, among=seeds, what='seed')}")
    chosen = [run for run in runs if variant in ("", run.variant) and seed in ("", str(run.seed))]
    if not any(run.exists for run in chosen):
        raise HarnessError(f"{name}: nothing of it has been run yet; harness run {path}")
    named = dict.fromkeys(run.variant for run in chosen)
    return _Side(
        name=f"{study.name}{name.removeprefix(str(path))}",
        runs={each: [run for run in chosen if run.variant == each] for each in named},
        ledger=opened.ledger,
        plugins=opened.plugins,
        study=study,
        whole=not rest,
    )


def _by_itself(folder: Path) -> PlannedRun:
    """A run without a study, with the decoding that was asked for first."""
    identity, where = read_json(folder / "run.json"), read_json(folder / "where.json") or {}
    evaluation = next(iter(where.get("evaluations", ())), "")
    decoding = read_json(folder / "evaluations" / evaluation / "evaluation.json") or {}
    return PlannedRun(
        variant=folder.name[:_DIGITS],
        seed=identity["seed"],
        digest=folder.name,
        evaluation=evaluation,
        identity=identity,
        decoding=decoding,
        files={},
        plugins=(),
        exists=True,
        why="exists",
    )


def _told_apart(sides: Sequence[_Side]) -> list[_Side]:
    """The same with different names, if two studies of one name lie in different folders."""
    names = [side.name for side in sides]
    return [
        replace(side, name=f"{number}:{side.name}") if names.count(side.name) > 1 else side
        for number, side in enumerate(sides, start=1)
    ]


# --- what is held against what ------------------------------------------------------------------


def _gathered(sides: Sequence[_Side], *, metrics: Sequence[Metric]) -> CollectedRuns:
    first, *others = sides
    pairs = [pair for other in others for pair in _pairs(first, other=other)]
    wanted = dict.fromkeys(itertools.chain(*pairs))
    runs = {
        side.label(variant): (side, found)
        for side in sides
        for variant, found in side.runs.items()
        if side.label(variant) in wanted
    }
    scored = {
        label: _scored(found, label=label, metrics=metrics, ledger=side.ledger)
        for label, (side, found) in runs.items()
    }
    every = [each for found in scored.values() for each in found]
    return CollectedRuns(
        results=[each.result for each in every],
        variants=[*wanted],
        seeds=sorted({run.seed for _, found in runs.values() for run in found}),
        metrics=scored_metrics(metrics),
        pairs=pairs,
        changes={new: _changes(runs[old][1], new=runs[new][1]) for old, new in pairs},
        signatures={name: text for each in every for name, text in each.signatures.items()},
        faults=metric_faults(every, plugins=first.plugins),
    )


def _pairs(first: _Side, *, other: _Side) -> Iterator[tuple[str, str]]:
    """What two sides have to compare: of studies, the variants of the same name."""
    if first.whole != other.whole:
        study, rest = (first, other) if first.whole else (other, first)
        raise HarnessError(
            f"{study.name} is a study, and {rest.name} is not: name a variant, {study.name}:NAME"
        )
    if not first.whole:
        yield first.name, other.name
        return
    for variant in first.runs:
        if variant in other.runs:
            yield first.label(variant), other.label(variant)


def _scored(
    runs: Sequence[PlannedRun], *, label: str, metrics: Sequence[Metric], ledger: Ledger
) -> list[ScoredRun]:
    found = (score(run, metrics=metrics, ledger=ledger) for run in runs)
    return [each._replace(result=replace(each.result, variant=label)) for each in found if each]


def _changes(old: Sequence[PlannedRun], *, new: Sequence[PlannedRun]) -> list[Change]:
    """The options in which runs differ, decoding among them."""
    before, after = (
        {**run.identity["experiment"], "generation": run.decoding.get("generation")}
        for run in (old[0], new[0])
    )
    return [format_difference(each) for each in differences(before, new=after)]
