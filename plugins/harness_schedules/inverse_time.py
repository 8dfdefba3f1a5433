"""Inverse-time decay."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class InverseTime(Schedule):
    """lr(s) = learning_rate / (1 + decay * (s - 1) / every), s >= 1.

    s is the update number, so the first update has `learning_rate` itself, which is halved after
    ``every / decay`` updates. Decaying as 1/s, it satisfies the conditions for the convergence of
    stochastic approximation: the rates sum to infinity, their squares do not (Robbins and Monro
    1951).
    """

    name = "inverse_time"

    learning_rate: PositiveFloat
    decay: PositiveFloat
    every: PositiveInt = 1

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.learning_rate / (1 + self.decay * (update - 1) / self.every)
