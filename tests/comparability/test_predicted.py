from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.predicted_study import predicted_of, study_of
from support.tiny_experiment import BUDGET, Counting, experiment

from harness.comparability.predicted import expect, initial_state, summarize_runs
from harness.components.options import InitialWeights
from harness.runs.ledger import Ledger
from harness.study.experiment import Experiment
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_averagings.ema import EMA
from harness_models.encoder_decoder import EncoderDecoder
from harness_parameter_groups.gradual_unfreezing import GradualUnfreezing
from harness_schedules.constant import Constant


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "choices",
    [
        experiment(),
        experiment(budget=replace(BUDGET, updates=7, accumulation=2), replicate=1),
        experiment(schedule=Constant(learning_rate=0.01), dataset=Counting(train=15)),
        experiment(model=EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=1, tie="target")),
    ],
    ids=["plain", "accumulated", "constant", "tied"],
)
def test_what_is_predicted_is_what_training_does(choices: Experiment, seed: int) -> None:
    predicted = predicted_of(choices, seed=seed)
    parts = assemble(choices, seed=seed)
    measured = [row for update in train(parts) for row in update.measurements]
    rates = [row.value for row in measured if row.metric == "learning_rate"]
    tokens = [row.value for row in measured if row.metric == "target_tokens"]
    sizes = [weight.numel() for weight in parts.model.parameters()]
    controls = predicted.controls
    assert controls.updates == len(rates) == choices.budget.updates
    assert controls.target_tokens == sum(tokens)
    assert (controls.peak_rate, controls.rate_area) == (max(rates), pytest.approx(sum(rates)))
    assert controls.parameters == controls.trained_parameters == sum(sizes)
    assert predicted.shapes.keys() == parts.initial_weights.keys()
    assert (controls.seconds, predicted.fault) == (None, None)


def test_an_untrained_model_learns_at_no_rate_and_from_nothing() -> None:
    untrained = experiment(budget=replace(BUDGET, updates=0), averaging=EMA())
    predicted = predicted_of(untrained)
    controls, plain = predicted.controls, predicted_of(experiment()).controls
    assert (predicted.fault, predicted.cautions) == (None, ())
    assert (controls.peak_rate, controls.rate_area) == (0, 0)
    assert (controls.updates, controls.target_tokens, controls.trained_parameters) == (0, 0, 0)
    assert controls.parameters == plain.parameters


def test_what_never_learns_is_not_trained() -> None:
    frozen = experiment(parameter_groups=GradualUnfreezing(every=100))
    plain, some = (predicted_of(choices).controls for choices in (experiment(), frozen))
    assert some.parameters == plain.parameters
    assert some.trained_parameters is not None
    assert plain.trained_parameters is not None
    assert 0 < some.trained_parameters < plain.trained_parameters


def test_what_cannot_be_built_is_a_fault_of_its_own() -> None:
    small = experiment(budget=replace(BUDGET, batch_tokens=3))
    study = study_of(baseline=experiment(), small=small)
    expected = expect(study, names=["baseline", "small"], seed=1)
    assert expected["baseline"].fault is None
    assert expected["small"].fault == (
        "batch_tokens is 3, but training pair 22, not counting blank ones, has 4 target tokens; "
        "raise batch_tokens to at least 7"
    )


def test_a_finished_run_gives_the_same_controls_and_its_time(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for digest, seconds, memory in (("a", 4.0, 20), ("b", 6.0, 40)):
        ledger.run(digest).mkdir()
        (ledger.run(digest) / "outcome.json").write_text(
            json.dumps(
                {
                    "status": "finished",
                    "updates": 4,
                    "resumed_after": 2,
                    "seconds": seconds,
                    "parameters": 10,
                    "trained_parameters": 6,
                    "shapes": {"w": [5, 2]},
                    "initial_weights": {"w": "1234"},
                    "order": ["x"],
                    "usage": {
                        "device": "X",
                        "index": "0",
                        "peak_memory": memory * 2**20,
                        "flop_rate": memory * 1e9,
                        "matrix_rate": 80e9,
                    },
                }
            )
        )
        (ledger.run(digest) / "measurements.jsonl").write_text(
            "".join(
                f'[{n}, [["train", "learning_rate", {n}], ["train", "target_tokens", 30]]]\n'
                for n in (1, 2, 3, 4)
            )
        )
    summary = summarize_runs(["a", "b", "missing"], ledger=ledger)
    assert summary is not None
    assert summary.shapes == {"w": (5, 2)}
    assert (summary.controls.peak_rate, summary.controls.rate_area) == (4, 10)
    assert (summary.controls.trained_parameters, summary.controls.target_tokens) == (6, 120)
    assert (summary.controls.seconds_per_update, summary.controls.seconds) == (2.5, 10.0)
    assert (summary.controls.peak_memory, summary.controls.gpu_utilization) == (30, None)
    assert summary.controls.flop_utilization == pytest.approx((20 / 80 + 40 / 80) / 2)
    assert summarize_runs(["missing"], ledger=ledger) is None
    initial = initial_state("a", ledger=ledger)
    assert initial is not None
    assert (initial.weights, initial.order) == ({"w": "1234"}, ("x",))


def test_a_variant_has_the_vocabulary_of_what_it_starts_from() -> None:
    rich = experiment(dataset=Counting(train=40))
    poor = experiment(dataset=Counting(train=1))
    fine_tuned = replace(poor, starts_from=InitialWeights("rich"))
    study = study_of(pretraining={"rich": rich}, poor=poor, fine_tuned=fine_tuned)
    expected = expect(study, names=["poor", "fine_tuned"], seed=1)
    whole = predicted_of(rich).shapes["target_embedding.weight"]
    assert expected["fine_tuned"].shapes["target_embedding.weight"] == whole
    assert expected["poor"].shapes["target_embedding.weight"] < whole
