"""The common base of `lora` and `lora_dropout`: their targets, adapters and freezing."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import torch
from annotated_types import Gt, Le, MinLen

from harness.components import Regularizer
from harness.components.options import PositiveFloat
from harness.contracts import Model
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness_regularizers.adapter import PerturbFactors

Target = Literal["query", "key", "value", "output", "feed_forward"]


@dataclass(frozen=True, kw_only=True)
class LowRank(Regularizer):
    """W x + b + s B A x for every target, with B A of rank `rank`; all but A and B is frozen.

    s is `alpha` / rank, or with `rslora` alpha / sqrt(rank). `targets` are the four matrices of an
    attention, in self- and cross-attention of both stacks, and all matrices of the feed-forward
    networks; never the output projection or an embedding.
    """

    adds_adapters: ClassVar[bool] = True

    rank: Annotated[int, Gt(0), Le(4096)] = 8
    alpha: PositiveFloat = 8.0
    targets: Annotated[tuple[Target, ...], MinLen(1)] = ("query", "value")
    rslora: bool = False

    @property
    def scale(self) -> float:
        """The factor s of B A."""
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)

    @abstractmethod
    def _factor_noise(self) -> PerturbFactors | None:
        """The noise on the adapters' factors, or None."""

    def _adapt(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        """Freeze all parameters, then add an adapter to every target."""
        # Deferred: the module defines a torch.nn.Module, and so would load torch for every command.
        from harness_regularizers.adapter import Adapter

        # Before adapters are added, whose own parameters train.
        for _, parameter in model.named_parameters():
            parameter.requires_grad = False
        for name, projection in model.projections.items():
            if not self._is_target(name):
                continue
            if projection.adapter is not None:
                raise HarnessError(
                    f"{self.name}: {name} already has an adapter; turn one of the two off"
                )
            projection.adapter = Adapter(
                name,
                projection=projection,
                rank=self.rank,
                scale=self.scale,
                perturb=self._factor_noise(),
                generator=generator,
            )

    def _is_target(self, name: str) -> bool:
        # The empty name is for projections outside of any sublayer.
        *_, sublayer, matrix = ("", *name.split("."))
        return (
            matrix in self.targets if sublayer.endswith("attention") else sublayer in self.targets
        )
