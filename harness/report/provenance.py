"""The provenance of a study's results: weights, machine, commit, and the runs without a score."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from harness.registry.option_types import shown
from harness.registry.serialization import resolved
from harness.report import Provenance
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.experiment import Experiment
from harness.study.values import Study

# Settings that would run a program: one that watches files, and hooks.
_NO_PROGRAMS = {"core.fsmonitor": "false", "core.hooksPath": "/dev/null"}
# Filters of file contents, of which a repository may define any number; a user's own may run.
_FILTER = re.compile(r"filter\..*\.(?:clean|smudge|process|required)")
# No write of the index, which has a hook; and no objects fetched, which goes through a transport.
_NO_ERRANDS = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}


def provenance(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> Provenance:
    """The provenance of a study; a fact that all variants share is stated once."""
    return Provenance(
        weights=_grouped(study, describe=_weights),
        machine=[*_grouped(study, describe=_machine), *_gpus(runs, ledger=ledger)],
        commit=commit(study.path.parent),
        excluded=[*_excluded(runs, ledger=ledger)],
        found=found_elsewhere(runs),
    )


def found_elsewhere(runs: Sequence[PlannedRun]) -> list[str]:
    """A line for each other code or environment that runs were found with, with their number."""
    groups = Counter(run.found_with for run in runs if run.today)
    return [
        f"{count} of {len(runs)} runs {'was' if count == 1 else 'were'} found with {found.then}"
        + (f"; this is {found.now}" if found.now else "")
        for found, count in groups.items()
    ]


def commit(folder: Path) -> str:
    """The commit of the checkout that a folder is part of, marked if files were changed since."""
    head = _git("rev-parse", "--short=12", "HEAD", folder=folder)
    if not head:
        return ""
    # Without untracked files, such as results beside the study.
    changed = _git("status", "--porcelain", "-uno", "--ignore-submodules=all", folder=folder)
    return f"{head}, changed" if changed else head


def _git(*words: str, folder: Path) -> str:
    """The output of git; empty where there is no git, or no checkout.

    The settings of a repository may name programs; none of them is run.
    """
    listed = _output("config", "--list", "--show-scope", "--name-only", "-z", folder=folder)
    fields = listed.split("\0")
    of_repository = {
        name
        for scope, name in zip(fields[::2], fields[1::2], strict=False)
        if scope in ("local", "worktree") and _FILTER.fullmatch(name)
    }
    values = {name: "false" if name.endswith(".required") else "" for name in of_repository}
    return _output(*words, folder=folder, settings={**_NO_PROGRAMS, **values})


def _output(*words: str, folder: Path, settings: Mapping[str, str] = MappingProxyType({})) -> str:
    environment = {**os.environ, **_NO_ERRANDS, "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    command = ["git", "--no-pager", "-C", str(folder), *words]
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            command, capture_output=True, text=True, check=False, env=environment
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _grouped(study: Study, *, describe: Callable[[Experiment], str]) -> list[str]:
    """The descriptions of all variants; where they differ, each with the variants it applies to."""
    groups: dict[str, list[str]] = {}
    for name, experiment in study.variants.items():
        groups.setdefault(describe(experiment), []).append(name)
    if len(groups) == 1:
        return [*groups]
    return [f"{', '.join(names)}: {text}" for text, names in groups.items()]


def _weights(experiment: Experiment) -> str:
    """The weights that are scored: no checkpoint is ever chosen by its score."""
    if experiment.averaging is None:
        return f"those after the last update, number {experiment.budget.updates}"
    averaging = shown(resolved(experiment.averaging))
    return f"averaged: {averaging}, over {experiment.budget.updates} updates"


def _machine(experiment: Experiment) -> str:
    budget = experiment.budget
    threads = f"{budget.threads} thread{'s' if budget.threads > 1 else ''}"
    return f"{budget.device}, {threads}, {budget.precision}"


def _gpus(runs: Sequence[PlannedRun], *, ledger: Ledger) -> Iterator[str]:
    """A line for each GPU that runs trained on, with their number."""
    outcomes = [ledger.outcome(digest) for digest in {run.digest for run in runs}]
    used = [outcome.usage for outcome in outcomes if outcome and outcome.usage]
    gpus = Counter((usage.device, usage.index) for usage in used if usage.index is not None)
    for (device, index), count in sorted(gpus.items()):
        yield f"{count} run{'s' if count > 1 else ''} trained on {device}, GPU {index}"


def _excluded(runs: Sequence[PlannedRun], *, ledger: Ledger) -> Iterator[str]:
    """A line for each run without a score, with the reason."""
    for run in runs:
        outcome = ledger.outcome(run.digest)
        if outcome is None:
            yield f"{run.title}: not run"
        elif outcome.status != "finished":
            reason = outcome.reason or "no reason is known"
            yield f"{run.title}: {outcome.status} ({reason})"
        elif ledger.evaluated(run.digest, evaluation=run.evaluation) is None:
            yield f"{run.title}: trained, not decoded"
