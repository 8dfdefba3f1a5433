from __future__ import annotations

import io

import pytest
import torch
from support.tiny_experiment import experiment, weights

from harness.components import Averaging
from harness.training.assembly import assemble
from harness.training.loop import train
from harness.training.network import load_weights
from harness_averagings.ema import EMA
from harness_averagings.last_k import LastK
from harness_averagings.swa import SWA


@pytest.mark.parametrize(
    "averaging",
    [EMA(decay=0.9), SWA(start=0.25), LastK(every=2, count=3)],
    ids=lambda averaging: averaging.name,
)
def test_an_interrupted_run_equals_an_uninterrupted_one(averaging: Averaging) -> None:
    whole, resumed = (assemble(experiment(averaging=averaging), seed=1) for _ in range(2))
    assert whole.averager
    assert resumed.averager
    file = io.BytesIO()
    straight = []
    for update in train(whole):
        straight.append(update)
        if update.number == 5:
            kept = (weights(whole), whole.optimizer.state_dict(), dict(whole.averager.state()))
            torch.save(kept, file)
    file.seek(0)
    at_5, optimizer, state = torch.load(file, weights_only=True)
    load_weights(resumed.model, weights=at_5)
    resumed.optimizer.load_state_dict(optimizer)
    resumed.averager.restore(state)
    assert list(train(resumed, after=5)) == straight[6:]
