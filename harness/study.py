"""A study as a value: everything a YAML file says, checked and resolved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MinLen

from harness.components import (
    Averaging,
    Dataset,
    DecodingPolicy,
    Executor,
    Figure,
    Generation,
    Initializer,
    Loss,
    Metric,
    Optimizer,
    ParameterGroups,
    Regularizer,
    Schedule,
    Tokenizer,
    Tracker,
)
from harness.components.options import (
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TrainedRun,
)
from harness.contracts import Design, Method

BASELINE = "baseline"
# What a study can declare equal in all variants; with the time, all that `Controls` has.
Controlled = Literal[
    "peak_rate",
    "rate_area",
    "parameters",
    "trained_parameters",
    "target_tokens",
    "updates",
    "seconds_per_update",
]
_STRICT: Any = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The Transformer's shape (Vaswani et al. 2017, section 3).

    `encoder_layers` and `decoder_layers` stand in for `layers` on their side. `tie`: ``target``
    uses the target embedding as the output projection, ``all`` the source embedding too (one
    shared vocabulary). `final_norm` closes both stacks with a normalisation; unless said, pre-norm
    has it and post-norm does not.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    d_model: PositiveInt = 512
    d_ff: PositiveInt = 2048
    heads: PositiveInt = 8
    layers: PositiveInt = 6
    encoder_layers: PositiveInt | None = None
    decoder_layers: PositiveInt | None = None
    norm: Literal["pre", "post"] = "pre"
    final_norm: bool | None = None
    tie: Literal["none", "target", "all"] = "none"

    def __post_init__(self) -> None:
        if self.d_model % self.heads:
            raise ValueError(
                f"heads must divide d_model, got {self.heads} heads and d_model {self.d_model}"
            )
        if self.d_model % 2:
            raise ValueError(f"d_model must be even, got {self.d_model}")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much training a run may spend, and on what.

    `batch_tokens` is the most real target tokens (eos included) in a batch; an update is made of
    `accumulation` batches. `evaluate_every` is in updates. `threads` are the run's own, whatever
    the number of jobs.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    updates: PositiveInt
    batch_tokens: PositiveInt
    evaluate_every: PositiveInt
    accumulation: PositiveInt = 1
    threads: PositiveInt = 1
    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["float32", "float64"] = "float32"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How variants are held against the baseline; `primary` is the metric that verdicts are on.

    `against` is the baseline, or ``each`` for every pair, the baseline among them.

    `method` is ``paired_t``, on the differences of equal seeds, or ``welch`` for runs that share
    nothing (Welch 1947). `margin` is the largest difference that would not matter: a number in the
    primary metric's own unit, or ``{metric: number}``; without it, nothing is called equivalent.
    P values are corrected by Holm's method over the variants of the study.
    `must_stay_equal` names what no variant may change beside what it is meant to: within 1%, or
    10% for time. A study that would is refused before it trains, as far as that can be known.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    primary: str = "nll"
    against: Literal["baseline", "each"] = "baseline"
    method: Method = "paired_t"
    margin: PositiveFloat | Mapping[str, PositiveFloat] | None = None
    must_stay_equal: tuple[Controlled, ...] = ()

    def margin_of(self, metric: str) -> float | None:
        """The margin declared for a metric, if any."""
        if isinstance(self.margin, Mapping):
            return self.margin.get(metric)
        return self.margin if metric == self.primary else None


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """The same values of one option for every variant, tried with so many seeds of their own.

    The best on validation is what the variant is compared with: by the primary metric or, where
    that is one of text, by negative log-likelihood.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    grid: Annotated[Mapping[str, Annotated[tuple[Any, ...], MinLen(2)]], MinLen(1)]
    seeds: PositiveInt = 1


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """How many seeds a study takes that stops itself: `least` at first, `most` at the end.

    The variants that are undecided at a look get `step` seeds more, by default so many that there
    are four looks at most. Every look may be the last, so each is tested at .05 divided by the
    number of those that are planned (Bonferroni; the alpha of Lan and DeMets 1983, spent evenly).
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    least: Annotated[int, Ge(2)]
    most: Annotated[int, Le(1000)]
    until: Literal["decided"] = "decided"
    step: PositiveInt | None = None

    def __post_init__(self) -> None:
        if self.most <= self.least:
            raise ValueError(f"most must be above least, got {self.most} and {self.least}")

    @property
    def looks(self) -> tuple[int, ...]:
        """After how many seeds the study is looked at."""
        step = self.step or math.ceil((self.most - self.least) / 3)
        return (*range(self.least, self.most, step), self.most)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """All the choices of one variant, resolved: nothing inherited, nothing defaulted later.

    `starts_from` names the pretraining with whose final weights and vocabulary training begins.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    dataset: Dataset
    tokenizer: Tokenizer
    model: ModelOptions
    initializer: Initializer
    regularizers: Mapping[str, Regularizer]
    loss: Loss
    optimizer: Optimizer
    parameter_groups: ParameterGroups | None = None
    schedule: Schedule
    decoding_policy: DecodingPolicy
    averaging: Averaging | None = None
    generation: Generation
    budget: Budget
    replicate: NonNegativeInt = 0
    starts_from: TrainedRun | None = None


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Equal tuning: every variant at each value of one option, with seeds that are only for that.

    `candidates` has the experiments by variant and value.
    """

    option: str
    candidates: Mapping[str, Mapping[str, Experiment]]
    seeds: tuple[int, ...]

    def name(self, variant: str, *, value: str) -> str:
        """What the trials of one value are called."""
        return f"{variant}, {self.option} {value}"

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """Everything that is tried, by its name."""
        return {
            self.name(variant, value=value): experiment
            for variant, values in self.candidates.items()
            for value, experiment in values.items()
        }


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question, the variants that answer it (the baseline first), and how they are compared.

    `pretraining` has what variants start from or draw on, trained once a seed and not compared.
    """

    name: str
    path: Path
    question: str
    variants: Mapping[str, Experiment]
    seeds: Annotated[tuple[int, ...], MinLen(1)]
    metrics: tuple[Metric, ...]
    figures: tuple[Figure, ...]
    compare: Comparison
    executor: Executor
    design: Design = field(default_factory=Design)
    trackers: tuple[Tracker, ...] = ()
    plugins: tuple[Path, ...] = ()
    pretraining: Mapping[str, Experiment] = field(default_factory=dict)
    tuning: Tuning | None = None

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """Everything that may be trained, by its name: variants, pretraining, what tuning tries."""
        tried = self.tuning.experiments if self.tuning else {}
        return {**self.variants, **self.pretraining, **tried}
