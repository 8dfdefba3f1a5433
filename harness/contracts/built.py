"""The objects that components build, and the `Setting` that they build them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int

from harness.contracts.model import Model
from harness.contracts.results import ReportView
from harness.contracts.tensors import Batch, Prediction
from harness.contracts.text import BOS, EOS, PAD, UNK
from harness.errors import HarnessError
from harness.streams import Noise

if TYPE_CHECKING:
    import matplotlib.figure


def no_trained_run(digest: str) -> Model:
    """`Setting.trained` where no trained run is available; raises `HarnessError`."""
    raise HarnessError(f"no trained run is available here: {digest}")


def uncounted(**numbers: int) -> None:
    """`Setting.count_work` where nobody asks what a decoding costs."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The facts of a run that `build` may use; a component's own options never repeat them.

    `classes` counts the target vocabulary with its special tokens, `updates` the whole budget.
    `branches` counts the residual branches of each of the model's stacks, by the stack's name.
    `trained` gives the model of an option of type `TrainedRun`: its final weights of the same seed,
    frozen, on the device of the run, with the same vocabulary. A generation reports `count_work`:
    ``passes`` of the model's decoder, one for every sentence in it, tokens ``proposed`` to the
    model, and those ``accepted``.
    """

    seed: int
    classes: int
    d_model: int
    updates: int
    replicate: int = 0
    pad: int = PAD
    bos: int = BOS
    eos: int = EOS
    unk: int = UNK
    branches: Mapping[str, int] = field(default_factory=dict)
    trained: Callable[[str], Model] = no_trained_run
    count_work: Callable[..., None] = uncounted


# Aliases quote torch and matplotlib, which they would load; annotations are strings already.

#: Changes a parameter in place: its name, the parameter, and a function that makes the generator
#: of a key.
Initialize = Callable[[str, "torch.Tensor", Callable[[str], "torch.Generator"]], None]
#: The loss of real target tokens, summed over them: logits and targets.
LossFunction = Callable[
    ["Float[torch.Tensor, 'tokens classes']", "Int[torch.Tensor, 'tokens']"],
    "Float[torch.Tensor, '']",
]
#: Parameters of a model by their names.
Parameters = Mapping[str, "torch.nn.Parameter"]
#: An optimizer over parameter groups, each a mapping with `params` and
#: `param_names`, as torch takes them; the schedule sets `lr` before every step.
MakeOptimizer = Callable[[Sequence[Mapping[str, Any]]], "torch.optim.Optimizer"]
#: A learning rate, or a multiple of one, at an update; the first update is 1.
Rate = Callable[[int], float]
#: The score of hypotheses against references, both detokenized lines and equally many.
ScoreText = Callable[[Sequence[str], Sequence[str]], "Score"]
#: A figure from a report's numbers.
Draw = Callable[[ReportView], "matplotlib.figure.Figure"]


@runtime_checkable
class Predict(Protocol):
    """One forward pass in training, and the only place where one happens."""

    def __call__(
        self, model: Model, batch: Batch, *, update: int, noise: Noise | None
    ) -> Prediction: ...


@runtime_checkable
class Generate(Protocol):
    """Translate sources of one length; `sentences` are their line numbers, the key of any noise."""

    def __call__(
        self,
        model: Model,
        source: Int[torch.Tensor, "sentences source"],
        *,
        sentences: Sequence[int],
    ) -> list[list[int]]: ...


@runtime_checkable
class ModifyModel(Protocol):
    """Fill or alter sites, attach adapters, freeze parameters: once, after initialization."""

    def __call__(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None: ...


@runtime_checkable
class ModifyGradients(Protocol):
    """Change the gradients of one update in place; a gradient keeps its memory layout.

    `parameters` are those that have a gradient, by name. `generator` gives the generator of a key.
    Noise is drawn from one for each parameter, keyed by the names of the regularizer and of the
    parameter, so that it does not depend on which other parameters learn.
    """

    def __call__(
        self,
        parameters: Parameters,
        *,
        update: int,
        generator: Callable[[str], torch.Generator],
    ) -> None: ...


@runtime_checkable
class ModifyWeights(Protocol):
    """Change the weights in place, just before the optimizer's step; `parameters` are by name."""

    def __call__(self, parameters: Parameters, *, update: int, learning_rate: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Regularization:
    """The parts of a regularizer, each None unless it has one.

    `passes` forwards are made of every batch, each with noise of its own. `penalty` takes their
    predictions and is summed over tokens, as losses are. Evaluation averages the probabilities of
    `members` passes, each with noise for adapters and for what sites have for members; 0 is one
    without noise.
    """

    passes: int = 1
    members: int = 0
    modify_model: ModifyModel | None = None
    penalty: Callable[[Sequence[Prediction]], torch.Tensor] | None = None
    modify_gradients: ModifyGradients | None = None
    modify_weights: ModifyWeights | None = None


class ParameterGroup(NamedTuple):
    """Parameters that share a multiple of the schedule's rate; a multiple of 0 freezes them."""

    names: Sequence[str]
    multiple: Rate


@runtime_checkable
class Averager(Protocol):
    """Keeps the weights that are evaluated, stored and started from in place of the last ones."""

    def update(self, weights: Mapping[str, torch.Tensor], update: int) -> None:
        """Take in the weights after an update."""

    def weights(self) -> Mapping[str, torch.Tensor] | None:
        """The averaged weights by parameter name; None as long as there is nothing to average."""

    def state(self) -> Mapping[str, torch.Tensor]:
        """The tensors that a checkpoint must keep."""

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Resume from the state in a checkpoint."""


class Score(NamedTuple):
    """A text metric's value, with the signature that makes it comparable to published ones."""

    value: float
    signature: str


@dataclass(frozen=True, kw_only=True)
class BySentence:
    """A text score as a function of sums over sentences, so that sentences can be resampled.

    `statistics` takes hypotheses and references and gives a row of numbers for each of them, all
    rows equally long; `score` makes the score out of the sum of any such rows.
    """

    statistics: Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
    score: Callable[[Sequence[float]], float]


@runtime_checkable
class Jobs(Protocol):
    """Runs in progress on some machines; the path of its folder is all that a run needs."""

    @property
    def capacity(self) -> int:
        """The number of runs that may be in progress at once."""

    def submit(self, path: Path) -> None:
        """Start one run."""

    def poll(self) -> Iterable[tuple[Path, int]]:
        """The runs that ended since the last call, with their exit status (0: outcome written)."""

    def cancel(self) -> None:
        """End every run in progress, within five seconds."""

    def logs(self, path: Path) -> str:
        """The output of a run, its traceback last."""
