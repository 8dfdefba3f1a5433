"""From a study to its runs: which there are, which exist already, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.differences import differences
from harness.discovery import Plugins
from harness.identity import (
    Identity,
    content_digest,
    digest,
    evaluation_identity,
    text_files,
    training_identity,
)
from harness.ledger import Ledger
from harness.study import Study

SCORED_SPLIT = "test"

# The digest of each (variant, seed) when the study was planned last.
Previous = Mapping[tuple[str, int], str]


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One variant with one seed; `exists` when there is nothing left to do, `why` if there is."""

    variant: str
    seed: int
    digest: str
    evaluation: str
    identity: Identity  # run.json
    decoding: Identity  # evaluation.json
    files: Mapping[str, str]  # where the text files lie, by the digest of their content
    plugins: tuple[str, ...]  # the files that the study names
    exists: bool
    why: str


def plan(
    study: Study, *, plugins: Plugins, ledger: Ledger, previous: Previous
) -> tuple[PlannedRun, ...]:
    """Every run of a study, seed by seed, with the baseline first.

    Variants that differ only in decoding share their training digest.
    """
    return tuple(
        _planned(
            study,
            plugins=plugins,
            variant=variant,
            seed=seed,
            ledger=ledger,
            before=previous.get((variant, seed)),
        )
        for seed in study.seeds
        for variant in study.variants
    )


def _planned(
    study: Study,
    *,
    plugins: Plugins,
    variant: str,
    seed: int,
    ledger: Ledger,
    before: str | None,
) -> PlannedRun:
    experiment = study.variants[variant]
    identity = training_identity(experiment, seed=seed, plugins=plugins)
    training = digest(identity)
    decoding = evaluation_identity(experiment, training=training, split=SCORED_SPLIT)
    evaluation = digest(decoding)
    exists, why = _state(ledger, training=training, evaluation=evaluation)
    known = ledger.identity(before) if why == "new" and before and before != training else None
    if known:
        why = changed(known, now=identity)
    return PlannedRun(
        variant=variant,
        seed=seed,
        digest=training,
        evaluation=evaluation,
        identity=identity,
        decoding=decoding,
        files={content_digest(file): file for file in text_files(experiment)},
        plugins=tuple(str(file) for file in study.plugins),
        exists=exists,
        why=why,
    )


def _state(ledger: Ledger, *, training: str, evaluation: str) -> tuple[bool, str]:
    """Whether nothing is left to do, and in a few words what is there or missing."""
    outcome = ledger.outcome(training)
    if outcome is None:
        updates = ledger.updates(training)
        return False, f"interrupted at update {updates}" if updates else "new"
    if outcome["status"] == "failed":
        return False, f"failed before: {outcome['reason']}"
    if outcome["status"] == "diverged":
        return True, "diverged"
    if ledger.evaluated(training, evaluation=evaluation) is None:
        return False, "trained, not decoded"
    return True, "exists"


def changed(before: Identity, *, now: Identity) -> str:
    """What made a planned run another one; a changed option says more than the code it brings."""
    options = list(differences(before["experiment"], new=now["experiment"]))
    if options and all(str(each.old).startswith("sha256:") for each in options):
        return "changed corpus"
    if options:
        return "changed option " + ", ".join(each.option for each in options)
    code = list(differences(before["code"], new=now["code"]))
    if code:
        return "changed code of " + ", ".join(each.option for each in code)
    return "changed " + ", ".join(each.option for each in differences(before, new=now))
