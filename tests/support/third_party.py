"""A third-party plugin with components in every slot, to test the core without our plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pluggy

from harness import components, hookspecs
from harness.components.layer_norm import LayerNorm
from harness.components.options import (
    PositiveFloat,
    PositiveInt,
    Probability,
    ProbabilityBelowOne,
    TextFile,
    TrainedRun,
)
from harness.components.relu import Relu
from harness.components.sinusoidal import Sinusoidal
from harness.hookspecs import hookimpl
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins
from harness_models.encoder_decoder import EncoderDecoder


class NeverBuilt:
    """A base for components that no test builds."""

    def build(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Side:
    """Two parallel files."""

    source: TextFile
    target: TextFile
    limit: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class ParallelText(NeverBuilt, components.Dataset):
    """Sentences from files."""

    name: ClassVar[str] = "parallel_text"
    train: Side
    test: Side | None = None


@dataclass(frozen=True, kw_only=True)
class Proverbs(NeverBuilt, components.Dataset):
    """Generated proverbs."""

    name = "proverbs"
    train: PositiveInt = 10


@dataclass(frozen=True, kw_only=True)
class Word(NeverBuilt, components.Tokenizer):
    """Words."""

    name = "word"


@dataclass(frozen=True, kw_only=True)
class Zeros(NeverBuilt, components.Initializer):
    """Zeros."""

    name = "zeros"


@dataclass(frozen=True, kw_only=True)
class Dropout(NeverBuilt, components.Regularizer):
    """Drops what it is told to.

    More about it.
    """

    name = "dropout"
    bare = "rate"
    rate: ProbabilityBelowOne = 0.0
    rates: Mapping[str, ProbabilityBelowOne] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RDrop(NeverBuilt, components.Regularizer):
    """Two passes that should agree."""

    name = "r_drop"
    alpha: PositiveFloat = 5.0


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(NeverBuilt, components.Loss):
    """Cross-entropy."""

    name = "cross_entropy"


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(NeverBuilt, components.Loss):
    """Smoothed cross-entropy."""

    name = "label_smoothing"
    smoothing: ProbabilityBelowOne = 0.1
    convention: Literal["all", "others"] = "all"


@dataclass(frozen=True, kw_only=True)
class Adam(NeverBuilt, components.Optimizer):
    """Steps."""

    name = "adam"
    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.98)
    eps: PositiveFloat = 1e-9
    decoupled: bool = False


@dataclass(frozen=True, kw_only=True)
class LayerWise(NeverBuilt, components.ParameterGroups):
    """Deeper is slower."""

    name = "layer_wise"
    factor: PositiveFloat = 0.5


@dataclass(frozen=True, kw_only=True)
class Noam(NeverBuilt, components.Schedule):
    """Up, then down."""

    name = "noam"
    warmup: PositiveInt
    factor: PositiveFloat = 1.0


@dataclass(frozen=True, kw_only=True)
class Piecewise(NeverBuilt, components.Schedule):
    """A rate for every stretch."""

    name = "piecewise"
    rates: Sequence[PositiveFloat] = (1.0,)
    until: tuple[PositiveInt, ...] = ()
    before: PositiveInt | Literal["never"] = "never"

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.until) + 1:
            raise ValueError(f"{len(self.rates)} rates need {len(self.rates) - 1} ends")


@dataclass(frozen=True, kw_only=True)
class TeacherForcing(NeverBuilt, components.DecodingPolicy):
    """Gold tokens."""

    name = "teacher_forcing"


@dataclass(frozen=True, kw_only=True)
class ScheduledSampling(NeverBuilt, components.DecodingPolicy):
    """Gold tokens, and others."""

    name = "scheduled_sampling"
    decay: components.Decay
    later: components.Decay | None = None
    stages: tuple[components.Decay, ...] = ()
    by_layer: Mapping[str, components.Decay] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Linear(NeverBuilt, components.Decay):
    """A straight line."""

    name = "linear"
    start: Probability = 1.0
    end: Probability = 0.0


@dataclass(frozen=True, kw_only=True)
class Ema(NeverBuilt, components.Averaging):
    """A running mean."""

    name = "ema"
    bare = "decay"
    decay: Probability = 0.999


@dataclass(frozen=True, kw_only=True)
class Anchor(NeverBuilt, components.Averaging):
    """Stays near another run."""

    name = "anchor"
    runs: tuple[TrainedRun, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Greedy(NeverBuilt, components.Generation):
    """The likeliest."""

    name = "greedy"


@dataclass(frozen=True, kw_only=True)
class Speculative(NeverBuilt, components.Generation):
    """Asks a smaller model first."""

    name = "speculative"
    draft: TrainedRun


@dataclass(frozen=True, kw_only=True)
class Bleu(NeverBuilt, components.Metric):
    """Words that are right."""

    name = "bleu"
    lowercase: bool = False


@dataclass(frozen=True, kw_only=True)
class Chrf(NeverBuilt, components.Metric):
    """Letters that are right."""

    name = "chrf"


@dataclass(frozen=True, kw_only=True)
class Forest(NeverBuilt, components.Figure):
    """Trees."""

    name = "forest"


@dataclass(frozen=True, kw_only=True)
class Cost(NeverBuilt, components.Figure):
    """Money."""

    name = "cost"
    bare = "against"
    against: Literal["seconds", "target_tokens"] = "seconds"


@dataclass(frozen=True, kw_only=True)
class Pie(NeverBuilt, components.Figure):
    """Not asked for."""

    name = "pie"


@dataclass(frozen=True, kw_only=True)
class Local(NeverBuilt, components.Executor):
    """Here."""

    name = "local"


@dataclass(frozen=True, kw_only=True)
class Mlflow(NeverBuilt, components.Tracker):
    """There."""

    name = "mlflow"


class Stranger:
    """The plugin; its hooks are methods."""

    @hookimpl
    def harness_datasets(self) -> list[type]:
        return [Proverbs, ParallelText]

    @hookimpl
    def harness_tokenizers(self) -> list[type]:
        return [Word]

    @hookimpl
    def harness_models(self) -> list[type]:
        return [EncoderDecoder]

    @hookimpl
    def harness_normalizations(self) -> list[type]:
        return [LayerNorm]

    @hookimpl
    def harness_feed_forwards(self) -> list[type]:
        return [Relu]

    @hookimpl
    def harness_positions(self) -> list[type]:
        return [Sinusoidal]

    @hookimpl
    def harness_initializers(self) -> list[type]:
        return [Zeros]

    @hookimpl
    def harness_regularizers(self) -> list[type]:
        return [Dropout, RDrop]

    @hookimpl
    def harness_losses(self) -> list[type]:
        return [CrossEntropy, LabelSmoothing]

    @hookimpl
    def harness_optimizers(self) -> list[type]:
        return [Adam]

    @hookimpl
    def harness_parameter_groups(self) -> list[type]:
        return [LayerWise]

    @hookimpl
    def harness_schedules(self) -> tuple[type, ...]:
        return (Noam, Piecewise)

    @hookimpl
    def harness_decoding_policies(self) -> list[type]:
        return [TeacherForcing, ScheduledSampling]

    @hookimpl
    def harness_decays(self) -> list[type]:
        return [Linear]

    @hookimpl
    def harness_averagings(self) -> list[type]:
        return [Ema, Anchor]

    @hookimpl
    def harness_generations(self) -> list[type]:
        return [Greedy, Speculative]

    @hookimpl
    def harness_metrics(self) -> list[type]:
        return [Bleu, Chrf]

    @hookimpl
    def harness_figures(self) -> list[type]:
        return [Pie, Cost, Forest]

    @hookimpl
    def harness_executors(self) -> list[type]:
        return [Local]

    @hookimpl
    def harness_trackers(self) -> list[type]:
        return [Mlflow]


def plugins(**more: object) -> Plugins:
    """The third-party plugin alone, or with others by their names."""
    registry = pluggy.PluginManager("harness")
    registry.add_hookspecs(hookspecs)
    for name, plugin in {"stranger": Stranger(), **more}.items():
        registry.register(plugin, name)
    return Plugins(registry)


def catalog(**more: object) -> Catalog:
    """The catalog of the same plugins."""
    return Catalog.of(plugins(**more))
