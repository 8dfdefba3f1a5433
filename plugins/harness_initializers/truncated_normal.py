"""Initialization from a truncated normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.components.options import PositiveFloat
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class TruncatedNormal(Initializer):
    """Matrices from N(0, std^2), with values beyond `cut` standard deviations redrawn.

    BERT's distribution, with its std (Devlin et al. 2019, the authors' code). Truncation lowers the
    standard deviation below `std`: at a `cut` of 2 it is 0.880 times `std`. Embeddings are matrices
    like the others; vectors are as in `xavier_uniform`.
    """

    name = "truncated_normal"
    bare = "std"

    std: PositiveFloat = 0.02
    cut: PositiveFloat = 2.0

    def build(self, setting: Setting) -> Initialize:
        # torch takes absolute bounds: its defaults, -2 and 2, are 100 deviations at a std of 0.02.
        bound = self.cut * self.std
        return matrices(partial(torch.nn.init.trunc_normal_, std=self.std, a=-bound, b=bound))
