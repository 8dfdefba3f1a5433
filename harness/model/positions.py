"""Sinusoidal positions (Vaswani et al. 2017, section 3.5)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_BLOCK = 64  # the table grows by whole blocks, so that its entries never depend on its history


def sinusoids(places: int, *, d_model: int) -> Float[Tensor, "places d_model"]:
    """PE(p, 2i) = sin(p / 10000^(2i / d_model)) and PE(p, 2i + 1) = cos of the same, in float64."""
    # In float32, the angle of place 2000 would already be off by some 1e-4.
    place = torch.arange(places, dtype=torch.float64)
    wavelength = 10000.0 ** (torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angle = place[:, None] / wavelength
    # Sine and cosine alternate, as in the paper; other implementations give each one half.
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


class Positions:
    """Sinusoids for any length, in the dtype and on the device of the vectors they are added to."""

    def __init__(self, d_model: int) -> None:
        self._d_model = d_model
        # No buffer: its length follows the sentences seen, and is nothing to store or to restore.
        self._table = sinusoids(0, d_model=d_model)

    def add(
        self, embedded: Float[Tensor, "sentences places d_model"], *, first: int = 0
    ) -> Float[Tensor, "sentences places d_model"]:
        """Token vectors plus their positions, the first of which is `first`."""
        last = first + embedded.shape[1]
        table = self._table
        if len(table) < last or table.dtype != embedded.dtype or table.device != embedded.device:
            blocks = -(-last // _BLOCK)
            table = self._table = sinusoids(blocks * _BLOCK, d_model=self._d_model).to(embedded)
        return embedded + table[first:last]
