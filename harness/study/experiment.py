"""All the choices of one variant, which with the seed determine a run to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from harness.components import (
    Architecture,
    Averaging,
    Dataset,
    DecodingPolicy,
    Generation,
    Initializer,
    Loss,
    Optimizer,
    ParameterGroups,
    Regularizer,
    Schedule,
    Tokenizer,
)
from harness.components.options import InitialWeights, NonNegativeInt, PositiveInt

# Beyond these a run would not start, or its plan would take minutes.
Updates = Annotated[int, Ge(0), Le(10_000_000)]
Accumulation = Annotated[int, Gt(0), Le(10_000)]
Threads = Annotated[int, Gt(0), Le(1024)]
Processes = Annotated[int, Gt(0), Le(1024)]

# Strict, or pydantic would read "3" as 3 and true as 1, and one study have two spellings.
STRICT: Any = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """The processes that carry out one run together, on one machine: its ranks.

    `data` of them share the micro-batches of every update. With `exact`, gradients are added in
    the order of micro-batches, so that any number of processes gives the bits of one, and is no
    part of what a run is. Without it, each process adds up its own gradients first, so that less is
    sent: results are equal up to rounding, and the number is part of the run.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    data: Processes = 1
    exact: bool = True

    @property
    def decides_bits(self) -> bool:
        """True if results depend on the number of processes."""
        return self.data > 1 and not self.exact


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The amount of training of a run, and the hardware and precision it uses.

    With 0 `updates`, an untrained model is scored.

    `batch_tokens` is the maximum number of real target tokens (eos included) in a batch; an update
    accumulates `accumulation` batches. `evaluate_every` is in updates. `threads` is per run,
    regardless of the number of jobs. With `gradient_norms`, the norm of the gradient of every layer
    is measured too, at the first update and wherever the model is evaluated; it changes no result.
    With `precision: bfloat16`, the model's passes compute in bfloat16 where torch's autocast does,
    also when it is scored and when it writes; weights, optimizer, losses and scores are in float32.
    `parallel` is the number of processes that carry out a run together.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    updates: Updates
    batch_tokens: PositiveInt
    evaluate_every: PositiveInt
    accumulation: Accumulation = 1
    threads: Threads = 1
    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["bfloat16", "float32", "float64"] = "float32"
    gradient_norms: bool = False
    parallel: Parallel = Parallel()

    def __post_init__(self) -> None:
        ranks = self.parallel.data
        if ranks > self.accumulation:
            raise ValueError(
                f"parallel: {{data: {ranks}}} needs a micro-batch for each of {ranks} processes,"
                f" and accumulation is {self.accumulation}; raise accumulation to {ranks}"
                f" (a batch_tokens divided by {ranks} keeps the tokens of an update), or lower data"
            )


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """All the choices of one variant, resolved: nothing inherited, nothing defaulted later.

    `starts_from` names the pretraining, or the folder of an exported model, that supplies the
    initial weights and the vocabulary.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    dataset: Dataset
    tokenizer: Tokenizer
    model: Architecture
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
    starts_from: InitialWeights | None = None
