"""How often verdicts are wrong, counted over simulated studies that go through the real `compare`.

``python benchmarks/calibration.py [STUDIES]`` writes ``calibration.md`` beside this file. 10,000
studies a setting take about ten minutes on one core. A new claim is a function that yields
`Counted`, named in `SIMULATIONS`, with the bounds of what it counts in `BOUNDS`.
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
SHARED = 0.5  # the variance of a score that is its seed's, whatever the variant; 1 is its own
MARGIN = 6.0  # wide enough that only one of the two one-sided tests can fail

FALSE, FALSE_JOINT = "better or worse, without an effect", "max-T below .05, without an effect"
FALSE_WELCH = "better or worse by Welch, without an effect"
EQUIVALENT = "equivalent, at an effect equal to the margin"
COVERED, COMBINED = "95% t interval covers", "95% seeds-and-sentences interval covers"
BOUNDS: Mapping[str, tuple[float, float]] = {
    FALSE: (0.0, 0.055),
    FALSE_JOINT: (0.0, 0.055),
    FALSE_WELCH: (0.0, 0.055),
    EQUIVALENT: (0.0, 0.055),
    COVERED: (0.935, 0.965),
    COMBINED: (0.935, 1.0),
}


class Counted(NamedTuple):
    """The share of simulated studies in which something happened."""

    what: str
    setting: str
    share: float

    @property
    def held(self) -> bool:
        """Whether it is within its bounds."""
        least, most = BOUNDS[self.what]
        return least <= self.share <= most


class Setting(NamedTuple):
    """The shape of a study; with unequal variances, noise is between half and three times 1."""

    variants: int
    seeds: int
    equal: bool

    def __str__(self) -> str:
        words = "equal" if self.equal else "unequal"
        noun = "variant" if self.variants == 1 else "variants"
        return f"{self.variants} {noun}, {self.seeds} seeds, {words} variances"

    def noise(self, random: np.random.Generator) -> Floats:
        """What chance adds to the scores, one row a variant, the baseline's first."""
        drawn = random.normal(size=(self.variants + 1, self.seeds))
        scales = np.ones(1) if self.equal else np.linspace(3.0, 0.5, self.variants)
        drawn[1:] *= np.resize(scales, self.variants)[:, None]
        return drawn


SETTINGS = [Setting(*each) for each in product(VARIANTS, SEEDS, (True, False))]
FEWER = [each for each in SETTINGS if each.variants < 10 and each.seeds in (3, 10)]


def judged(
    scores: Floats,
    *,
    method: Method = "paired_t",
    margin: float | None = None,
    sentences: Sequence[Floats] | None = None,
) -> Sequence[Finding]:
    """The findings of a study with these scores, a row a variant and a column a seed."""
    names = [BASELINE, *(f"v{row}" for row in range(1, len(scores)))]
    results = [
        RunResult(
            variant=name,
            seed=seed,
            outcome="finished",
            scores={"score": float(value)},
            sentences={"score": Sentences(sentences[row][seed])} if sentences else {},
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


def without_an_effect(studies: int) -> Iterator[Counted]:
    """Every variant is as good as the baseline: whoever is called better or worse is not."""
    for number, setting in enumerate(SETTINGS):
        random = np.random.default_rng([1, number])
        decided = joint = covered = 0
        for _ in range(studies):
            own = setting.noise(random)
            shared = random.normal(scale=SHARED**0.5, size=setting.seeds)
            found = judged(own + shared)
            decided += any(each.verdict in ("better", "worse") for each in found)
            joint += any((each.p_max_t or 1.0) < 0.05 for each in found)
            covered += (found[0].interval_low or 0) < 0 < (found[0].interval_high or 0)
        yield Counted(FALSE, str(setting), decided / studies)
        yield Counted(FALSE_JOINT, str(setting), joint / studies)
        if setting.variants == 1:  # the interval is not corrected, so it is the same of many
            yield Counted(COVERED, str(setting), covered / studies)


def without_an_effect_by_welch(studies: int) -> Iterator[Counted]:
    """The same, of runs that share nothing and are not paired."""
    for number, setting in enumerate(FEWER):
        random = np.random.default_rng([2, number])
        decided = 0
        for _ in range(studies):
            found = judged(setting.noise(random), method="welch")
            decided += any(each.verdict in ("better", "worse") for each in found)
        yield Counted(FALSE_WELCH, str(setting), decided / studies)


def at_the_margin(studies: int) -> Iterator[Counted]:
    """Every variant differs by just what the study calls a difference that matters."""
    for number, setting in enumerate(FEWER):
        random = np.random.default_rng([3, number])
        effects = np.concatenate([[0.0], np.resize([MARGIN, -MARGIN], setting.variants)])
        called = 0
        for _ in range(studies):
            shared = random.normal(scale=SHARED**0.5, size=setting.seeds)
            scores = setting.noise(random) + shared + effects[:, None]
            found = judged(scores, margin=MARGIN)
            called += any((each.p_equivalent_adjusted or 1.0) < 0.05 for each in found)
        yield Counted(EQUIVALENT, str(setting), called / studies)


def over_sentences(studies: int) -> Iterator[Counted]:
    """Seeds and 200 sentences are drawn anew; the interval of both has to cover the true 0.

    A difference has a part of its seed, one of its sentence and one of both; the first makes a
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
            (found,) = judged(means, sentences=influence)
            covered += (found.combined_low or 0) < 0 < (found.combined_high or 0)
        setting = f"{seeds} seeds, {share:.0%} of the variance is theirs"
        yield Counted(COMBINED, setting, covered / studies)


Simulation = Callable[[int], Iterator[Counted]]
SIMULATIONS: Sequence[Simulation] = (
    without_an_effect,
    without_an_effect_by_welch,
    at_the_margin,
    over_sentences,
)


def table(counted: Sequence[Counted], *, studies: int) -> str:
    """What was counted, in Markdown."""
    lines = [
        "# How often verdicts are wrong",
        "",
        f"`python benchmarks/calibration.py {studies}` counted this over {studies:,} simulated",
        "studies a setting, each judged by the same code that judges real ones.",
    ]
    for what, (least, most) in BOUNDS.items():
        rows = [each for each in counted if each.what == what]
        bound = f"at most {most:.1%}" if least == 0 else f"at least {least:.1%}"
        bound = f"{least:.1%} to {most:.1%}" if least > 0 and most < 1 else bound
        lines += ["", f"## {what}: {bound}", "", "| setting | share |", "| --- | ---: |"]
        lines += [f"| {each.setting} | {each.share:.2%}{_mark(each)} |" for each in rows]
    return "\n".join(lines) + "\n"


def _mark(counted: Counted) -> str:
    return "" if counted.held else " **out of bounds**"


def main(studies: int) -> int:
    """Count everything, write it down, and say whether all of it held."""
    begun, counted = time.monotonic(), []
    for simulation in SIMULATIONS:
        for each in simulation(studies):
            counted.append(each)
            print(
                f"{time.monotonic() - begun:5.0f} s  {each.what}, {each.setting}: {each.share:.4f}"
            )
    path = Path(__file__).with_suffix(".md")
    path.write_text(table(counted, studies=studies), encoding="utf-8")
    return 0 if all(each.held for each in counted) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
