"""Slot `regularizers`: dropout, penalties, adapters, changes to gradients and weights."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class Regularizer(Component):
    """Acts on sites, on the objective, on gradients or on weights; a study may name several.

    Noise must come from the `Noise` that a site or an adapter is called with, or from the source of
    generators that a part is called with, never from a global generator; keys open with the name of
    the regularizer, so that no two draw the same numbers. `excludes` names those that it cannot be
    combined with. One that `adds_adapters`, which are parameters, makes a run that no other can
    start from.
    """

    slot: ClassVar[str] = "regularizers"
    hook: ClassVar[str] = "harness_regularizers"
    excludes: ClassVar[tuple[str, ...]] = ()
    adds_adapters: ClassVar[bool] = False

    @abstractmethod
    def build(self, setting: Setting) -> Regularization:
        """Its parts, each None unless it has one."""
