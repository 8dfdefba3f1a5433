"""What a variant's runs have in common with the baseline's of the same seed: predicted, and seen.

Every random number comes from a key, so equal choices give equal bits. A prediction claims only
what follows from that; a run may share more by chance, as where both begin with biases of 0.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.study.experiment import Experiment

Shapes = Mapping[str, tuple[int, ...]]  # of the parameters, by name

_NAMED = 4  # parameters that are named before the rest is counted


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The parameters that begin alike, those of the variant that do not, and the order of data."""

    parameters: frozenset[str]
    others: frozenset[str]
    order: bool

    def __str__(self) -> str:
        """In words: all, these parameters (which not), order only, or the seed only."""
        order = "the order of batches" if self.order else ""
        if not self.parameters:
            return f"{order} only" if order else "the seed only"
        count = f"{len(self.parameters)} of {len(self.parameters) + len(self.others)}"
        weights = f"{count} initial parameters" if self.others else "all initial weights"
        both = f"{weights} and {order}" if order else f"{weights}, not the order of batches"
        return f"{both} (not {_listed(self.others)})" if self.others else both


@dataclass(frozen=True, kw_only=True)
class InitialState:
    """What a run began with: digests of its weights by parameter, and of its batches by epoch."""

    weights: Mapping[str, str]
    order: tuple[str, ...]
    shapes: Shapes = field(default_factory=dict)


def predict_sharing(
    baseline: Experiment, *, variant: Experiment, shapes: Shapes, baseline_shapes: Shapes
) -> Shared:
    """What the choices alone promise.

    A module's parameters begin alike if their names, shapes, initializer, width, precision and
    start are the same; batches are alike if data, vocabulary, size of batch and replicate are.
    """
    ours, theirs = _by_module(shapes), _by_module(baseline_shapes)
    alike = _weights_of(baseline) == _weights_of(variant)
    parameters = frozenset(
        name
        for module, parts in ours.items()
        if alike and theirs.get(module) == parts
        for name in parts
    )
    return Shared(
        parameters=parameters,
        others=frozenset(shapes.keys() - parameters),
        order=_order_of(baseline) == _order_of(variant),
    )


def observe_sharing(baseline: InitialState, *, variant: InitialState) -> Shared:
    """What two runs did have in common, over the epochs that both met."""
    parameters = frozenset(
        name for name, digest in variant.weights.items() if baseline.weights.get(name) == digest
    )
    return Shared(
        parameters=parameters,
        others=frozenset(variant.weights.keys() - parameters),
        order=all(map(operator.eq, baseline.order, variant.order)),
    )


def unmet_predictions(promise: Shared, *, kept: Shared) -> Iterator[str]:
    """What was predicted to be shared and was not, in words."""
    missing = promise.parameters - kept.parameters
    if missing:
        yield f"other initial weights in {_listed(missing)}"
    if promise.order and not kept.order:
        yield "another order of batches"


def _by_module(shapes: Shapes) -> Mapping[str, dict[str, tuple[int, ...]]]:
    # By module, because an initializer may draw a bias as wide as the matrix beside it asks for.
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        found.setdefault(name.rpartition(".")[0], {})[name] = shape
    return found


def _weights_of(experiment: Experiment) -> tuple[object, ...]:
    # The width, because an initializer is told it and may use it.
    width, precision = experiment.model.d_model, experiment.budget.precision
    return (experiment.initializer, width, precision, experiment.starts_from)


def _order_of(experiment: Experiment) -> tuple[object, ...]:
    vocabulary = (experiment.dataset, experiment.tokenizer, experiment.starts_from)
    return (*vocabulary, experiment.budget.batch_tokens, experiment.replicate)


def _listed(names: frozenset[str]) -> str:
    first = sorted(names)[:_NAMED]
    rest = len(names) - len(first)
    return ", ".join(first) + (f" and {rest} more" if rest else "")
