"""Supply: the components that a study can name.

When: once, in the coordinator and in every worker. Who answers: every plugin with something to
offer. Returns: component classes of the slot, each name unique. Must not: build or read anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness import components
from harness.hookspecs.markers import hookspec


@hookspec
def harness_datasets() -> Sequence[type[components.Dataset]]:
    """Offer datasets: sentence pairs in three splits.

    Example::

        @hookimpl
        def harness_datasets():
            return [Proverbs]
    """


@hookspec
def harness_tokenizers() -> Sequence[type[components.Tokenizer]]:
    """Offer tokenizers: text to token ids and back.

    Example::

        @hookimpl
        def harness_tokenizers():
            return [Syllables]
    """


@hookspec
def harness_models() -> Sequence[type[components.Architecture]]:
    """Offer models: the network from token numbers to logits.

    Example::

        @hookimpl
        def harness_models():
            return [Universal]
    """


@hookspec
def harness_normalizations() -> Sequence[type[components.Normalization]]:
    """Offer normalizations of a model's states, nested in a model.

    Example::

        @hookimpl
        def harness_normalizations():
            return [ScaleNorm]
    """


@hookspec
def harness_feed_forwards() -> Sequence[type[components.FeedForward]]:
    """Offer feed-forward networks: their activations, gated or not, nested in a model.

    Example::

        @hookimpl
        def harness_feed_forwards():
            return [SquaredRelu]
    """


@hookspec
def harness_positions() -> Sequence[type[components.Positions]]:
    """Offer positions: how a model knows the order of its tokens, nested in a model.

    Example::

        @hookimpl
        def harness_positions():
            return [RelativeBias]
    """


@hookspec
def harness_initializers() -> Sequence[type[components.Initializer]]:
    """Offer initializers: the initial weights.

    Example::

        @hookimpl
        def harness_initializers():
            return [Orthogonal]
    """


@hookspec
def harness_regularizers() -> Sequence[type[components.Regularizer]]:
    """Offer regularizers: dropout, penalties, adapters, changes to gradients and weights.

    Example::

        @hookimpl
        def harness_regularizers():
            return [WordDropout]
    """


@hookspec
def harness_losses() -> Sequence[type[components.Loss]]:
    """Offer losses: the training objective.

    Example::

        @hookimpl
        def harness_losses():
            return [Focal]
    """


@hookspec
def harness_optimizers() -> Sequence[type[components.Optimizer]]:
    """Offer optimizers: gradients to steps.

    Example::

        @hookimpl
        def harness_optimizers():
            return [Lion]
    """


@hookspec
def harness_parameter_groups() -> Sequence[type[components.ParameterGroups]]:
    """Offer parameter groups: a multiple of the learning rate for each parameter.

    Example::

        @hookimpl
        def harness_parameter_groups():
            return [BiasesFaster]
    """


@hookspec
def harness_schedules() -> Sequence[type[components.Schedule]]:
    """Offer schedules: the learning rate, update by update.

    Example::

        @hookimpl
        def harness_schedules():
            return [Cosine]
    """


@hookspec
def harness_decoding_policies() -> Sequence[type[components.DecodingPolicy]]:
    """Offer decoding policies: training-time decoding (teacher forcing and its alternatives).

    Example::

        @hookimpl
        def harness_decoding_policies():
            return [ProfessorForcing]
    """


@hookspec
def harness_decays() -> Sequence[type[components.Decay]]:
    """Offer decays: numbers that fall over time, nested in a decoding policy.

    Example::

        @hookimpl
        def harness_decays():
            return [Sigmoid]
    """


@hookspec
def harness_averagings() -> Sequence[type[components.Averaging]]:
    """Offer averagings: averages of the weights, evaluated in their place.

    Example::

        @hookimpl
        def harness_averagings():
            return [Polyak]
    """


@hookspec
def harness_generations() -> Sequence[type[components.Generation]]:
    """Offer generations: decoding strategies, such as greedy or beam search.

    Example::

        @hookimpl
        def harness_generations():
            return [Diverse]
    """


@hookspec
def harness_metrics() -> Sequence[type[components.Metric]]:
    """Offer metrics: scores of generated text.

    Example::

        @hookimpl
        def harness_metrics():
            return [TranslationEditRate]
    """


@hookspec
def harness_figures() -> Sequence[type[components.Figure]]:
    """Offer figures: pictures of a report's numbers.

    Example::

        @hookimpl
        def harness_figures():
            return [Histogram]
    """


@hookspec
def harness_trackers() -> Sequence[type[components.Tracker]]:
    """Offer trackers: copies of runs where people watch them.

    Example::

        @hookimpl
        def harness_trackers():
            return [Dashboard]
    """


@hookspec
def harness_executors() -> Sequence[type[components.Executor]]:
    """Offer executors: places to carry out runs: this machine, a cluster.

    Example::

        @hookimpl
        def harness_executors():
            return [Cluster]
    """
