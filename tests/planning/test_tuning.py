"""The choices of tuning follow from validation alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import experiment

from harness.contracts import CORE_METRICS
from harness.files import write_json
from harness.planning.plan import plan
from harness.planning.tuned_values import tuning_results
from harness.planning.tuning import (
    awaiting_trials,
    tuning_runs,
    with_trials_first,
    with_tuned_options,
)
from harness.registry.discovery import discover
from harness.runs.identity import digest
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, RunState
from harness.runs.records import RunLocation
from harness.runs.reuse import Reuse
from harness.study.values import Comparison, Study, Tuning
from harness_executors.local import Local
from harness_schedules.noam import Noam

VALUES = {"4": experiment(), "9": experiment(schedule=Noam(warmup=9))}
WIDER = {name: replace(choices, replicate=1) for name, choices in VALUES.items()}


def study(primary: str, *, once: bool = True) -> Study:
    """A study with two trials of each value for both of its seeds, or one for each seed."""
    return Study(
        name="tuned",
        path=Path("tuned.yaml"),
        question="Which?",
        variants={"baseline": VALUES["4"], "wider": WIDER["4"]},
        seeds=(1, 2),
        metrics=(),
        figures=(),
        compare=Comparison(primary=primary),
        executor=Local(),
        tuning=Tuning(
            option="schedule.noam.warmup",
            candidates={"baseline": VALUES, "wider": WIDER},
            trial_seeds=dict.fromkeys((1, 2), (101, 102)) if once else {1: (101,), 2: (102,)},
            once=once,
        ),
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def planned(ledger: Ledger, *, primary: str = "nll", once: bool = True) -> tuple[PlannedRun, ...]:
    chosen = study(primary, once=once)
    return tuning_runs(chosen, plugins=discover(), ledger=ledger, previous={})


def end(run: PlannedRun, *, ledger: Ledger, score: float, status: str = "finished") -> None:
    """A trial with this score at its end; before, and on test, its scores rank otherwise."""
    folder = ledger.run(run.digest)
    folder.mkdir(parents=True, exist_ok=True)
    last = [["validation", name, score if up else -score] for name, up in CORE_METRICS.items()]
    lines = [[3, [["validation", "nll", -99.0]]], [6, [*last, ["test", "nll", -100 * score]]]]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "measurements.jsonl").write_text(text)
    write_json(folder / "outcome.json", value={"status": status})
    (folder / "weights.pt").touch()


def test_trials_are_trained_and_not_decoded_with_seeds_of_their_own(ledger: Ledger) -> None:
    runs = planned(ledger)
    assert {run.seed for run in runs} == {101, 102}
    assert len({run.digest for run in runs}) == len(runs) == 2 * 2 * 2
    assert all(run.start and run.trial and not run.exists for run in runs)
    assert runs[0].title == "trial of baseline, schedule.noam.warmup 4, seed 101"
    end(runs[0], ledger=ledger, score=1.0)
    first, *others = planned(ledger)
    assert (first.exists, first.why) == (True, "exists")
    assert not any(run.exists for run in others)


def test_trials_of_another_environment_are_reused_whether_they_diverged_or_not(
    ledger: Ledger,
) -> None:
    for place, run in enumerate(planned(ledger)):
        other = replace(run.identity, torch="2.12.0")
        moved = replace(run, digest=digest(other.deciding()), identity=other)
        ledger.request(moved.digest, identity=other, decodings={}, location=RunLocation())
        end(moved, ledger=ledger, score=1.0, status="finished" if place else "diverged")
    assert not any(run.exists for run in planned(ledger))
    runs = tuning_runs(
        study("nll"), plugins=discover(), ledger=ledger, previous={}, reuse=Reuse.SAME_CODE
    )
    assert [run.why for run in runs] == [
        f"{word}, found with torch 2.12.0" for word in ("diverged", *["exists"] * 7)
    ]
    assert tuning_results(study("nll"), trials=runs, ledger=ledger)


@pytest.mark.parametrize("primary", ["nll", "token_accuracy", "bleu"])
def test_each_variant_gets_the_value_that_is_best_on_validation(
    ledger: Ledger, primary: str
) -> None:
    # In the order of the plan: seed by seed, the baseline at 4 and 9, then the other.
    scores = [1.0, 2.0, 5.0, 1.0, 3.0, 2.5, 5.0, 1.0]
    for run, score in zip(planned(ledger, primary=primary), scores, strict=True):
        end(run, ledger=ledger, score=score)
    runs = planned(ledger, primary=primary)
    trials = tuning_results(study(primary), trials=runs, ledger=ledger)
    assert trials
    assert [tuned.chosen for tuned in trials.variants] == [{1: "9", 2: "9"}, {1: "4", 2: "4"}]
    assert trials.metric == ("nll" if primary == "bleu" else primary)
    after = with_tuned_options(study(primary), trials=trials)
    assert after.variants == {"baseline": VALUES["9"], "wider": WIDER["4"]}
    assert {after.experiment("wider", seed=seed).schedule for seed in (1, 2)} == {Noam(warmup=4)}


def test_every_seed_chooses_by_trials_of_its_own(ledger: Ledger) -> None:
    # The same scores as above: seed by seed, the baseline at 4 and 9, then the other.
    scores = [1.0, 2.0, 5.0, 1.0, 3.0, 2.5, 5.0, 1.0]
    for run, score in zip(planned(ledger, once=False), scores, strict=True):
        end(run, ledger=ledger, score=score)
    trials = tuning_results(
        study("nll", once=False), trials=planned(ledger, once=False), ledger=ledger
    )
    assert trials
    baseline, wider = trials.variants
    assert (baseline.chosen, wider.chosen) == ({1: "9", 2: "4"}, {1: "4", 2: "4"})
    # The negatives of 1 and 3, and of 2 and 2.5: pooled variance (2 + .125) / 2, means .25 apart.
    assert baseline.scores == {"4": -2.0, "9": -2.25}
    assert baseline.lead == pytest.approx(0.25 / 1.0625**0.5)
    assert wider.lead is None  # without spread
    after = with_tuned_options(study("nll", once=False), trials=trials)
    assert after.variants == study("nll").variants  # as written: the choice is not theirs
    assert after.experiment("baseline", seed=1) == VALUES["9"]
    assert after.experiment("baseline", seed=2) == VALUES["4"]
    runs = plan(after, plugins=discover(), ledger=ledger, previous={})
    warmups = {
        (run.variant, run.seed): run.identity.experiment["schedule"]["noam"]["warmup"]
        for run in runs
    }
    assert warmups == {("baseline", 1): 9, ("baseline", 2): 4, ("wider", 1): 4, ("wider", 2): 4}


def test_a_run_waits_for_the_trials_of_its_own_seed(ledger: Ledger) -> None:
    for run in planned(ledger, once=False):
        if run.seed == 101:
            end(run, ledger=ledger, score=1.0)
    written = study("nll", once=False)
    trials = planned(ledger, once=False)
    chosen = tuning_results(written, trials=trials, ledger=ledger)
    assert chosen
    tuned = with_tuned_options(written, trials=chosen)
    runs = plan(tuned, plugins=discover(), ledger=ledger, previous={})
    # Of the second seed, only a run of the study as written exists.
    runs = tuple(replace(run, state=RunState.EXISTS) for run in runs)
    due = awaiting_trials(tuned, runs=runs)
    assert [run.exists for run in due] == [True, True, False, False]
    staged = with_trials_first(tuned, due=due, trials=trials)
    assert {(run.seed, run.trial) for run in staged} == {(102, True), (1, False)}
    assert len(staged) == 4 + 2
    # A variant that needs no more seeds needs no more trials.
    undecided = with_trials_first(tuned, due=due[:3], trials=trials)
    assert [run.variant for run in undecided if run.trial] == [
        f"baseline, schedule.noam.warmup {value}" for value in (4, 9)
    ]


def test_a_value_that_diverges_is_the_worst(ledger: Ledger) -> None:
    for place, run in enumerate(planned(ledger)):
        status = "diverged" if run.variant.endswith("warmup 9") and place > 3 else "finished"
        end(run, ledger=ledger, score=9.0 if run.variant.endswith("9") else 1.0, status=status)
    trials = tuning_results(study("nll"), trials=planned(ledger), ledger=ledger)
    assert trials
    assert [tuned.chosen for tuned in trials.variants] == 2 * [{1: "4", 2: "4"}]
    assert trials.variants[0].scores == {"4": -1.0, "9": None}


def test_a_score_that_overflowed_is_no_older_one(ledger: Ledger) -> None:
    # The second value is better before training and has no perplexity after it.
    for run in planned(ledger, primary="perplexity"):
        end(run, ledger=ledger, score=-1e100)
        if run.variant.endswith("9"):
            lines = [[0, [["validation", "perplexity", 24.0]]], [6, [["validation", "nll", 1e3]]]]
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (ledger.run(run.digest) / "measurements.jsonl").write_text(text)
    runs = planned(ledger, primary="perplexity")
    trials = tuning_results(study("perplexity"), trials=runs, ledger=ledger)
    assert trials
    assert [tuned.chosen for tuned in trials.variants] == 2 * [{1: "4", 2: "4"}]
    assert trials.variants[0].scores == {"4": 1e100, "9": None}


def test_a_mean_that_overflows_is_the_worst(ledger: Ledger) -> None:
    for run in planned(ledger, primary="perplexity"):
        end(run, ledger=ledger, score=-1.7e308 if run.variant.endswith("4") else -1e308 / 2)
    runs = planned(ledger, primary="perplexity")
    trials = tuning_results(study("perplexity"), trials=runs, ledger=ledger)
    assert trials
    assert trials.variants[0].chosen == {1: "9", 2: "9"}
    assert trials.variants[0].scores == {"4": None, "9": 5e307}
