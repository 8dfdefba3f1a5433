"""What `lora` and `lora_dropout` share: which matrices are adapted, how, and the freezing."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import torch
from annotated_types import MinLen

from harness.components import Regularizer
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Model
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness_regularizers.adapter import Disturb

Target = Literal["query", "key", "value", "output", "feed_forward"]


@dataclass(frozen=True, kw_only=True)
class LowRank(Regularizer):
    """W x + b + s B A x beside every target, with B A of rank `rank`; all but A and B is frozen.

    s is `alpha` / rank, or with `rslora` alpha / sqrt(rank). `targets` are the attentions' four
    matrices, each in self- and cross-attention of both stacks, and both of the feed-forward
    networks; never the output projection or an embedding.
    """

    rank: PositiveInt = 8
    alpha: PositiveFloat = 8.0
    targets: Annotated[tuple[Target, ...], MinLen(1)] = ("query", "value")
    rslora: bool = False

    @property
    def scale(self) -> float:
        """s, by which B A is multiplied."""
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)

    @abstractmethod
    def _disturb(self) -> Disturb | None:
        """What noise does to the adapters; None if nothing."""

    def _adapt(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        """Freeze what there is, and hang an adapter beside every target."""
        from harness_regularizers.adapter import Adapter

        for _, parameter in model.named_parameters():
            parameter.requires_grad = False
        for name, projection in model.projections.items():
            if not self._aims_at(name):
                continue
            if projection.adapter is not None:
                raise HarnessError(f"{self.name}: {name} has an adapter already; drop one of them")
            projection.adapter = Adapter(
                name,
                beside=projection,
                rank=self.rank,
                scale=self.scale,
                disturb=self._disturb(),
                generator=generator,
            )

    def _aims_at(self, name: str) -> bool:
        *_, part, last = ("", *name.split("."))
        return last in self.targets if part.endswith("attention") else part in self.targets
