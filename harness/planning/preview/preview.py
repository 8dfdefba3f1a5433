"""A study's preregistration, gathered from its choices, from what has run, and from a probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.comparability.controls import Controls, unequal, unrelated_rates
from harness.comparability.observed import scheduled
from harness.comparability.predicted import Expected, expect, summarize_runs
from harness.comparability.sharing import Shared, predict_sharing
from harness.loading import refusal
from harness.loading.validation_errors import Misfit
from harness.planning.preview.power import Resolution
from harness.planning.probe import Estimate, probe, without_effect
from harness.registry.serialization import Place
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.changes import Change, changes
from harness.study.values import BASELINE, Study


@dataclass(frozen=True, kw_only=True)
class Preregistration:
    """Every run and why it does not exist yet, and variant by variant what is to be expected.

    `shares` is what each variant has in common with the baseline of the same seed, `warnings` what
    a reader of the results would ask about.
    """

    runs: Sequence[PlannedRun]
    changes: Mapping[str, Sequence[Change]]
    controls: Mapping[str, Controls]
    shares: Mapping[str, Shared]
    resolution: Resolution
    warnings: Sequence[str]
    estimate: Estimate | None = None

    def with_probe(self, estimate: Estimate) -> Preregistration:
        """The same, with what a probe of the variants came to."""
        probed = estimate.probed
        faults = [
            f"{name} could not be probed: {each.fault}"
            for name, each in probed.items()
            if each.fault
        ]
        idle = without_effect(probed, changed=self.changes)
        warnings = [*self.warnings, *faults, *idle]
        return replace(self, estimate=estimate, warnings=warnings)


def preregister(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, resolution: Resolution
) -> Preregistration:
    """All of it; loads torch where a variant has no finished run of the first seed."""
    outlook = _outlook(study, runs=runs, ledger=ledger)
    changed, controls = changes(study), _controls(outlook)
    faults = [
        f"{name} cannot be built: {each.fault}" for name, each in outlook.items() if each.fault
    ]
    return Preregistration(
        runs=runs,
        changes=changed,
        controls=controls,
        shares={
            name: predict_sharing(
                study.variants[BASELINE],
                variant=study.variants[name],
                shapes=each.shapes,
                baseline_shapes=outlook[BASELINE].shapes,
            )
            for name, each in outlook.items()
            if name != BASELINE and not each.fault
        },
        resolution=resolution,
        warnings=[
            *faults,
            *(
                f"{name} changes nothing: it is the baseline under another name"
                for name, options in changed.items()
                if not options
            ),
            *unrelated_rates(controls, scheduled=scheduled(changed)),
        ],
    )


def idle(study: Study, *, runs: Sequence[PlannedRun], jobs: int) -> Iterator[str]:
    """A line for each variant that changes nothing; tries what never ran, where runs are local."""
    seen = {run.variant for run in runs if run.exists} | {BASELINE, *study.design.noise_floor}
    unseen = [name for name in study.variants if name not in seen]
    if unseen and study.executor.name == "local":
        probed = probe(study, names=[BASELINE, *unseen], jobs=jobs, sentences=2)
        yield from without_effect(probed, changed=changes(study))


def refuse_unequal(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> None:
    """Raise `StudyError` for what the study declares equal and is not, each at its variant."""
    if not study.compare.must_stay_equal:
        return
    outlook = _outlook(study, runs=runs, ledger=ledger)
    place = ("compare", "must_stay_equal")
    misfits = [
        Misfit(place, f"variant {name!r} cannot be built, to see what is equal: {each.fault}")
        for name, each in outlook.items()
        if each.fault
    ]
    misfits += [
        Misfit(_place(study, variant=each.variant), each.message, at_key=True)
        for each in unequal(_controls(outlook), declared=study.compare.must_stay_equal)
        if each.quantity != "seconds_per_update"  # of which the report is the judge
    ]
    if misfits:
        raise refusal(study.path, misfits=misfits)


def _place(study: Study, *, variant: str) -> Place:
    """Where a variant is written: those of a grid or of factors are not written one by one."""
    sweep, factorial = study.design.sweep, study.design.factorial
    if sweep and variant in [level.variant for level in sweep.levels]:
        return ("grid",)
    if factorial and variant in factorial.cells:
        return ("factors",)
    return ("variants", variant)


def _outlook(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> Mapping[str, Expected]:
    """Each variant with the first seed, from its run if that is finished."""
    first = {
        run.variant: run.digest
        for run in runs
        if run.seed == study.seeds[0] and not run.start and not run.trial
    }
    seen = {name: summarize_runs([digest], ledger=ledger) for name, digest in first.items()}
    unseen = [name for name in study.variants if not seen.get(name)]
    found = expect(study, names=unseen, seed=study.seeds[0]) if unseen else {}
    return {name: seen.get(name) or found[name] for name in study.variants}


def _controls(outlook: Mapping[str, Expected]) -> Mapping[str, Controls]:
    return {name: each.controls for name, each in outlook.items()}
