"""How comparable a study's variants were: what they dragged along, and what their runs shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.comparability.controls import Controls, unequal, unrelated_rates
from harness.comparability.predicted import initial_state, summarize_runs
from harness.comparability.sharing import (
    Shared,
    observe_sharing,
    predict_sharing,
    unmet_predictions,
)
from harness.comparability.values import Comparability, Sharing
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.changes import Change
from harness.study.values import BASELINE, Study


def assess_comparability(
    study: Study,
    *,
    runs: Sequence[PlannedRun],
    ledger: Ledger,
    changed: Mapping[str, Sequence[Change]],
) -> Comparability:
    """What the ledger says of it; nothing of variants that have not run."""
    controls = _controls(study, runs=runs, ledger=ledger)
    faults = unequal(controls, declared=study.compare.must_stay_equal)
    pairs = {
        variant: list(_pairs(study, variant=variant, runs=runs, ledger=ledger))
        for variant in study.variants
        if variant != BASELINE
    }
    return Comparability(
        controls=controls,
        sharing=[_sharing(variant, pairs=found) for variant, found in pairs.items() if found],
        cautions=[
            *(each.message for each in faults),
            *unrelated_rates(controls, scheduled=scheduled(changed)),
        ],
        broken=[
            f"{variant}, seed {seed}: {fault}, though its choices promise the baseline's"
            for variant, found in pairs.items()
            for seed, promise, kept in found
            for fault in unmet_predictions(promise, kept=kept)
        ],
    )


def scheduled(changed: Mapping[str, Sequence[Change]]) -> list[str]:
    """The variants that change the schedule."""
    return [
        name
        for name, options in changed.items()
        if any(each.option.partition(".")[0] == "schedule" for each in options)
    ]


def _controls(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger
) -> Mapping[str, Controls]:
    """The mean over the seeds that all variants finished, or else over those that each did."""
    finished = {
        (run.variant, run.seed): run.digest
        for run in runs
        if ledger.status(run.digest) == "finished"
    }
    some = [name for name in study.variants if any(key[0] == name for key in finished)]
    common = [seed for seed in study.seeds if all((variant, seed) in finished for variant in some)]
    digests = {
        name: [finished[name, seed] for seed in common or study.seeds if (name, seed) in finished]
        for name in some
    }
    found = {name: summarize_runs(each, ledger=ledger) for name, each in digests.items()}
    return {name: each.controls for name, each in found.items() if each}


def _pairs(
    study: Study, *, variant: str, runs: Sequence[PlannedRun], ledger: Ledger
) -> Iterator[tuple[int, Shared, Shared]]:
    """For every seed that both sides ran: what was predicted to be shared, and what was."""
    digests = {
        (run.variant, run.seed): run.digest for run in runs if run.variant in (BASELINE, variant)
    }
    begun = {key: initial_state(digest, ledger=ledger) for key, digest in digests.items()}
    for seed in study.seeds:
        theirs, ours = begun.get((BASELINE, seed)), begun.get((variant, seed))
        if theirs and ours:
            promise = predict_sharing(
                study.variants[BASELINE],
                variant=study.variants[variant],
                shapes=ours.shapes,
                baseline_shapes=theirs.shapes,
            )
            yield seed, promise, observe_sharing(theirs, variant=ours)


def _sharing(variant: str, *, pairs: Sequence[tuple[int, Shared, Shared]]) -> Sharing:
    _, promise, _ = pairs[0]
    least = min((kept for _, _, kept in pairs), key=lambda kept: (len(kept.parameters), kept.order))
    return Sharing(variant, str(promise), str(least), len(pairs))
