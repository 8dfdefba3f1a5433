"""Error rates of verdicts and coverage of intervals, in simulated studies judged by `compare`.

``python benchmarks/calibration.py [STUDIES]`` writes ``calibration.md`` next to this file. 10,000
studies per setting take about ten minutes on one core. To add a claim, write a function that yields
`Rate`, list it in `SIMULATIONS`, and give the bounds of its rate in `BOUNDS`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.analysis import RunResult, ScoredMetric, Sentences, compare
from harness.contracts import Finding, Method
from harness.study.values import BASELINE, Comparison

Floats = NDArray[np.float64]

METRIC = ScoredMetric(name="score", higher_is_better=True)
VARIANTS, SEEDS = (1, 5, 10), (3, 5, 10, 20)
SHARED = 0.5  # variance that all variants share within a seed; a score's own variance is 1
MARGIN = 6.0  # wide enough that only one of the two one-sided tests can fail

FALSE, FALSE_JOINT = "better or worse, without an effect", "max-T p below .05, without an effect"
FALSE_WELCH = "better or worse by Welch, without an effect"
EQUIVALENT = "equivalent, with an effect equal to the margin"
COVERED, COMBINED = "95% t interval covers", "95% seeds-and-sentences interval covers"
BOUNDS: Mapping[str, tuple[float, float]] = {
    FALSE: (0.0, 0.055),
    FALSE_JOINT: (0.0, 0.055),
    FALSE_WELCH: (0.0, 0.055),
    EQUIVALENT: (0.0, 0.055),
    COVERED: (0.935, 0.965),
    COMBINED: (0.935, 1.0),
}


class Rate(NamedTuple):
    """The share of simulated studies in which an event occurred."""

    event: str
    setting: str
    share: float

    @property
    def within_bounds(self) -> bool:
        """True if the rate is within the bounds of its event."""
        least, most = BOUNDS[self.event]
        return least <= self.share <= most


class Setting(NamedTuple):
    """The size of a study; if not `equal`, noise has standard deviations from 0.5 to 3, not 1."""

    variants: int
    seeds: int
    equal: bool

    def __str__(self) -> str:
        words = "equal" if self.equal else "unequal"
        noun = "variant" if self.variants == 1 else "variants"
        return f"{self.variants} {noun}, {self.seeds} seeds, {words} variances"

    def noise(self, random: np.random.Generator) -> Floats:
        """The random part of the scores, one row per variant, the baseline's first."""
        noise = random.normal(size=(self.variants + 1, self.seeds))
        scales = np.ones(1) if self.equal else np.linspace(3.0, 0.5, self.variants)
        # Not the baseline's: every difference has that, so it cannot make them unequal.
        noise[1:] *= np.resize(scales, self.variants)[:, None]
        return noise


SETTINGS = [Setting(*sizes) for sizes in product(VARIANTS, SEEDS, (True, False))]
FEWER = [setting for setting in SETTINGS if setting.variants < 10 and setting.seeds in (3, 10)]


def judge(
    scores: Floats,
    *,
    method: Method = "paired_t",
    margin: float | None = None,
    sentences: Sequence[Floats] | None = None,
    documents: Sequence[str] = (),
) -> Sequence[Finding]:
    """The findings of a study with these scores, one row per variant and one column per seed."""
    names = [BASELINE, *(f"v{row}" for row in range(1, len(scores)))]
    results = [
        RunResult(
            variant=name,
            seed=seed,
            outcome="finished",
            scores={"score": float(value)},
            sentences={"score": Sentences(sentences[row][seed], documents=documents)}
            if sentences
            else {},
        )
        for row, name in enumerate(names)
        for seed, value in enumerate(scores[row])
    ]
    return compare(
        results,
        variants=names,
        seeds=range(scores.shape[1]),
        metrics=[METRIC],
        comparison=Comparison(primary="score", method=method, margin=margin),
    )


def without_an_effect(studies: int) -> Iterator[Rate]:
    """No variant differs from the baseline, so every better or worse is false."""
    for number, setting in enumerate(SETTINGS):
        # A stream per setting: adding one leaves the numbers of the others as they are.
        random = np.random.default_rng([1, number])
        decided = joint = covered = 0
        for _ in range(studies):
            own = setting.noise(random)
            shared = random.normal(scale=SHARED**0.5, size=setting.seeds)
            findings = judge(own + shared)
            decided += any(finding.verdict in ("better", "worse") for finding in findings)
            joint += any((finding.p_max_t or 1.0) < 0.05 for finding in findings)
            covered += (findings[0].interval_low or 0) < 0 < (findings[0].interval_high or 0)
        yield Rate(FALSE, str(setting), decided / studies)
        yield Rate(FALSE_JOINT, str(setting), joint / studies)
        if setting.variants == 1:  # intervals are not corrected, so more variants add nothing
            yield Rate(COVERED, str(setting), covered / studies)


