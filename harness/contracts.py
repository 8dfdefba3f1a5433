"""The frozen values and protocols that slots and hooks name: what strangers may rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int

from harness.streams import Noise

PAD, BOS, EOS, UNK = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")

Split = Literal["train", "validation", "test"]

# The scores that every run has and no plugin can redefine; whether higher is better.
CORE_METRICS = {"nll": False, "perplexity": False, "token_accuracy": True}


# --- text ---------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A sentence and its translation, as the raw lines of their files."""

    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The three splits of a dataset, in the order of their files."""

    train: Sequence[Pair]
    validation: Sequence[Pair]
    test: Sequence[Pair]


@runtime_checkable
class Codec(Protocol):
    """Text to token numbers and back; the numbers below 4 are pad, bos, eos and unk."""

    @property
    def size(self) -> int:
        """How many token numbers there are, the four special ones included."""

    def encode(self, line: str) -> list[int]:
        """The numbers of a raw line, without bos and eos; what is not known becomes unk."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Detokenised text; special tokens other than unk are left out."""


class Codecs(NamedTuple):
    """What a tokenizer builds from the training split: one codec a side, perhaps the same one."""

    source: Codec
    target: Codec


# --- setting ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a component is told when it is built; its own options never repeat any of it.

    `classes` counts the target vocabulary with its special tokens, `updates` the whole budget.
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


# --- tensors ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Sentences padded on the right; targets begin with bos and end with eos."""

    source: Int[torch.Tensor, "sentences source"]
    target: Int[torch.Tensor, "sentences target_with_bos"]
    tokens: int  # real target tokens to predict, eos included: known before any forward

    @property
    def target_input(self) -> Int[torch.Tensor, "sentences target"]:
        """What the decoder is fed: everything but the last token (shifted right by the bos)."""
        return self.target[:, :-1]

    @property
    def target_next(self) -> Int[torch.Tensor, "sentences target"]:
        """What is to be predicted: everything but the bos."""
        return self.target[:, 1:]

    @property
    def real(self) -> Bool[torch.Tensor, "sentences target"]:
        """Where `target_next` is a token and not padding."""
        return self.target_next != PAD


class Memory(NamedTuple):
    """What the encoder made of the source; `visible` is None when nothing is padded."""

    states: Float[torch.Tensor, "sentences source d_model"]
    visible: Bool[torch.Tensor, "sentences source"] | None


class Prediction(NamedTuple):
    """One forward pass, at the real target positions only."""

    logits: Float[torch.Tensor, "tokens classes"]
    targets: Int[torch.Tensor, "tokens"]
    hidden: Float[torch.Tensor, "tokens d_model"]


# --- model --------------------------------------------------------------------------------------

# Aliases quote torch, which an alias would load; annotations are strings already.
Effect = Callable[["torch.Tensor", "Site", Noise], "torch.Tensor"]


@dataclass(eq=False, kw_only=True)
class Site:
    """A named place in the model where noise may be put; empty, it is the identity for free.

    `names` runs from the kind alone to the whole path, for example ``attention.weights``,
    ``decoder.attention.weights``, ``decoder.1.attention.weights``,
    ``decoder.1.cross_attention.attention.weights``. `layout` names the dimensions of the value.
    """

    names: tuple[str, ...]
    layout: str
    effects: list[Effect] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The site's row in the table of sites, such as ``residual``."""
        return self.names[0]

    @property
    def path(self) -> str:
        """The site's full name, unique in a model: the key of its noise."""
        return self.names[-1]

    def fill(self, effect: Effect) -> None:
        """Put one more effect here; effects act in the order in which they came."""
        self.effects.append(effect)

    def active(self, noise: Noise | None) -> bool:
        """Whether calling the site would change anything."""
        return noise is not None and bool(self.effects)

    def __call__(self, value: torch.Tensor, noise: Noise | None) -> torch.Tensor:
        if noise is not None:
            for effect in self.effects:
                value = effect(value, self, noise)
        return value


@runtime_checkable
class Cache(Protocol):
    """Keys and values of the tokens decoded so far."""

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Cache:
        """The cache of these sentences, in this order."""


