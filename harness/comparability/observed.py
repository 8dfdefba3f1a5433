"""The comparability of a study's variants, from its finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.comparability.controls import Controls, confounded_schedules, unequal_quantities
from harness.comparability.predicted import initial_state, summarize_runs
from harness.comparability.sharing import (
    Shared,
    broken_predictions,
    observe_sharing,
    predict_sharing,
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
    """Compare size, cost and sharing of the variants; those that have not run are left out."""
    controls = _controls(study, runs=runs, ledger=ledger)
    faults = unequal_quantities(controls, declared=study.compare.must_stay_equal)
    pairs = {
        variant: list(_pairs(study, variant=variant, runs=runs, ledger=ledger))
        for variant in study.variants
        if variant != BASELINE
    }
    return Comparability(
        controls=controls,
        sharing=[_sharing(variant, pairs=shared) for variant, shared in pairs.items() if shared],
        cautions=[
            *(fault.message for fault in faults),
            *confounded_schedules(controls, variants=variants_changing_schedule(changed)),
        ],
        broken=[
            f"{variant}, seed {seed}: {fault}, although its options predict the baseline's"
            for variant, shared in pairs.items()
            for seed, predicted, observed in shared
            for fault in broken_predictions(predicted, observed=observed)
        ],
    )


def variants_changing_schedule(changed: Mapping[str, Sequence[Change]]) -> list[str]:
    """The variants that change the schedule or an option of it."""
    return [
        name
        for name, options in changed.items()
        if any(change.option.partition(".")[0] == "schedule" for change in options)
    ]


def _controls(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger
) -> Mapping[str, Controls]:
    """Means over the seeds that all variants finished; if there are none, over a variant's own."""
    finished = {
        (run.variant, run.seed): run.digest
        for run in runs
        if ledger.status(run.digest) == "finished"
    }
    present = [name for name in study.variants if any(key[0] == name for key in finished)]
    common = [
        seed for seed in study.seeds if all((variant, seed) in finished for variant in present)
    ]
    digests = {
        name: [finished[name, seed] for seed in common or study.seeds if (name, seed) in finished]
        for name in present
    }
    summaries = {name: summarize_runs(runs, ledger=ledger) for name, runs in digests.items()}
    return {name: summary.controls for name, summary in summaries.items() if summary}


def _pairs(
    study: Study, *, variant: str, runs: Sequence[PlannedRun], ledger: Ledger
) -> Iterator[tuple[int, Shared, Shared]]:
    """Seed, predicted and observed sharing, for every seed that both sides ran."""
    digests = {
        (run.variant, run.seed): run.digest for run in runs if run.variant in (BASELINE, variant)
    }
    states = {key: initial_state(digest, ledger=ledger) for key, digest in digests.items()}
    for seed in study.seeds:
        baseline, changed = states.get((BASELINE, seed)), states.get((variant, seed))
        if baseline and changed:
            predicted = predict_sharing(
                study.experiment(BASELINE, seed=seed),
                variant=study.experiment(variant, seed=seed),
                shapes=changed.shapes,
                baseline_shapes=baseline.shapes,
                rewriters=changed.rewriters,
                baseline_rewriters=baseline.rewriters,
            )
            yield seed, predicted, observe_sharing(baseline, variant=changed)


def _sharing(variant: str, *, pairs: Sequence[tuple[int, Shared, Shared]]) -> Sharing:
    # What is predicted follows from options, which tuning may choose otherwise for each seed.
    predicted, observed = (
        min(sides, key=lambda shared: (len(shared.parameters), shared.order))
        for sides in ([pair[1] for pair in pairs], [pair[2] for pair in pairs])
    )
    return Sharing(variant, str(predicted), str(observed), len(pairs))
