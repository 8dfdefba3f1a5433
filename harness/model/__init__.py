"""The building blocks of models, public to plugins: the two that we have are in `harness_models`.

`SequenceModel` is the base of what an architecture builds. `every_site` names the places for noise,
`EncoderLayer` and `DecoderLayer` are layers of `Attention` and `FeedForward` over `Projection`,
`Embedding` and `built_positions` are what a stack is fed, by `View.placed` its attention knows the
places, and `KeyValueCache` is kept between steps.
"""

from __future__ import annotations

from harness.model.attention import Attention, KeysValues, View
from harness.model.cache import KeyValueCache, Past
from harness.model.ensemble import Ensemble
from harness.model.layers import DecoderLayer, EncoderLayer, FeedForward, final_norm
from harness.model.parts import built_activation, built_normalization, built_positions
from harness.model.projection import Embedding, Projection, merged
from harness.model.sequence_model import SequenceModel
from harness.model.sites import TABLE, SiteKind, every_site

__all__ = [
    "TABLE",
    "Attention",
    "DecoderLayer",
    "Embedding",
    "EncoderLayer",
    "Ensemble",
    "FeedForward",
    "KeyValueCache",
    "KeysValues",
    "Past",
    "Projection",
    "SequenceModel",
    "SiteKind",
    "View",
    "built_activation",
    "built_normalization",
    "built_positions",
    "every_site",
    "final_norm",
    "merged",
]
