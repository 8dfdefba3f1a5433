"""Smaller initial weights where a branch returns to the residual path."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Initializer
from harness.contracts import Initialize, Setting

_OUTPUT = re.compile(r"(\w+)\.\d+\.(?:\w*attention\.output|feed_forward\.outer)\.weight")


@dataclass(frozen=True, kw_only=True)
class ScaledResiduals(Initializer):
    """Another initialization, its residual branches scaled by 1 / sqrt(n) (Radford et al. 2019).

    GPT-2's, with ``of: {normal: 0.02}``: sums over n branches have the variance of one. n counts
    the branches of a stack: two in each layer, and three in a decoder that attends to a source.
    Scaled are the matrices that a branch ends with, ``attention.output`` and
    ``feed_forward.outer``, after `of` has drawn them. In a post-norm model each normalization
    undoes the growth that this prevents.
    """

    name = "scaled_residuals"
    bare = "of"
    reads_branches = True

    of: Initializer

    def build(self, setting: Setting) -> Initialize:
        """The other initializer, then the scale, read off a parameter's name."""
        initialize = self.of.build(setting)

        def scaled(
            name: str,
            parameter: Float[torch.Tensor, "..."],
            generator_of: Callable[[str], torch.Generator],
        ) -> None:
            initialize(name, parameter, generator_of)
            if match := _OUTPUT.fullmatch(name):
                parameter.mul_(1 / math.sqrt(setting.branches[match[1]]))

        return scaled
