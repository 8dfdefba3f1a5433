"""Under which conditions a study's runs were carried out, as far as they can be told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.registry.option_types import shown
from harness.registry.serialization import resolved
from harness.report import Provenance
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.experiment import Experiment
from harness.study.values import Study


def provenance(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> Provenance:
    """Of all variants together where they are alike, else of each."""
    return Provenance(
        weights=_alike(study, told=_weights),
        machine=_alike(study, told=_machine),
        commit=commit(study.path.parent),
        excluded=[*_excluded(runs, ledger=ledger)],
    )


def commit(folder: Path) -> str:
    """The commit of the checkout that a folder is part of, and whether it was changed since."""
    head = _git("rev-parse", "--short=12", "HEAD", folder=folder)
    if not head:
        return ""
    return f"{head}, changed" if _git("status", "--porcelain", "-uno", folder=folder) else head


def _git(*words: str, folder: Path) -> str:
    """What git answers; nothing where there is no git, or no checkout."""
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - words of ours
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _alike(study: Study, *, told: Callable[[Experiment], str]) -> list[str]:
    """What is to be told, with the variants that it holds for unless it does for all."""
    groups: dict[str, list[str]] = {}
    for name, experiment in study.variants.items():
        groups.setdefault(told(experiment), []).append(name)
    if len(groups) == 1:
        return [*groups]
    return [f"{', '.join(names)}: {text}" for text, names in groups.items()]


def _weights(experiment: Experiment) -> str:
    """Which weights are scored: no checkpoint is ever chosen by its score."""
    if experiment.averaging is None:
        return f"those after the last update, number {experiment.budget.updates}"
    averaging = shown(resolved(experiment.averaging))
    return f"averaged: {averaging}, over {experiment.budget.updates} updates"


def _machine(experiment: Experiment) -> str:
    budget = experiment.budget
    threads = f"{budget.threads} thread{'s' if budget.threads > 1 else ''}"
    return f"{budget.device}, {threads}, {budget.precision}"


def _excluded(runs: Sequence[PlannedRun], *, ledger: Ledger) -> Iterator[str]:
    """Each run that gives no score, and why."""
    for run in runs:
        outcome = ledger.outcome(run.digest)
        if outcome is None:
            yield f"{run.title}: not run"
        elif outcome.status != "finished":
            reason = outcome.reason or "no reason is known"
            yield f"{run.title}: {outcome.status} ({reason})"
        elif ledger.evaluated(run.digest, evaluation=run.evaluation) is None:
            yield f"{run.title}: trained, not decoded"
