"""Learned positions."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Positions
from harness.components.options import PositiveInt
from harness.components.positions import PlaceCode


@dataclass(frozen=True, kw_only=True)
class Learned(Positions):
    """A trained vector for each place, added to the token vectors (Gehring et al. 2017).

    As in BERT and GPT-2. A stack has `places` of them, and reads no longer sentence: leave room for
    what is written in decoding, which may be as long as a generation lets it be (option `extra`),
    after the source in a model of one stack. Initializers fill the table as a matrix, so that its
    first values are often small beside token vectors, which are multiplied by sqrt(d_model).
    """

    name = "learned"
    bare = "places"

    places: PositiveInt = 1024

    def parameters(self, d_model: int) -> int:
        return self.places * d_model

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        # Deferred: the module defines a torch.nn.Module, and so would load torch for every command.
        from harness_positions.place_table import PlaceTable

        return PlaceTable(self.places, d_model=d_model)
