"""Numbers over updates: what schedules and decays say."""

from __future__ import annotations

from harness.components import Decay, Schedule
from harness.contracts import SPECIAL_TOKENS, Setting
from harness.inspection.draw_curves import Curve
from harness.study.values import Study


def curve(name: str, *, part: Schedule | Decay, updates: int, d_model: int = 512) -> Curve:
    """What a schedule or decay says at every update of a budget, the first of which is 1.

    It is told a vocabulary of special tokens only; none of ours asks for its size.
    """
    setting = Setting(seed=0, classes=len(SPECIAL_TOKENS), d_model=d_model, updates=updates)
    value = part.build(setting)
    x = range(1, updates + 1)
    return Curve(name, x, [value(update) for update in x])


def of_study(study: Study) -> list[Curve]:
    """The learning rate of every variant over its own budget; equal ones share a curve."""
    named: dict[tuple[float, ...], list[str]] = {}
    for variant, experiment in study.variants.items():
        budget, d_model = experiment.budget, experiment.model.d_model
        one = curve(variant, part=experiment.schedule, updates=budget.updates, d_model=d_model)
        named.setdefault(tuple(one.y), []).append(variant)
    return [Curve(", ".join(names), range(1, len(y) + 1), y) for y, names in named.items()]
