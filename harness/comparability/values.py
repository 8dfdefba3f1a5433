"""How comparable variants are, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.comparability.controls import Controls


class Sharing(NamedTuple):
    """What a variant's runs had in common with the baseline's of the same seed, in words."""

    variant: str
    predicted: str
    seen: str  # the least that any seed had
    seeds: int  # that both sides ran


@dataclass(frozen=True, kw_only=True)
class Comparability:
    """How comparable the variants were.

    `controls` is a mean over the seeds that all variants finished, `cautions` what a reader ought
    to know, and `broken` the predictions of pairing that the runs did not keep: errors.
    """

    controls: Mapping[str, Controls] = field(default_factory=dict)
    sharing: Sequence[Sharing] = ()
    cautions: Sequence[str] = ()
    broken: Sequence[str] = ()
