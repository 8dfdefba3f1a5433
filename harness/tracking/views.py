"""The view of a study and its runs for observers and trackers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.contracts import RunView, StudyView
from harness.registry.serialization import resolved
from harness.report import Report, brief
from harness.runs.identity import digest
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE, Study
from harness.tracking.flat_options import NONE, flat_options, left_to_defaults


def study_view(
    study: Study,
    *,
    runs: Sequence[PlannedRun],
    ledger: Ledger,
    folder: Path,
    report: Report | None = None,
) -> StudyView:
    """The view of a study: while its runs go on, or with its report when they have ended."""
    choices = {name: resolved_experiment(experiment) for name, experiment in study.variants.items()}
    tuned = {key: resolved_experiment(experiment) for key, experiment in study.tuned.items()}
    planned = {(run.variant, run.seed) for run in runs}
    # By variant, or by variant and seed where each seed is tuned: a study may have thousands of
    # runs, and hardly ever as many choices.
    distinct: Mapping[Hashable, Any] = {
        key: choice
        for key, choice in (*choices.items(), *tuned.items())
        if key in choices or key in planned
    }
    options = _options(distinct, defaults=_defaults(study))
    results = report.results if report else ()
    scores = {(result.variant, result.seed): result.scores for result in results}
    return StudyView(
        name=study.name,
        question=study.question,
        path=folder,
        runs=[
            RunView(
                variant=run.variant,
                seed=run.seed,
                digest=run.digest,
                path=ledger.run(run.digest),
                evaluation=run.evaluation,
                experiment=tuned.get((run.variant, run.seed), choices[run.variant]),
                options=options.get((run.variant, run.seed), options[run.variant]),
                # From the identity, in which a file is its content and not its path.
                dataset_digest=digest(run.identity.experiment["dataset"]),
                scores=scores.get((run.variant, run.seed), {}),
            )
            for run in runs
        ],
        primary=study.compare.primary,
        resolved=_resolved(study, choices=choices),
        findings=report.findings if report else (),
        summary=brief(report) if report else "",
        files=sorted(_files(folder)) if report else (),
    )


def _options(
    chosen: Mapping[Hashable, Any], *, defaults: frozenset[str]
) -> Mapping[Hashable, Mapping[str, str]]:
    """The options of every choice in which some differ."""
    flat = {key: flat_options(experiment) for key, experiment in chosen.items()}
    # A dictionary and not a set, whose order would differ from process to process.
    names = dict.fromkeys(name for options in flat.values() for name in options)
    everyone = [*flat.values()]
    differing = [name for name in names if _differs(name, among=everyone, defaults=defaults)]
    return {
        key: {name: options.get(name, NONE) for name in differing} for key, options in flat.items()
    }


def _differs(name: str, *, among: Sequence[Mapping[str, str]], defaults: frozenset[str]) -> bool:
    """True if an option has two values; of one that nobody set, its absence is none of them."""
    values = {options[name] for options in among if name in options}
    if name not in defaults:
        values |= {options.get(name, NONE) for options in among}
    return len(values) > 1


def _defaults(study: Study) -> frozenset[str]:
    """The options that some experiment leaves to their defaults; others may have set them."""
    experiments = [*study.variants.values(), *study.tuned.values()]
    return frozenset[str]().union(*map(left_to_defaults, experiments))


def _resolved(study: Study, *, choices: Mapping[str, Any]) -> Mapping[str, Any]:
    starts = study.pretraining.items()
    return {
        "question": study.question,
        "baseline": choices[BASELINE],
        "variants": {name: chosen for name, chosen in choices.items() if name != BASELINE},
        "pretraining": {name: resolved_experiment(experiment) for name, experiment in starts},
        "seeds": list(study.seeds),
        "metrics": [resolved(metric) for metric in study.metrics],
        "compare": resolved(study.compare),
    }


def _files(folder: Path) -> list[Path]:
    """The files of a report."""
    patterns = ("report.*", "findings.json", "figures/*.png")
    return [path for pattern in patterns for path in folder.glob(pattern)]
