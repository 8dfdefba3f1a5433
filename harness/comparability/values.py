"""The comparability of a study's variants, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.comparability.controls import Controls


class Sharing(NamedTuple):
    """The weights and data order that a variant shares with the baseline of its seed, as text."""

    variant: str
    predicted: str
    observed: str  # the least over all seeds
    seeds: int  # that both sides ran


@dataclass(frozen=True, kw_only=True)
class Comparability:
    """Side effects and sharing of all variants.

    `controls` are means over the seeds that all variants finished. `cautions` are possible
    confounders. `broken` are predictions of sharing that the runs contradict, which are errors.
    """

    controls: Mapping[str, Controls] = field(default_factory=dict)
    sharing: Sequence[Sharing] = ()
    cautions: Sequence[str] = ()
    broken: Sequence[str] = ()
