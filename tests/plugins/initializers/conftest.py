from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from harness import streams
from harness.components import Initializer
from harness.contracts import Setting

Initialized = Callable[..., dict[str, Tensor]]


@pytest.fixture
def initialized() -> Initialized:
    """Parameters after initialization, by name; any entry that was not set is NaN."""

    def initialized(
        initializer: Initializer, shapes: Mapping[str, tuple[int, ...]]
    ) -> dict[str, Tensor]:
        initialize = initializer.build(Setting(seed=1, classes=11, d_model=8, updates=10))
        filled = {name: nn.Parameter(torch.full(shape, math.nan)) for name, shape in shapes.items()}
        with torch.no_grad():
            for name, parameter in filled.items():
                initialize(name, parameter, partial(streams.generator, 3, "init"))
        return {name: parameter.detach() for name, parameter in filled.items()}

    return initialized
