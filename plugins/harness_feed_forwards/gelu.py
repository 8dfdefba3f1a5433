"""The Gaussian error linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from harness.components import FeedForward
from harness.contracts import Transform


@dataclass(frozen=True, kw_only=True)
class Gelu(FeedForward):
    """f(x) = x Phi(x), Phi the standard normal distribution (Hendrycks and Gimpel 2016).

    ``approximate: tanh`` is x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), which GPT-2
    uses.
    """

    name = "gelu"
    bare = "approximate"

    approximate: Literal["none", "tanh"] = "none"

    def build(self) -> Transform:
        return partial(torch.nn.functional.gelu, approximate=self.approximate)
