"""Sample reports with made-up numbers, for the contract of figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import (
    DecodingCost,
    Design,
    Factorial,
    Level,
    Measurement,
    Outcome,
    ReportView,
    RunSummary,
    Sweep,
)
from harness.study.values import Comparison

METRIC = ScoredMetric(name="bleu", higher_is_better=True)
UPDATES = (0, 10, 20, 30)
NAMES = [*("one", "two", "three", "four", "five", "six"), *(f"variant-{n}" for n in range(7, 13))]
SWEEP = Sweep(option="model.layers", levels=(Level(1, "one"), Level(100, "two")))
FACTORIAL = Factorial(
    factors={"A": ("baseline", "high"), "B": ("baseline", "low")},
    cells={
        "baseline": {"A": "baseline", "B": "baseline"},
        "one": {"A": "high", "B": "baseline"},
        "two": {"A": "baseline", "B": "low"},
        "three": {"A": "high", "B": "low"},
    },
)


def sample_reports() -> Mapping[str, ReportView]:
    """The reports that a figure must draw: few variants, many, and runs missing or diverged."""
    one, baseline = ([(name, seed) for seed in (1, 2, 3)] for name in ("one", "baseline"))
    two = [("two", seed) for seed in (1, 2, 3)]
    sweep = Design(sweep=SWEEP)
    return {
        "two variants": sample_report(),
        "one seed": sample_report(seeds=1),
        "one variant": sample_report(variants=1),
        "no variant": sample_report(variants=0),
        "twelve variants": sample_report(variants=12),
        "a run missing": sample_report(missing=one[:1]),
        "a run diverged": sample_report(diverged=one[:1]),
        "a variant diverged": sample_report(diverged=one),
        "the baseline diverged": sample_report(diverged=baseline),
        "a sweep": replace(sample_report(), design=sweep),
        "a sweep not trained": replace(sample_report(missing=baseline), design=sweep),
        "factors": replace(sample_report(3, diverged=one), design=Design(factorial=FACTORIAL)),
        "nothing trained": sample_report(missing=[*baseline, *one, *two]),
    }


def sample_report(
    variants: int = 2,
    *,
    seeds: int = 3,
    diverged: Collection[tuple[str, int]] = (),
    missing: Collection[tuple[str, int]] = (),
) -> ReportView:
    """A baseline and this many variants, ``one``, ``two`` and so on, each with these seeds."""
    names = ("baseline", *NAMES[:variants])
    planned = [(name, seed) for seed in range(1, seeds + 1) for name in names]
    runs = tuple(
        _run(variant, seed=seed, diverged=diverged, missing=missing) for variant, seed in planned
    )
    results = [
        RunResult(variant=run.variant, seed=run.seed, outcome=run.outcome, scores=run.scores)
        for run in runs
        if run.outcome
    ]
    findings = compare(
        results,
        variants=names,
        seeds=range(1, seeds + 1),
        metrics=[METRIC],
        comparison=Comparison(primary="bleu"),
    )
    return ReportView(
        metric="bleu",
        split="test",
        higher_is_better=True,
        variants=names,
        seeds=tuple(range(1, seeds + 1)),
        findings=tuple(findings),
        runs=runs,
    )


def sample_score(variant: str, *, seed: int) -> float:
    """A run's BLEU: each variant some points below the one before it, seeds apart by one."""
    place = 0 if variant == "baseline" else 1 + NAMES.index(variant)
    # The last term varies with the seed: equal differences would leave no spread to draw.
    return 30.0 - 2 * place + seed + (0.1 * place * seed) % 0.7


def nll(variant: str, *, seed: int, update: int) -> float:
    """A run's validation nll, falling."""
    return 5.0 - 0.1 * update - sample_score(variant, seed=seed) / 50


def _run(
    variant: str,
    *,
    seed: int,
    diverged: Collection[tuple[str, int]],
    missing: Collection[tuple[str, int]],
) -> RunSummary:
    outcome: Outcome | None = "finished"
    if (variant, seed) in missing:
        outcome = None
    elif (variant, seed) in diverged:
        outcome = "diverged"
    reached = {"finished": UPDATES, "diverged": UPDATES[:2], None: ()}[outcome]
    return RunSummary(
        variant=variant,
        seed=seed,
        outcome=outcome,
        scores={"bleu": sample_score(variant, seed=seed)} if outcome == "finished" else {},
        validation=tuple(
            Measurement(update, "validation", "nll", nll(variant, seed=seed, update=update))
            for update in reached
        ),
        seconds=10.0 + seed**2 if outcome == "finished" else None,
        target_tokens=1000 * seed**2 if outcome else None,
        generation="greedy",
        decoding=DecodingCost(seconds=2.0, tokens=400 * seed) if outcome == "finished" else None,
    )
