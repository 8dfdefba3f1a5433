"""Regularizers, and adapters for fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Regularizer
from harness.hookspecs import hookimpl
from harness_regularizers.clip_norm import ClipNorm
from harness_regularizers.confidence_penalty import ConfidencePenalty
from harness_regularizers.drop_head import DropHead
from harness_regularizers.drop_key import DropKey
from harness_regularizers.dropout import Dropout
from harness_regularizers.gradient_noise import GradientNoise
from harness_regularizers.layer_drop import LayerDrop
from harness_regularizers.lora import Lora
from harness_regularizers.lora_dropout import LoraDropout
from harness_regularizers.r_drop import RDrop
from harness_regularizers.reinitialize_top import ReinitializeTop
from harness_regularizers.reuse_attention import ReuseAttention
from harness_regularizers.weight_decay import WeightDecay


@hookimpl
def harness_regularizers() -> Sequence[type[Regularizer]]:
    """The regularizers of this package."""
    return [
        Dropout,
        DropHead,
        DropKey,
        LayerDrop,
        Lora,
        LoraDropout,
        ReinitializeTop,
        ReuseAttention,
        RDrop,
        ConfidencePenalty,
        WeightDecay,
        GradientNoise,
        ClipNorm,
    ]
