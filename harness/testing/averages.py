"""The contract of averagings."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from harness.components import Averaging
from harness.contracts import Averager
from harness.testing import fixtures
from harness.testing.claims import Claims, contract, same


@contract
def check_averaging(component: Averaging) -> None:
    """Check every parameter's average, the average of equal weights, and a resume to the bit."""
    claims = Claims(component, base=Averaging)
    claims.builds("an Averager", built=component.build(fixtures.SETTING), expected=Averager)
    start = fixtures.weights(fixtures.model())
    whole = claims.keyed(lambda: _averaged(component, interrupted=False), what="the average")
    if whole is None:  # nothing to average yet, as long as the budget may be
        return
    claims.that(whole.keys() == start.keys(), "must average every parameter, by its name")
    for name, weight in whole.items():
        claims.shape(weight, expected=tuple(start[name].shape), what=name)
        claims.finite(weight, what=name)
    resumed = _averaged(component, interrupted=True)
    claims.that(same(whole, resumed), "must resume from state() to the same bits")
    constant = component.build(fixtures.SETTING)
    for update in range(1, fixtures.SETTING.updates + 1):
        constant.update(start, update)
    for name, weight in (constant.weights() or {}).items():
        # Not to the bit: a weighted sum of equal numbers is rounded.
        equal = torch.allclose(weight, start[name], rtol=1e-9, atol=1e-12)
        claims.that(equal, f"the average of equal weights must be those weights; {name} is not")


def _averaged(component: Averaging, *, interrupted: bool) -> dict[str, torch.Tensor] | None:
    """The average over the whole budget, of weights that are overwritten after each update."""
    averager: Averager = component.build(fixtures.SETTING)
    live = fixtures.weights(fixtures.model())
    for update in range(1, fixtures.SETTING.updates + 1):
        for weight in live.values():
            weight.mul_(0.9).add_(0.01 * update)
        averager.update(live, update)
        if interrupted and update == fixtures.SETTING.updates // 2:
            # Cloned, as in a checkpoint: a state that only refers to live weights must not pass.
            state: Mapping[str, torch.Tensor] = {
                name: tensor.clone() for name, tensor in averager.state().items()
            }
            averager = component.build(fixtures.SETTING)
            averager.restore(state)
    average = averager.weights()
    return None if average is None else {name: weight.clone() for name, weight in average.items()}