def without_an_effect_by_welch(studies: int) -> Iterator[Rate]:
    """No variant differs from the baseline, and runs share nothing and are not paired."""
    for number, setting in enumerate(FEWER):
        random = np.random.default_rng([2, number])
        decided = 0
        for _ in range(studies):
            findings = judge(setting.noise(random), method="welch")
            decided += any(finding.verdict in ("better", "worse") for finding in findings)
        yield Rate(FALSE_WELCH, str(setting), decided / studies)


def at_the_margin(studies: int) -> Iterator[Rate]:
    """Every variant differs from the baseline by exactly the equivalence margin."""
    for number, setting in enumerate(FEWER):
        random = np.random.default_rng([3, number])
        # Both signs by turns, so that each of the two one-sided tests is at its bound.
        effects = np.concatenate([[0.0], np.resize([MARGIN, -MARGIN], setting.variants)])
        called = 0
        for _ in range(studies):
            shared = random.normal(scale=SHARED**0.5, size=setting.seeds)
            scores = setting.noise(random) + shared + effects[:, None]
            findings = judge(scores, margin=MARGIN)
            called += any((finding.p_equivalent_adjusted or 1.0) < 0.05 for finding in findings)
        yield Rate(EQUIVALENT, str(setting), called / studies)


def over_sentences(studies: int) -> Iterator[Rate]:
    """New seeds and 200 new sentences per study; their joint interval must cover the true 0.

    A difference is the sum of a seed's part, a sentence's part and an interaction; the first is a
    tenth, half or nine tenths of the variance of a run's score.
    """
    lines = 200
    for number, (seeds, share) in enumerate(product(SEEDS, (0.1, 0.5, 0.9))):
        random = np.random.default_rng([4, number])
        covered = 0
        for _ in range(studies):
            of_seed = random.normal(scale=(share / (1 - share) / lines) ** 0.5, size=(seeds, 1))
            of_both = random.normal(scale=0.5, size=(seeds, lines))
            difference = of_seed + random.normal(size=lines) + of_both
            baseline = random.normal(size=(seeds, 1)) + np.zeros(lines)
            sides = [baseline, baseline + difference]
            means = np.array([side.mean(axis=1) for side in sides])
            influence = [side - side.mean(axis=1, keepdims=True) for side in sides]
            (finding,) = judge(means, sentences=influence)
            covered += (finding.combined_low or 0) < 0 < (finding.combined_high or 0)
        setting = f"{seeds} seeds, accounting for {share:.0%} of the variance"
        yield Rate(COMBINED, setting, covered / studies)


Simulation = Callable[[int], Iterator[Rate]]
SIMULATIONS: Sequence[Simulation] = (
    without_an_effect,
    without_an_effect_by_welch,
    at_the_margin,
    over_sentences,
)


def table(rates: Sequence[Rate], *, studies: int) -> str:
    """The rates as Markdown tables, one per event."""
    lines = [
        "# Calibration of verdicts and intervals",
        "",
        f"`python benchmarks/calibration.py {studies}`: {studies:,} simulated studies per setting,",
        "each judged by the same code as real ones. All noise is normal, so symmetric, of equal",
        "or unequal spread; [other_noise.md](other_noise.md) has skewed noise, runs that",
        "collapse, and sentences of documents.",
        "",
        "| figure | holds for |",
        "| --- | --- |",
        "| better or worse at most 5.5%, by t tests | normal noise; any that both sides share |",
        "| max-T p below .05 at most 5.5% | symmetric differences |",
        "| equivalent at most 5.5% | normal noise |",
        "| intervals cover 93.5% | normal noise, sentences independent or their documents given |",
        "| the sign test's 5.5%, of the median | noise of any shape |",
    ]
    for event, (least, most) in BOUNDS.items():
        rows = [rate for rate in rates if rate.event == event]
        bound = f"at most {most:.1%}" if least == 0 else f"at least {least:.1%}"
        bound = f"{least:.1%} to {most:.1%}" if least > 0 and most < 1 else bound
        lines += ["", f"## {event}: {bound}", "", "| setting | share |", "| --- | ---: |"]
        lines += [f"| {rate.setting} | {rate.share:.2%}{_mark(rate)} |" for rate in rows]
    return "\n".join(lines) + "\n"


def _mark(rate: Rate) -> str:
    return "" if rate.within_bounds else " **out of bounds**"


def main(studies: int) -> int:
    """Run every simulation and write the tables; return 1 if a rate is out of bounds."""
    start, rates = time.monotonic(), []
    for simulation in SIMULATIONS:
        for rate in simulation(studies):
            rates.append(rate)
            seconds = time.monotonic() - start
            print(f"{seconds:5.0f} s  {rate.event}, {rate.setting}: {rate.share:.4f}")
    path = Path(__file__).with_suffix(".md")
    path.write_text(table(rates, studies=studies), encoding="utf-8")
    return 0 if all(rate.within_bounds for rate in rates) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
