"""The parts that a study chooses for a model, built and checked; each error names its component."""

from __future__ import annotations

import torch
from torch import nn

from harness.components import Component, TransformerOptions
from harness.components.positions import PlaceCode
from harness.contracts import Transform
from harness.registry.attribution import attributed_to, refuse


def built_normalization(options: TransformerOptions, *, width: int | None = None) -> nn.Module:
    """A normalization of vectors of this width, by default of the states."""
    component, width = options.normalization, width or options.d_model
    with attributed_to(component):
        built = component.build(width, bias=options.bias)
        counted = component.parameters(width, bias=options.bias)
        shape = built(torch.zeros(2, 3, width)).shape
    names = {name for name, _ in built.named_parameters()}
    if not names <= {"weight", "bias"}:
        refuse(f"has parameters {sorted(names)}; initializers know weight and bias", of=component)
    if shape != (2, 3, width):
        refuse(f"makes {tuple(shape)} of (2, 3, {width})", of=component)
    _check_count(counted, built=built, of=component)
    return built


def built_activation(options: TransformerOptions) -> Transform:
    """The activation of a feed-forward network."""
    component = options.feed_forward
    with attributed_to(component):
        activation = component.build()
        shape = activation(torch.zeros(2, 3)).shape
    if shape != (2, 3):
        refuse(f"makes {tuple(shape)} of (2, 3)", of=component)
    return activation


def built_positions(options: TransformerOptions) -> PlaceCode:
    """The code of places of one stack."""
    component = options.positions
    with attributed_to(component):
        built = component.build(options.d_model, heads=options.heads)
        counted = component.parameters(options.d_model)
    if not isinstance(built, PlaceCode):
        refuse(f"must build a PlaceCode, got {type(built).__name__}", of=component)
    _check_count(counted, built=built, of=component)
    return built


def _check_count(counted: int, *, built: object, of: Component) -> None:
    weights = built.parameters() if isinstance(built, nn.Module) else ()
    count = sum(weight.numel() for weight in weights)
    if counted != count:
        refuse(f"counts {counted} parameters, and has {count}", of=of)
