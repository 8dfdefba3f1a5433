"""Comparison of existing runs, of one study or of several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import pipeline
from harness.comparability.mixing import mixed_pairs
from harness.comparing.options import (
    CollectedRuns,
    ComparisonOptions,
    comparison_report,
    unknown_name,
)
from harness.components import Metric
from harness.components.metric import StudyMetric
from harness.contracts import CORE_METRICS
from harness.errors import HarnessError
from harness.files import refuse_links_out
from harness.loading import parse_component
from harness.planned_study import PlannedStudy
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.report import Report
from harness.report.inspection_log import with_deviations
from harness.runs import records
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, RunState, without_results
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.runs.restored import find_run
from harness.runs.reuse import Reuse
from harness.scoring.findings import known_metrics, metric_faults
from harness.scoring.text_metrics import ScoredRun, score
from harness.study.changes import Change, differences, format_difference
from harness.study.values import BASELINE, Comparison, Study

_STUDIES = (".yaml", ".yml")
_DIGITS = 12  # of a digest, enough to identify a run


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One argument of the command line: runs by variant, and the ledger that has them.

    `whole` is True for an entire study, as opposed to one of its variants or runs. A run that is
    named by its digest or folder has no study, and none is `opened`.
    """

    name: str
    runs: Mapping[str, Sequence[PlannedRun]]
    ledger: Ledger
    plugins: Plugins
    opened: PlannedStudy | None = None
    whole: bool = False

    @property
    def study(self) -> Study | None:
        """The study that the runs are of, if it is known."""
        return self.opened.study if self.opened else None

    def label(self, variant: str) -> str:
        """The name of a variant in the comparison."""
        return f"{self.name}:{variant}" if self.whole else self.name


def compare_runs(names: Sequence[str], *, out: Path, options: ComparisonOptions) -> Report:
    """Compare the first with each of the others: studies, variants or single runs.

    For studies, every variant of the first is compared with the one of the same name, paired by
    seed. Two single runs with different seeds are not paired. Metrics and method are those of the
    first study; a text metric is computed from the hypotheses of all runs. Raises `HarnessError`
    for names that do not exist.
    """
    first, *others = sides = [_side(name, out=out) for name in names]
    if len(set(names)) < len(names):
        raise HarnessError("the same name is given twice; a comparison needs two different ones")
    if not others:
        raise HarnessError(
            f"{names[0]} has nothing to be compared with; give two studies, variants or runs"
        )
    sides = _with_unique_names(sides)
    study = next((side.study for side in sides if side.study), None)
    metrics = _metrics(study, primary=options.primary, plugins=first.plugins)
    primary = options.primary or (study.compare.primary if study else Comparison().primary)
    comparison = options.comparison(primary=primary, study=study.compare if study else None)
    all_runs = [run for side in sides for runs in side.runs.values() for run in runs]
    single_runs = len(all_runs) == len(sides)
    # Single runs with different seeds form no pair, so a paired test could use none of them.
    if options.method is None and single_runs and len({run.seed for run in all_runs}) == len(sides):
        comparison = replace(comparison, method="welch", diverged="excluded")
    collected = _collect(sides, metrics=metrics, primary=primary)
    if (
        comparison.method == "welch"
        and len({side.opened and side.opened.folder for side in sides}) > 1
    ):
        # Each study plans its own seeds, and a run of one is missing from no other.
        collected = replace(collected, of_table=True)
    report = comparison_report(collected, comparison=comparison)
    opened = next((side.opened for side in sides if side.opened), None)
    if opened is None:
        return report
    plan = options.plan(opened.as_filed)
    return with_deviations(report, plan=plan, runs=opened.runs, out=opened.out)


def _left_out(sides: Sequence[_Side]) -> list[str]:
    """The hypotheses of the sides' studies that have results, and are not compared here."""
    left_out: dict[str, None] = {}
    for side in sides:
        if side.opened is None or side.whole:
            continue
        study, ledger = side.opened.study, side.ledger
        compared = {
            variant
            for other in sides
            if other.opened and other.opened.folder == side.opened.folder
            for variant in other.runs
        }
        seen = {run.variant for run in side.opened.runs if ledger.outcome(run.digest)}
        skipped = {BASELINE, *study.design.noise_floor, *compared}
        names = [name for name in study.variants if name in seen - skipped]
        names += study.design.dropped
        left_out |= dict.fromkeys(f"{study.name}:{name}" for name in names)
    return [*left_out]


def _metrics(study: Study | None, *, primary: str | None, plugins: Plugins) -> list[StudyMetric]:
    """The text metrics of the study, and the primary metric if it is another one."""
    metrics = [*study.metrics] if study else []
    if primary is None or primary in (*CORE_METRICS, *(metric.name for metric in metrics)):
        return metrics
    return [*metrics, parse_component(primary, slot=Metric.slot, catalog=Catalog.of(plugins))]


# --- resolving names ----------------------------------------------------------------------------


def _side(name: str, *, out: Path) -> _Side:
    path, _, rest = name.partition(":")
    if Path(path).suffix in _STUDIES:
        return _of_study(name, path=Path(path), rest=rest, out=out)
    refuse_links_out(out, whole=["runs"])
    folder = find_run(name, ledger=Ledger(out / "runs"))
    ledger, plugins = Ledger(folder.parent), discover()
    if ledger.outcome(folder.name) is None:
        raise HarnessError(
            f"run {folder.name[:_DIGITS]} has not ended; finish it with `harness run` of its study"
        )
    run = _single_run(folder)
    return _Side(
        name=folder.name[:_DIGITS], runs={run.variant: [run]}, ledger=ledger, plugins=plugins
    )


