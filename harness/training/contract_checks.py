"""Checks of what components return, against the contract of their slot.

Cheap properties are checked at every call; NaN in a forward pass only once training has diverged,
to name the component. Each check raises `ComponentError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import torch

from harness.components import Component
from harness.contracts import (
    SPECIAL_TOKENS,
    UNK,
    Batch,
    Codec,
    Codecs,
    Corpus,
    Pair,
    ParameterGroup,
    Prediction,
    Setting,
)
from harness.model import SequenceModel
from harness.registry.attribution import got_instead, refuse

Kind = TypeVar("Kind")


def kind(value: Any, *, expected: type[Kind], of: Component) -> Kind:
    """The value, if it is of the type that the slot builds."""
    if not isinstance(value, expected):
        name = expected.__name__
        article = "an" if name[0] in "AEIOU" else "a"
        refuse(f"must return {article} {name}, {got_instead(value, of=expected)}", of=of)
    return value


# --- before training ----------------------------------------------------------------------------


def checked_corpus(value: Any, *, of: Component) -> Corpus:
    """Three splits of raw lines, none of them empty."""
    built = kind(value, expected=Corpus, of=of)
    for name in ("train", "validation", "test"):
        pairs: Any = getattr(built, name)
        if not isinstance(pairs, Sequence) or not pairs:
            refuse(f"{name} must be some pairs of text, got {pairs!r:.40}", of=of)
        for pair in pairs:
            if not (isinstance(pair, Pair) and all(isinstance(side, str) for side in pair)):
                refuse(f"{name} must hold pairs of text, got {pair!r:.40}", of=of)
    return built


def codecs(value: Any, *, of: Component) -> Codecs:
    """A codec per side, each with a size."""
    for side, codec in zip(("source", "target"), kind(value, expected=Codecs, of=of), strict=True):
        if not isinstance(codec, Codec):
            refuse(f"the {side} must be a Codec, {got_instead(codec, of=Codec)}", of=of)
        size = getattr(codec, "size", None)
        if not isinstance(size, int) or size < len(SPECIAL_TOKENS):
            expected = f"a size of at least {len(SPECIAL_TOKENS)}"
            refuse(f"the {side} codec must have {expected}, got {size!r:.40}", of=of)
    return Codecs(*value)


def tokens(numbers: Any, *, size: int, line: str, of: Component) -> list[int]:
    """The token numbers of a line, all in the vocabulary and none special except unk."""
    integers = isinstance(numbers, list) and all(isinstance(number, int) for number in numbers)
    # Pad, bos and eos are the core's to place: within a line they would hide or end what follows.
    if not integers or not all(UNK <= number < size for number in numbers):
        expected = f"a list of numbers from {UNK} to {size - 1}"
        refuse(f"encode({line!r:.40}) must give {expected}, got {numbers!r:.60}", of=of)
    return list(numbers)


def initialized(parameter: torch.Tensor, *, name: str, of: Component) -> None:
    """Initial weights, all finite."""
    if not torch.isfinite(parameter).all():
        refuse(f"{name} must be finite, and is not", of=of)


def grouped(value: Any, *, names: Sequence[str], of: Component) -> Sequence[ParameterGroup]:
    """Groups of parameters that hold every name exactly once."""
    if not (
        isinstance(value, list | tuple)
        and all(isinstance(group, ParameterGroup) for group in value)
    ):
        refuse(f"must return a list of ParameterGroup, got {value!r:.40}", of=of)
    if sorted(name for group in value for name in group.names) != sorted(names):
        refuse("every trained parameter must be in exactly one group", of=of)
    return value


def checked_optimizer(
    value: Any, *, groups: Sequence[ParameterGroup], of: Component
) -> torch.optim.Optimizer:
    """A torch optimizer whose groups are those that it was given."""
    built = kind(value, expected=torch.optim.Optimizer, of=of)
    sizes = [len(group["params"]) for group in built.param_groups]
    if sizes != [len(group.names) for group in groups]:
        refuse("must keep the parameter groups unchanged", of=of)
    return built


def share(value: Any, *, update: int, of: Component) -> None:
    """The value of a decay: a number from 0 to 1."""
    if not (isinstance(value, float | int) and 0 <= value <= 1):
        refuse(f"at update {update} must be a number from 0 to 1, got {value!r:.40}", of=of)


def checked_model(built: Any, *, of: Component) -> SequenceModel:
    """A model whose state is its parameters, which alone are initialized, stored and restored."""
    model = kind(built, expected=SequenceModel, of=of)
    buffers = [name for name, _ in model.named_buffers()]
    if buffers:
        refuse(f"must keep no buffer, which no run would store, got {buffers[0]}", of=of)
    return model


# --- in training --------------------------------------------------------------------------------


def summed(value: Any, *, of: Component) -> torch.Tensor:
    """A loss or a penalty: one number, summed over tokens."""
    if not isinstance(value, torch.Tensor):
        refuse(f"must return a tensor, got {value!r:.40}", of=of)
    if value.ndim:
        refuse(f"must return one summed number, got shape {tuple(value.shape)}", of=of)
    return value


def predicted(prediction: Any, *, batch: Batch, setting: Setting, of: Component) -> Prediction:
    """Logits, target and hidden state of every real target token."""
    result = kind(prediction, expected=Prediction, of=of)
    trailing = {"logits": (setting.classes,), "targets": (), "hidden": (setting.d_model,)}
    for name, rest in trailing.items():
        value: Any = getattr(result, name)
        if not isinstance(value, torch.Tensor):
            refuse(f"{name} must be a tensor, got {value!r:.40}", of=of)
        if tuple(value.shape) != (batch.tokens, *rest):
            fault = f"the batch has {batch.tokens} target tokens, so {name} must have shape"
            refuse(f"{fault} {(batch.tokens, *rest)}, got {tuple(value.shape)}", of=of)
    return result


def rated(rate: Any, *, what: str, update: int, of: Component) -> float:
    """A rate, or a multiple of one: a number at least 0."""
    if not (isinstance(rate, float | int) and math.isfinite(rate) and rate >= 0):
        refuse(f"{what} at update {update} must be a number at least 0, got {rate!r:.40}", of=of)
    return rate


# --- after training -----------------------------------------------------------------------------


def averaged(
    weights: Any, *, parameters: Iterable[tuple[str, torch.Tensor]], of: Component
) -> Mapping[str, torch.Tensor]:
    """Weights for every parameter, each of its shape."""
    shapes = {name: getattr(weight, "shape", None) for name, weight in dict(weights).items()}
    for name, parameter in parameters:
        if shapes.get(name) != parameter.shape:
            expected = f"{name} of shape {tuple(parameter.shape)}"
            refuse(f"weights() must have {expected}, and has {shapes.get(name)}", of=of)
    return dict(weights)


def translated(
    translations: Any, *, sentences: int, classes: int, of: Component
) -> list[list[int]]:
    """One translation per sentence, each a list of token numbers."""
    if not isinstance(translations, list) or len(translations) != sentences:
        count = len(translations) if isinstance(translations, list) else "no list of"
        refuse(f"{count} translations of {sentences} sentences", of=of)
    for tokens in translations:
        integers = isinstance(tokens, list) and all(isinstance(token, int) for token in tokens)
        if not integers or not all(0 <= token < classes for token in tokens):
            fault = f"a translation must be a list of numbers from 0 to {classes - 1}"
            refuse(f"{fault}, got {tokens!r:.60}", of=of)
    return translations


def text(value: Any, *, of: Component) -> str:
    """The text that tokens were decoded to."""
    if not isinstance(value, str):
        refuse(f"decode must give text, got {value!r:.40}", of=of)
    return value
