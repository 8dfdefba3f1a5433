"""Guards of regularizers: around each of their parts, and around what they put into sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from harness.components import Regularizer
from harness.contracts import (
    Model,
    ModifyGradients,
    ModifyModel,
    ModifyWeights,
    Parameters,
    Prediction,
    Regularization,
    Setting,
)
from harness.registry.attribution import attributed_to, refuse
from harness.training import contract_checks
from harness.training.divergence import check_finite

Penalty = Callable[[Sequence[Prediction]], torch.Tensor]


def regularizer(component: Regularizer, *, setting: Setting) -> Regularization:
    """The parts of a regularizer, each guarded, and with them the sites that it fills.

    `modify_gradients` and `modify_weights` raise `Diverged` if they leave a NaN or an infinity.
    """
    with attributed_to(component):
        built = component.build(setting)
    parts = contract_checks.kind(built, expected=Regularization, of=component)
    model, penalty = parts.modify_model, parts.penalty
    gradients, weights = parts.modify_gradients, parts.modify_weights
    # A part that is None stays None: training skips it.
    return replace(
        parts,
        modify_model=model and _modify_model(model, owner=component),
        penalty=penalty and _penalty(penalty, owner=component),
        modify_gradients=gradients and _modify_gradients(gradients, owner=component),
        modify_weights=weights and _modify_weights(weights, owner=component),
    )


def _modify_model(modify: ModifyModel, *, owner: Regularizer) -> ModifyModel:
    def guarded(model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        with attributed_to(owner):
            modify(model, generator=generator)
        _guard_sites(model, owner=owner)

    return guarded


def _penalty(penalty: Penalty, *, owner: Regularizer) -> Penalty:
    def guarded(predictions: Sequence[Prediction]) -> torch.Tensor:
        with attributed_to(owner):
            value = penalty(predictions)
        return contract_checks.summed(value, of=owner)

    return guarded


def _modify_gradients(modify: ModifyGradients, *, owner: Regularizer) -> ModifyGradients:
    def guarded(
        parameters: Parameters, *, update: int, generator: Callable[[str], torch.Generator]
    ) -> None:
        with attributed_to(owner):
            modify(parameters, update=update, generator=generator)
        gradients = [weight.grad for weight in parameters.values() if weight.grad is not None]
        check_finite(gradients, name="the gradients", update=update, owner=owner)

    return guarded


def _modify_weights(modify: ModifyWeights, *, owner: Regularizer) -> ModifyWeights:
    def guarded(parameters: Parameters, *, update: int, learning_rate: float) -> None:
        with attributed_to(owner):
            modify(parameters, update=update, learning_rate=learning_rate)
        check_finite(list(parameters.values()), name="the weights", update=update, owner=owner)

    return guarded


# --- sites --------------------------------------------------------------------------------------


@dataclass(eq=False)
class GuardedEffect:
    """A perturbation or a transform, the path of its site, and the regularizer that owns it."""

    function: Callable[..., torch.Tensor]
    path: str
    owner: Regularizer
    # Only a diagnosis searches for NaN: in every pass of training it would cost more than it tells.
    recording: bool = False
    made_nan: bool = False

    def __call__(self, value: torch.Tensor, *rest: Any) -> torch.Tensor:
        with attributed_to(self.owner):
            result = self.function(value, *rest)
        if getattr(result, "shape", None) != value.shape:
            actual = getattr(result, "shape", result)
            expected = f"site {self.path} must give shape {tuple(value.shape)}"
            refuse(f"{expected}, got {actual!r:.60}", of=self.owner)
        # Only NaN: -inf is a legal value at a site of scores, where it hides a key.
        if self.recording and result.isnan().any() and not value.isnan().any():
            self.made_nan = True
        return result


def _guard_sites(model: Model, *, owner: Regularizer) -> None:
    """Guard what is in a model's sites and not guarded yet: this regularizer put it there."""
    for site in model.sites.values():
        lists: tuple[list[Any], ...] = (
            *(site.perturbations, site.member_perturbations),
            site.transforms,
        )
        for effects in lists:
            for index, effect in enumerate(effects):
                if not isinstance(effect, GuardedEffect):
                    effects[index] = GuardedEffect(effect, site.path, owner)


@contextmanager
def record_nan(model: Model) -> Iterator[list[GuardedEffect]]:
    """Record which effects turn values without NaN into NaN; the list is full on exit."""
    effects: list[object] = []
    for site in model.sites.values():
        effects += [*site.transforms, *site.perturbations, *site.member_perturbations]
    guarded = [effect for effect in effects if isinstance(effect, GuardedEffect)]
    sources: list[GuardedEffect] = []
    for effect in guarded:
        effect.recording, effect.made_nan = True, False
    try:
        yield sources
    finally:
        for effect in guarded:
            effect.recording = False
        sources += [effect for effect in guarded if effect.made_nan]
