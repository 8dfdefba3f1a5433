"""Slot `initializer`: the initial weights."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Initialize, Setting


@dataclass(frozen=True, kw_only=True)
class Initializer(Component):
    """The initial value of every parameter.

    The built function is called as ``initialize(name, parameter, generator_of)`` for each parameter
    by its canonical name, and fills it in place on the CPU. ``generator_of(key)`` gives a generator
    for a key; keyed by the parameter's name, a parameter that a variant adds changes no other.
    Embedding tables are ``source_embedding.weight`` and ``target_embedding.weight``, those of
    learned positions ``encoder_positions.weight`` and ``decoder_positions.weight``; a
    normalization's name ends in ``norm.weight`` or ``norm.bias``, the matrix that a residual branch
    ends with in ``attention.output.weight`` or ``feed_forward.outer.weight``.

    One whose weights depend on ``setting.branches`` sets `reads_branches` to True, so that a plan
    does not expect a deeper model to begin with the same ones.
    """

    slot: ClassVar[str] = "initializer"
    hook: ClassVar[str] = "harness_initializers"
    reads_branches: ClassVar[bool] = False

    @abstractmethod
    def build(self, setting: Setting) -> Initialize:
        """A function that fills one parameter."""
