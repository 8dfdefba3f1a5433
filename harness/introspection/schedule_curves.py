"""Schedules and decays as curves over updates."""

from __future__ import annotations

from harness.components import Decay, Schedule
from harness.contracts import SPECIAL_TOKENS, Setting
from harness.introspection.draw_curves import Curve
from harness.study.values import Study


def curve(name: str, *, part: Schedule | Decay, updates: int, d_model: int = 512) -> Curve:
    """The value of a schedule or decay at every update of a budget, starting from 1.

    It is built for a vocabulary of special tokens only, since none of ours depends on its size.
    """
    setting = Setting(seed=0, classes=len(SPECIAL_TOKENS), d_model=d_model, updates=updates)
    value = part.build(setting)
    x = range(1, updates + 1)
    return Curve(name, x, [value(update) for update in x])


def study_curves(study: Study) -> list[Curve]:
    """The learning rate of every variant over its own budget; equal ones share a curve."""
    names_by_curve: dict[tuple[float, ...], list[str]] = {}
    for variant, experiment in study.variants.items():
        budget, d_model = experiment.budget, experiment.model.d_model
        drawn = curve(variant, part=experiment.schedule, updates=budget.updates, d_model=d_model)
        # Equal curves would lie on top of one another, and only the last be seen.
        names_by_curve.setdefault(tuple(drawn.y), []).append(variant)
    return [Curve(", ".join(names), range(1, len(y) + 1), y) for y, names in names_by_curve.items()]
