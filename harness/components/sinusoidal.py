"""Sinusoidal positions, the default."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components.positions import PlaceCode, Places, Positions

_BLOCK = 64  # the table grows by whole blocks, so that its entries never depend on its history


@dataclass(frozen=True, kw_only=True)
class Sinusoidal(Positions):
    """Sines and cosines of the place, added to the token vectors (Vaswani et al. 2017).

    Section 3.5: PE(p, 2i) = sin(p / 10000^(2i / d_model)), and PE(p, 2i + 1) = cos of the same.
    """

    name = "sinusoidal"

    def fault(self, d_model: int, *, heads: int) -> str | None:
        # Sines and cosines take half each.
        return f"d_model must be even, got {d_model}" if d_model % 2 else None

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        return _Sinusoids(d_model)


def sinusoids(places: int, *, d_model: int) -> Float[torch.Tensor, "places d_model"]:
    """The vectors of the first places, in float64."""
    # In float32, the angle of place 2000 would already be off by some 1e-4.
    place = torch.arange(places, dtype=torch.float64)
    wavelength = 10000.0 ** (torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angle = place[:, None] / wavelength
    # Sine and cosine alternate, as in the paper; other implementations give each one half.
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


class _Sinusoids(PlaceCode):
    """Sinusoids for any length, in the dtype and on the device of the vectors they are added to."""

    def __init__(self, d_model: int) -> None:
        self._d_model = d_model
        # No buffer: its length follows the sentences seen, and is nothing to store or to restore.
        self._table = sinusoids(0, d_model=d_model)

    def embed(
        self, vectors: Float[torch.Tensor, "sentences places d_model"], *, places: Places
    ) -> Float[torch.Tensor, "sentences places d_model"]:
        table = self._table
        if (
            len(table) < places.end
            or table.dtype != vectors.dtype
            or table.device != vectors.device
        ):
            blocks = -(-places.end // _BLOCK)
            table = self._table = sinusoids(blocks * _BLOCK, d_model=self._d_model).to(vectors)
        return vectors + table[places.numbers]
