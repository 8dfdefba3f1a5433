from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from harness.components import Averaging
from harness.contracts import Averager, Setting

UPDATES = 12
Walk = list[dict[str, Tensor]]


@pytest.fixture
def walk() -> Walk:
    """The weights after each of twelve updates."""
    generator = torch.Generator().manual_seed(4)
    shapes = {"a.weight": (3, 2), "a.bias": (3,)}
    return [
        {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
        for _ in range(UPDATES)
    ]


@pytest.fixture
def averages(walk: Walk) -> Callable[[Averaging], list[Mapping[str, Tensor] | None]]:
    """The averaged weights after each update; a copy, as evaluation makes one."""

    def averages(averaging: Averaging) -> list[Mapping[str, Tensor] | None]:
        averager = averaging.build(Setting(seed=1, classes=11, d_model=8, updates=UPDATES))
        seen: list[Mapping[str, Tensor] | None] = []
        for update, weights in enumerate(walk, start=1):
            averager.update(weights, update)
            now = averager.weights()
            seen.append(now and {name: weight.clone() for name, weight in now.items()})
        return seen

    return averages


@pytest.fixture
def resumed(walk: Walk) -> Callable[..., Mapping[str, Tensor] | None]:
    """The average at the end, after a checkpoint through a file at some update."""

    def resumed(averaging: Averaging, *, after: int) -> Mapping[str, Tensor] | None:
        setting = Setting(seed=1, classes=11, d_model=8, updates=UPDATES)
        before, averager = averaging.build(setting), averaging.build(setting)
        _take(before, walk, first=0, last=after)
        file = io.BytesIO()
        torch.save(dict(before.state()), file)
        file.seek(0)
        averager.restore(torch.load(file, weights_only=True))
        _take(averager, walk, first=after, last=UPDATES)
        return averager.weights()

    return resumed


def _take(averager: Averager, walk: Walk, *, first: int, last: int) -> None:
    for update in range(first, last):
        averager.update(walk[update], update + 1)