def _of_study(name: str, *, path: Path, rest: str, out: Path) -> _Side:
    """``STUDY``, ``STUDY:VARIANT`` or ``STUDY:VARIANT:SEED``."""
    opened = pipeline.open_study(path, out=out, seeds=None, reuse=Reuse.SAME_STUDY)
    study, runs = opened.study, opened.runs
    variant, _, seed = rest.partition(":")
    if variant and variant not in study.variants:
        raise HarnessError(f"{path}: {unknown_name(variant, among=study.variants, kind='variant')}")
    seeds = {str(run.seed) for run in runs if run.variant == variant}
    if seed and seed not in seeds:
        raise HarnessError(f"{path}: {unknown_name(seed, among=seeds, kind='seed')}")
    chosen = [run for run in runs if variant in ("", run.variant) and seed in ("", str(run.seed))]
    if not any(run.exists for run in chosen):
        raise HarnessError(without_results(name, path=path, runs=chosen))
    names = dict.fromkeys(run.variant for run in chosen)
    return _Side(
        name=f"{study.name}{name.removeprefix(str(path))}",
        runs={name: [run for run in chosen if run.variant == name] for name in names},
        ledger=opened.ledger,
        plugins=opened.plugins,
        opened=opened,
        whole=not rest,
    )


def _single_run(folder: Path) -> PlannedRun:
    """A run without a study, with the decoding that was asked for first."""
    ledger, digest = Ledger(folder.parent), folder.name
    identity = records.require(folder / "run.json", kind=RunIdentity)
    evaluation = next(iter(ledger.location(digest).evaluations), "")
    # A start is not decoded, and has no generation to compare.
    decoding = DecodingIdentity(training=digest, generation=None, split="test", code={})
    if evaluation:
        decoding = ledger.decoding(digest, evaluation=evaluation)
    return PlannedRun(
        variant=digest[:_DIGITS],
        seed=identity.seed,
        digest=digest,
        evaluation=evaluation,
        identity=identity,
        decoding=decoding,
        files={},
        plugins=(),
        state=RunState.EXISTS,
    )


def _with_unique_names(sides: Sequence[_Side]) -> list[_Side]:
    """Number the sides that have the same name, such as studies in different folders."""
    names = [side.name for side in sides]
    return [
        replace(side, name=f"{number}:{side.name}") if names.count(side.name) > 1 else side
        for number, side in enumerate(sides, start=1)
    ]


# --- pairing the sides --------------------------------------------------------------------------


def _collect(
    sides: Sequence[_Side], *, metrics: Sequence[StudyMetric], primary: str
) -> CollectedRuns:
    first, *others = sides
    pairs = [pair for other in others for pair in _pairs(first, other=other)]
    compared = dict.fromkeys(itertools.chain(*pairs))
    runs = {
        side.label(variant): (side, variant_runs)
        for side in sides
        for variant, variant_runs in side.runs.items()
        if side.label(variant) in compared
    }
    scored = {
        label: _scored(variant_runs, label=label, metrics=metrics, ledger=side.ledger)
        for label, (side, variant_runs) in runs.items()
    }
    every = [run for variant_runs in scored.values() for run in variant_runs]
    results = [run.result for run in every]
    return CollectedRuns(
        results=results,
        variants=[*compared],
        seeds=sorted({run.seed for _, variant_runs in runs.values() for run in variant_runs}),
        metrics=known_metrics(metrics, results=results, primary=primary),
        pairs=pairs,
        changes={new: _changes(runs[old][1], new=runs[new][1]) for old, new in pairs},
        signatures={name: text for run in every for name, text in run.signatures.items()},
        faults=metric_faults(every, plugins=first.plugins),
        dropped=_left_out(sides),
        # Findings read: the second of a pair is compared with the first.
        mixed=mixed_pairs(
            _with_scores(runs, scored=every), pairs=[(new, old) for old, new in pairs]
        ),
    )


def _with_scores(
    runs: Mapping[str, tuple[_Side, Sequence[PlannedRun]]], *, scored: Sequence[ScoredRun]
) -> Mapping[str, Sequence[PlannedRun]]:
    """The runs with a score, by label."""
    known = {(run.result.variant, run.result.seed) for run in scored if run.result.scores}
    return {
        label: [run for run in variant_runs if (label, run.seed) in known]
        for label, (_, variant_runs) in runs.items()
    }


def _pairs(first: _Side, *, other: _Side) -> Iterator[tuple[str, str]]:
    """The pairs of labels to compare: for studies, the variants of the same name."""
    if first.whole != other.whole:
        study, rest = (first, other) if first.whole else (other, first)
        raise HarnessError(
            f"{study.name} is a study, but {rest.name} is not; name a variant, {study.name}:NAME"
        )
    if not first.whole:
        yield first.name, other.name
        return
    for variant in first.runs:
        if variant in other.runs:
            yield first.label(variant), other.label(variant)


def _scored(
    runs: Sequence[PlannedRun], *, label: str, metrics: Sequence[StudyMetric], ledger: Ledger
) -> list[ScoredRun]:
    scored = (score(run, metrics=metrics, ledger=ledger) for run in runs)
    return [run._replace(result=replace(run.result, variant=label)) for run in scored if run]


def _changes(old: Sequence[PlannedRun], *, new: Sequence[PlannedRun]) -> list[Change]:
    """The options in which runs differ, including those of decoding."""
    # Of the first run of each: the others differ from it in their seed alone.
    before, after = (
        {**run.identity.experiment, "generation": run.decoding.generation}
        for run in (old[0], new[0])
    )
    return [format_difference(change) for change in differences(before, new=after)]
