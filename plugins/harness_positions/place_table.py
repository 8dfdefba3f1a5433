"""The trained vectors of learned positions."""

from __future__ import annotations

import torch
from jaxtyping import Float

from harness.components.positions import PlaceCode, Places
from harness.errors import HarnessError


class PlaceTable(torch.nn.Module, PlaceCode):
    """A row of `weight` for each place; 0 until initialized."""

    def __init__(self, places: int, *, d_model: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(places, d_model))

    def embed(
        self, vectors: Float[torch.Tensor, "sentences places d_model"], *, places: Places
    ) -> Float[torch.Tensor, "sentences places d_model"]:
        """Token vectors plus those of their places; `HarnessError` beyond the last."""
        # Numbers are read off the device only where the bound does not tell.
        if places.end > len(self.weight) <= (last := int(places.numbers.max())):
            raise HarnessError(
                f"learned positions: a sentence has {last + 1} places, the table "
                f"{len(self.weight)}; raise positions: {{learned: {{places: ...}}}}, or write "
                "fewer tokens (generation option extra)"
            )
        return vectors + torch.nn.functional.embedding(places.numbers, self.weight)