@runtime_checkable
class Model(Protocol):
    """The surface of the Transformer that policies, generations and regularizers may use."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """Every site by its path."""

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Every parameter once, by its canonical name, ``decoder.0.feed_forward.inner.weight``."""

    def encode(
        self, source: Int[torch.Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Run the encoder; padding is hidden by token number."""

    def embed(
        self, tokens: Int[torch.Tensor, "sentences target"]
    ) -> Float[torch.Tensor, "sentences target d_model"]:
        """Target token vectors times sqrt(d_model), without positions or noise."""

    def decode(
        self,
        embedded: Float[torch.Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[torch.Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[torch.Tensor, "sentences target d_model"]:
        """Run the decoder over token vectors; `visible` replaces the causal mask (True: seen)."""

    def project(
        self, hidden: Float[torch.Tensor, "*places d_model"]
    ) -> Float[torch.Tensor, "*places classes"]:
        """Logits from hidden states."""

    def start(self, memory: Memory) -> Cache:
        """An empty cache over an encoded source, for `step`."""

    def step(
        self, tokens: Int[torch.Tensor, "sentences"], cache: Cache
    ) -> Float[torch.Tensor, "sentences d_model"]:
        """Feed one more token a sentence, growing the cache; what predicts the next."""


# --- what components build ----------------------------------------------------------------------

Initialize = Callable[[str, "torch.Tensor", Callable[[str], "torch.Generator"]], None]
Loss = Callable[
    ["Float[torch.Tensor, 'tokens classes']", "Int[torch.Tensor, 'tokens']"],
    "Float[torch.Tensor, '']",
]
Parameters = Sequence["torch.nn.Parameter"]
MakeOptimizer = Callable[[Sequence[Mapping[str, Any]]], "torch.optim.Optimizer"]
Rate = Callable[[int], float]
ScoreText = Callable[[Sequence[str], Sequence[str]], "Score"]


@runtime_checkable
class Predict(Protocol):
    """One pass of teaching: the only place where a forward happens in training."""

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
    """Fill sites or add adapters, once, after initialisation."""

    def __call__(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None: ...


@runtime_checkable
class ModifyGradients(Protocol):
    """Change the gradients of one update in place; a gradient keeps its memory layout."""

    def __call__(
        self, parameters: Parameters, *, update: int, generator: torch.Generator
    ) -> None: ...


@runtime_checkable
class ModifyWeights(Protocol):
    """Change the weights in place, just before the optimizer's step."""

    def __call__(self, parameters: Parameters, *, update: int, learning_rate: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Regularization:
    """What a regularizer does, each part only where it does something.

    `passes` forwards are made of every batch, each with noise of its own. `penalty` takes their
    predictions and is summed over tokens, as losses are.
    """

    passes: int = 1
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
        """What a checkpoint must keep."""

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on from a checkpoint."""


class Score(NamedTuple):
    """A text metric's answer, with the signature that makes it comparable elsewhere."""

    value: float
    signature: str


@runtime_checkable
class Jobs(Protocol):
    """Runs being carried out somewhere; a path to the run's folder is all they need."""

    @property
    def capacity(self) -> int:
        """How many runs may be under way at once."""

    def submit(self, path: Path) -> None:
        """Begin one run."""

    def poll(self) -> Iterable[tuple[Path, int]]:
        """The runs that ended since the last call, with their exit status (0: outcome written)."""

    def cancel(self) -> None:
        """End everything that is under way."""

    def logs(self, path: Path) -> str:
        """What a run printed, its traceback last."""


# --- facts and findings -------------------------------------------------------------------------


class Measurement(NamedTuple):
    """One number learned on the way; `update` 0 is before training."""

    update: int
    split: Split
    metric: str
    value: float


class SeedValues(NamedTuple):
    """One complete pair."""

    seed: int
    baseline: float
    variant: float


Verdict = Literal["better", "worse", "equivalent", "inconclusive", "identical", "no_inference"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A variant against the baseline on one metric, over the seeds that both finished.

    `difference` is variant minus baseline in the metric's own unit; None where there is no number.
    `p_floor` is the smallest p that the sign-flip test can reach with `n` seeds.
    """

    variant: str
    metric: str
    split: str
    role: Literal["primary", "exploratory"]
    n: int
    baseline_mean: float | None
    variant_mean: float | None
    difference: float | None
    interval_low: float | None
    interval_high: float | None
    p: float | None
    p_adjusted: float | None
    p_sign_flip: float | None
    p_floor: float | None
    higher_is_better: bool
    verdict: Verdict
    reason: str
    per_seed: tuple[SeedValues, ...]


class Run(NamedTuple):
    """One experiment with one seed, as its worker sees it; `path` is the folder of its facts."""

    seed: int
    digest: str
    path: Path


class RunView(NamedTuple):
    """One planned run, as observers see it; `path` is the folder that holds its facts."""

    variant: str
    seed: int
    digest: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class StudyView:
    """A study and its runs, as observers see them."""

    name: str
    question: str
    path: Path
    runs: Sequence[RunView]


@runtime_checkable
class LedgerView(Protocol):
    """The folder of runs, read only; half-written lines are never shown."""

    def measurements(self, digest: str) -> Sequence[Measurement]:
        """What a run has measured so far."""

    def outcome(self, digest: str) -> Mapping[str, Any] | None:
        """How a run ended; None as long as it has not."""
