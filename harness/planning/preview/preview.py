"""A study's preregistration, from its choices, from the runs that exist, and from a probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.comparability.controls import Controls, confounded_schedules, unequal_quantities
from harness.comparability.mixing import mixed_pairs
from harness.comparability.observed import variants_changing_schedule
from harness.comparability.predicted import Expected, expect, summarize_runs
from harness.comparability.sharing import Shared, predict_sharing
from harness.loading import study_error
from harness.loading.validation_errors import DataFault, DataPath
from harness.planning.dry_build import dry_build
from harness.planning.forked import LIMIT
from harness.planning.places import place_of_choice, place_of_variant
from harness.planning.preview.power import Resolution
from harness.planning.preview.tokens import tokenizer_cautions, with_altered_text
from harness.planning.probe import Estimate, probe, without_effect
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.changes import Change, changes_from_baseline
from harness.study.values import BASELINE, Study


@dataclass(frozen=True, kw_only=True)
class Preregistration:
    """Every run with its state, and the expected facts of every variant.

    `shares` has the parts that each variant shares with the baseline of the same seed, `warnings`
    the points that a reader of the results would ask about. `frozen` is the digest of the plan,
    `tuning` the cost of tuning in runs.
    """

    runs: Sequence[PlannedRun]
    changes: Mapping[str, Sequence[Change]]
    controls: Mapping[str, Controls]
    shares: Mapping[str, Shared]
    resolution: Resolution
    warnings: Sequence[str]
    estimate: Estimate | None = None
    frozen: str = ""
    tuning: str = ""

    def with_probe(self, estimate: Estimate) -> Preregistration:
        """The same, with the times, faults and warnings that a probe of the variants gave."""
        probed = estimate.probed
        faults = [
            f"{name} could not be probed: {result.fault}"
            for name, result in probed.items()
            if result.fault
        ]
        warnings = [*self.warnings, *faults, *without_effect(probed, changed=self.changes)]
        return replace(self, estimate=estimate, warnings=warnings)


def preregister(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, resolution: Resolution
) -> Preregistration:
    """Preregister a study; loads torch where a variant has no finished run of the first seed.

    Raises `StudyError` as `refuse_unbuildable` does.
    """
    expected = _expected(study, runs=runs, ledger=ledger)
    others = [name for name in _waiting(study, runs=runs) if name not in expected]
    results = ledger.root.parent
    built = expect(study, names=others, seed=study.seeds[0], results=results)
    _refuse(study, expected={**expected, **built})
    changed, controls = changes_from_baseline(study), _controls(expected)
    faults = [
        f"{name} cannot be built: {facts.fault}" for name, facts in expected.items() if facts.fault
    ]
    return Preregistration(
        runs=runs,
        changes=changed,
        controls=controls,
        shares={
            name: predict_sharing(
                study.variants[BASELINE],
                variant=study.variants[name],
                shapes=facts.shapes,
                baseline_shapes=expected[BASELINE].shapes,
                rewriters=facts.rewriters,
                baseline_rewriters=expected[BASELINE].rewriters,
            )
            for name, facts in expected.items()
            if name != BASELINE and not facts.fault
        },
        resolution=resolution,
        tuning=_cost_of_tuning(study),
        warnings=[
            *faults,
            *(
                f"{name} changes nothing: it is the baseline under another name"
                for name, options in changed.items()
                if not options
            ),
            *confounded_schedules(controls, variants=variants_changing_schedule(changed)),
            *_cautions(expected),
            *tokenizer_cautions(study),
            *_mixed(runs),
        ],
    )


def _cost_of_tuning(study: Study) -> str:
    """The trials of a whole study, the runs that they come before, and what these can answer."""
    tuning = study.tuning
    if tuning is None:
        return ""
    variants, values = len(tuning.candidates), len(tuning.candidates[BASELINE])
    seeds, trials = len(study.seeds), len(tuning.trial_seeds[study.seeds[0]])
    noun = "trial" if trials == 1 else "trials"
    grid = f"{variants} variants x {values} values x {trials} {noun}"
    compared = f"then {variants * seeds} runs to compare"
    if tuning.once:
        return (
            f"tuning once: {grid} = {variants * values * trials} trials, {compared}; verdicts will "
            "be about the chosen values, not about tuning (choice: per_seed)"
        )
    most = "at most " if study.design.looks else ""
    total = variants * values * trials * seeds
    return f"tuning for each seed: {grid} x {seeds} seeds = {most}{total} trials, {compared}"


def _mixed(runs: Sequence[PlannedRun]) -> list[str]:
    """A line on the pairs that would mix code or environments, if any would."""
    by_variant: dict[str, list[PlannedRun]] = {}
    for run in runs:
        if not run.start:
            by_variant.setdefault(run.variant, []).append(run)
    pairs = [(name, BASELINE) for name in by_variant if name != BASELINE]
    sentence = mixed_pairs(by_variant, pairs=pairs)
    return [sentence] if sentence else []


def no_effect_warnings(
    study: Study,
    *,
    runs: Sequence[PlannedRun],
    out: Path,
    jobs: int,
    limit: float = LIMIT,
) -> Iterator[str]:
    """A line for each variant that changes nothing; those without a run are probed.

    A probe that takes over `limit` seconds is a line too.
    """
    known = {run.variant for run in runs if run.exists} | {BASELINE, *study.design.noise_floor}
    unknown = [name for name in study.variants if name not in known]
    # Probes are processes of this machine, which need not be one that can train.
    if unknown and study.executor.name == "local":
        names = [BASELINE, *unknown]
        # Few sentences: they are only compared for equality, and every run waits for this.
        probed = probe(study, names=names, jobs=jobs, sentences=2, limit=limit, out=out)
        for name, result in probed.items():
            if result.hung:
                yield f"the probe of {name} {result.fault}: a run of it may hang too"
        yield from without_effect(probed, changed=changes_from_baseline(study))


def refuse_unbuildable(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, limit: float = LIMIT
) -> list[str]:
    """Raise `StudyError` for what only data or building shows, each fault at its place.

    Every experiment of a run that does not exist is built once, with the first seed, in another
    process. Exceptions of plugins' code, and builds that take over `limit` seconds, are left to the
    runs. Returns cautions about the experiments.
    """
    names, results = _waiting(study, runs=runs), ledger.root.parent
    expected = dry_build(study, names=names, limit=limit, results=results)
    _refuse(study, expected=expected)
    return [*_cautions(expected), *tokenizer_cautions(study)]


def _cautions(expected: Mapping[str, Expected]) -> Iterator[str]:
    """Every caution once, with the names of all that it is about."""
    names: dict[str, list[str]] = {}
    for name, facts in expected.items():
        for caution in facts.cautions:
            names.setdefault(caution, []).append(name)
    for caution, about in names.items():
        yield f"{', '.join(about)}: {caution}"


def _waiting(study: Study, *, runs: Sequence[PlannedRun]) -> list[str]:
    waiting = {run.variant for run in runs if not run.exists}
    return [name for name in study.experiments if name in waiting]


def _refuse(study: Study, *, expected: Mapping[str, Expected]) -> None:
    """Raise `StudyError` with the faults that a study can mend; equal ones of one place once."""
    # By place: variants inherit the baseline's choices, and with them its faults.
    faults: dict[tuple[DataPath, str], DataFault] = {}
    for name, facts in with_altered_text(study, expected=expected).items():
        if facts.fault and facts.choice is not None:
            path = place_of_choice(study, name=name, choice=facts.choice)
            faults.setdefault((path, facts.fault), DataFault(path, f"{name}: {facts.fault}"))
    if faults:
        raise study_error(study.path, faults=[*faults.values()])


def refuse_unequal(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> None:
    """Raise `StudyError` for quantities that must stay equal and do not, each at its variant."""
    if not study.compare.must_stay_equal:
        return
    expected = _expected(study, runs=runs, ledger=ledger)
    place = ("compare", "must_stay_equal")
    misfits = [
        DataFault(place, f"variant {name!r} cannot be built, to check what is equal: {facts.fault}")
        for name, facts in expected.items()
        if facts.fault
    ]
    misfits += [
        DataFault(
            place_of_variant(study, variant=difference.variant), difference.message, at_key=True
        )
        for difference in unequal_quantities(
            _controls(expected), declared=study.compare.must_stay_equal
        )
        if difference.quantity != "seconds_per_update"  # judged in the report, once measured
    ]
    if misfits:
        raise study_error(study.path, faults=misfits)


def _expected(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger
) -> Mapping[str, Expected]:
    """The facts of each variant with the first seed, from its run if that is finished."""
    first = {
        run.variant: run.digest
        for run in runs
        if run.seed == study.seeds[0] and not run.start and not run.trial
    }
    known = {name: summarize_runs([digest], ledger=ledger) for name, digest in first.items()}
    unknown = [name for name in study.variants if not known.get(name)]
    seed, results = study.seeds[0], ledger.root.parent
    built = expect(study, names=unknown, seed=seed, results=results) if unknown else {}
    return {name: known.get(name) or built[name] for name in study.variants}


def _controls(expected: Mapping[str, Expected]) -> Mapping[str, Controls]:
    return {name: facts.controls for name, facts in expected.items()}
