"""A study as a value: the content of a YAML file, validated and resolved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

from harness.components import (
    Executor,
    Figure,
    Tracker,
)
from harness.components.metric import StudyMetric
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Design, Diverged, Method
from harness.study.experiment import STRICT, Experiment

BASELINE = "baseline"
# Quantities that a study can declare equal in all variants: those of `Controls`, and the time.
Controlled = Literal[
    "peak_rate",
    "rate_area",
    "parameters",
    "trained_parameters",
    "target_tokens",
    "updates",
    "seconds_per_update",
]
# Seeds in place of a study's own: a number of them, from 1 on, or the seeds themselves.
Seeds = int | tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The comparison of variants with the baseline; verdicts are about the metric `primary`.

    `against` is the baseline, or ``each`` for every pair, the baseline included.

    `method` is ``paired_t``, on the differences of equal seeds, or ``welch`` for runs that share
    nothing (Welch 1947). ``sign_test`` is about the median of the differences of equal seeds, and
    holds for independent noise of any shape. `diverged` is ``excluded``, where verdicts are on the
    pairs that finished, or ``worst``: runs that diverged rank below all others, and a signed-rank
    test decides, which needs six seeds at least (Lachin 1999). `margin` is the largest difference
    that would not matter: a number in the primary metric's own unit, or ``{metric: number}``;
    without it, no verdict is "equivalent".
    P values are corrected by Holm's method over the variants of the study.
    `must_stay_equal` names quantities that no variant may change as a side effect: within 1%, or
    10% for time. A study that would change them is refused before training, as far as predictable.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    primary: str = "nll"
    against: Literal["baseline", "each"] = "baseline"
    method: Method = "paired_t"
    diverged: Diverged = "excluded"
    margin: PositiveFloat | Mapping[str, PositiveFloat] | None = None
    must_stay_equal: tuple[Controlled, ...] = ()

    def margin_of(self, metric: str) -> float | None:
        """The margin declared for a metric, if any."""
        if isinstance(self.margin, Mapping):
            return self.margin.get(metric)
        return self.margin if metric == self.primary else None


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """Tuning of one option over the same values for every variant, with `seeds` trials of each.

    Each variant is then compared at its best value on validation: by the primary metric or, if
    that is a text metric, by negative log-likelihood. `choice` is ``per_seed``, with trials for
    every seed of the study, so that tuning is part of what is compared; or ``once``, with one value
    for all seeds at a fraction of the cost, so that verdicts are about that value only.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    grid: Annotated[Mapping[str, Annotated[tuple[Any, ...], MinLen(2)]], MinLen(1)]
    seeds: Annotated[int, Gt(0), Le(1000)] = 1
    choice: Literal["per_seed", "once"] = "per_seed"


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """The seeds of a study that stops itself: `least` at first, `most` at the end.

    Variants that are undecided at a look get `step` more seeds, by default such that there are at
    most four looks. Every look may be the last, so each tests at .05 divided by the number of
    planned looks (Bonferroni; the alpha of Lan and DeMets 1983, spent evenly).
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    least: Annotated[int, Ge(2)]
    most: Annotated[int, Le(1000)]
    until: Literal["decided"] = "decided"
    step: PositiveInt | None = None

    def __post_init__(self) -> None:
        if self.most <= self.least:
            raise ValueError(f"most must be above least, got {self.most} and {self.least}")

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds at which the results are looked at."""
        step = self.step or math.ceil((self.most - self.least) / 3)
        # `most` always ends the plan, however short that leaves the last step.
        return (*range(self.least, self.most, step), self.most)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Equal tuning: every variant at each value of one option, with seeds used only for tuning.

    `candidates` holds the experiments by variant and value, `trial_seeds` the seeds of the trials
    that choose the value for a seed of the study: those of that seed alone or, if `once`, the same
    for all.
    """

    option: str
    candidates: Mapping[str, Mapping[str, Experiment]]
    trial_seeds: Mapping[int, tuple[int, ...]]
    once: bool = False

    @property
    def all_trial_seeds(self) -> tuple[int, ...]:
        """The seeds of all trials, each once."""
        return tuple(dict.fromkeys(trial for seeds in self.trial_seeds.values() for trial in seeds))

    def name(self, variant: str, *, value: str) -> str:
        """The name of the trials of one value."""
        return f"{variant}, {self.option} {value}"

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """All the candidates, by their names."""
        return {
            self.name(variant, value=value): experiment
            for variant, values in self.candidates.items()
            for value, experiment in values.items()
        }


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question, the variants that answer it (the baseline first), and how they are compared.

    `pretraining` holds experiments that variants start from or use: trained once per seed and not
    compared. `tuned` has the experiments, by variant and seed, whose value tuning has chosen.
    """

    name: str
    path: Path
    question: str
    variants: Mapping[str, Experiment]
    seeds: Annotated[tuple[int, ...], MinLen(1)]
    metrics: tuple[StudyMetric, ...]
    figures: tuple[Figure, ...]
    compare: Comparison
    executor: Executor
    design: Design = field(default_factory=Design)
    trackers: tuple[Tracker, ...] = ()
    plugins: tuple[Path, ...] = ()
    included: tuple[Path, ...] = ()  # files of the study beside the one at `path`
    pretraining: Mapping[str, Experiment] = field(default_factory=dict)
    tuning: Tuning | None = None
    tuned: Mapping[tuple[str, int], Experiment] = field(default_factory=dict)

    def experiment(self, name: str, *, seed: int) -> Experiment:
        """The experiment that is trained by this name with this seed."""
        return self.tuned.get((name, seed)) or self.experiments[name]

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """All that may be trained, by name: variants, pretraining, candidates of tuning."""
        candidates = self.tuning.experiments if self.tuning else {}
        return {**self.variants, **self.pretraining, **candidates}
