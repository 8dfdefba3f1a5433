"""Regularizers applied to a small model, and the masks that they draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from harness import streams
from harness.components import Regularizer
from harness.contracts import Batch, Setting
from harness.streams import Noise
from harness_models.transformer import Transformer

SETTING = Setting(seed=3, classes=12, d_model=8, updates=100)
NOISE = Noise(seed=3, update=5)


@dataclass(frozen=True, kw_only=True)
class Recording(Noise):
    """Noise that records its masks by their keys, and raises on a repeated key."""

    masks: dict[str, torch.Tensor] = field(default_factory=dict)

    def keep(self, site: str, shape: Sequence[int], rate: float) -> torch.Tensor:
        assert site not in self.masks, f"two masks from one key, {site}"
        self.masks[site] = super().keep(site, shape, rate)
        return self.masks[site]


def regularize(regularizer: Regularizer, model: Transformer) -> Transformer:
    """Apply a regularizer to a model, and return the model."""
    modify = regularizer.build(SETTING).modify_model
    assert modify is not None
    modify(model, generator=partial(streams.generator, 3, "init"))
    return model


def hidden_states(model: Transformer, batch: Batch, noise: Noise | None = NOISE) -> torch.Tensor:
    """The decoder's hidden states."""
    memory = model.encode(batch.source, noise=noise)
    return model.decode(model.embed(batch.target_input), memory, noise=noise)


def masks(model: Transformer, batch: Batch, *, update: int = 5) -> dict[str, torch.Tensor]:
    """Every mask that a forward pass draws, by its key."""
    noise = Recording(seed=3, update=update)
    hidden_states(model, batch, noise)
    return noise.masks
