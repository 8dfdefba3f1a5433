"""The limit on a model's parameters, checked before it is built."""

from __future__ import annotations

from harness.components import Architecture
from harness.contracts import Vocabularies

MOST_PARAMETERS = 2_000_000_000  # Adam keeps 16 bytes for each in single precision: 32 GB
SPECIAL_CLASSES = 4  # of every vocabulary


def size_fault(model: Architecture, *, vocabularies: Vocabularies) -> str | None:
    """The reason that a model is not built, with the way out; None for one within the limit.

    None too for a model that does not count its parameters by its options.
    """
    count = model.parameter_count(vocabularies)
    return None if count is None else count_fault(count)


def count_fault(count: int) -> str | None:
    """The reason that a model of so many parameters is not built; None within the limit."""
    if count <= MOST_PARAMETERS:
        return None
    return (
        f"the model would have {count:.3g} parameters, more than the limit of {MOST_PARAMETERS:g}; "
        "lower d_model, d_ff, the layers or the vocabulary"
    )
