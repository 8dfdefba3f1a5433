"""Initial weights and data order shared with the baseline of the same seed: predicted, observed.

Every random number comes from a key, so equal options give equal bits. A prediction claims only
what follows from that; a run may share more by coincidence, such as biases initialized to 0.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.study.experiment import Experiment

Shapes = Mapping[str, tuple[int, ...]]  # of the parameters, by name
Rewriters = Mapping[str, tuple[str, ...]]  # regularizers that wrote an initial weight anew, by name

_MOST_NAMES = 4  # parameters that a message names before it counts the rest


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The parameters with equal initial values, the variant's other ones, and equal data order."""

    parameters: frozenset[str]
    others: frozenset[str]
    order: bool

    def __str__(self) -> str:
        """Text: all, some parameters (and which not), the order only, or the seed only."""
        order = "the order of batches" if self.order else ""
        if not self.parameters:
            return f"{order} only" if order else "the seed only"
        count = f"{len(self.parameters)} of {len(self.parameters) + len(self.others)}"
        weights = f"{count} initial parameters" if self.others else "all initial weights"
        both = f"{weights} and {order}" if order else f"{weights}, not the order of batches"
        return f"{both} (not {_listed(self.others)})" if self.others else both


@dataclass(frozen=True, kw_only=True)
class InitialState:
    """Digests of a run's initial weights by parameter, and of its batches by epoch."""

    weights: Mapping[str, str]
    order: tuple[str, ...]
    shapes: Shapes = field(default_factory=dict)
    rewriters: Rewriters = field(default_factory=dict)


def predict_sharing(
    baseline: Experiment,
    *,
    variant: Experiment,
    shapes: Shapes,
    baseline_shapes: Shapes,
    rewriters: Rewriters,
    baseline_rewriters: Rewriters,
) -> Shared:
    """Predict sharing from the options, and from what regularizers do to a model before training.

    A module's parameters have equal initial values if names, shapes, initializer, width, the
    precision of weights, and pretraining are equal, and those regularizers, with their options,
    that rewrote a parameter; for an initializer that reads the number of branches, all modules too.
    Batches are equal if data, vocabulary, batch size and replicate are.
    """
    modules, baseline_modules = _by_module(shapes), _by_module(baseline_shapes)
    equal = _weight_options(baseline) == _weight_options(variant)
    if variant.initializer.reads_branches:
        equal = equal and modules.keys() == baseline_modules.keys()
    parameters = frozenset(
        name
        for module, parts in modules.items()
        if equal and baseline_modules.get(module) == parts
        for name in parts
        if _rewriting(variant, names=rewriters.get(name, ()))
        == _rewriting(baseline, names=baseline_rewriters.get(name, ()))
    )
    return Shared(
        parameters=parameters,
        others=frozenset(shapes.keys() - parameters),
        order=_order_options(baseline) == _order_options(variant),
    )


def observe_sharing(baseline: InitialState, *, variant: InitialState) -> Shared:
    """Compare the digests of two runs, over the epochs that both completed."""
    parameters = frozenset(
        name for name, digest in variant.weights.items() if baseline.weights.get(name) == digest
    )
    return Shared(
        parameters=parameters,
        others=frozenset(variant.weights.keys() - parameters),
        # `map` ends with the shorter: a run that diverged began fewer epochs.
        order=all(map(operator.eq, baseline.order, variant.order)),
    )


def broken_predictions(predicted: Shared, *, observed: Shared) -> Iterator[str]:
    """A message for everything that was predicted to be shared and is not."""
    missing = predicted.parameters - observed.parameters
    if missing:
        yield f"different initial weights in {_listed(missing)}"
    if predicted.order and not observed.order:
        yield "a different order of batches"


def _by_module(shapes: Shapes) -> Mapping[str, dict[str, tuple[int, ...]]]:
    # By module, because an initializer may draw a bias from a range that its matrix's shape sets.
    modules: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        modules.setdefault(name.rpartition(".")[0], {})[name] = shape
    return modules


def _rewriting(experiment: Experiment, *, names: Sequence[str]) -> list[object]:
    return [experiment.regularizers[name] for name in names]


def _weight_options(experiment: Experiment) -> tuple[object, ...]:
    # The width is among them because an initializer's setting has it, and may use it.
    width, double = experiment.model.d_model, experiment.budget.precision == "float64"
    # With bfloat16 too, weights are drawn and kept in float32.
    return (experiment.initializer, width, double, experiment.starts_from)


def _order_options(experiment: Experiment) -> tuple[object, ...]:
    vocabulary = (experiment.dataset, experiment.tokenizer, experiment.starts_from)
    return (*vocabulary, experiment.budget.batch_tokens, experiment.replicate)


def _listed(names: frozenset[str]) -> str:
    first = sorted(names)[:_MOST_NAMES]
    rest = len(names) - len(first)
    return ", ".join(first) + (f" and {rest} more" if rest else "")
