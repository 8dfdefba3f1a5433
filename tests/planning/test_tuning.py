"""The choices of tuning follow from validation alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import experiment

from harness.contracts import CORE_METRICS
from harness.files import write_json
from harness.planning.tuning import tuning_results, tuning_runs, with_tuned_options
from harness.registry.discovery import discover
from harness.runs.identity import digest
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.runs.records import RunLocation
from harness.runs.reuse import Reuse
from harness.study.values import Comparison, Study, Tuning
from harness_executors.local import Local
from harness_schedules.noam import Noam

VALUES = {"4": experiment(), "9": experiment(schedule=Noam(warmup=9))}
WIDER = {name: replace(choices, replicate=1) for name, choices in VALUES.items()}


def study(primary: str) -> Study:
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
            seeds=(101, 102),
        ),
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def planned(ledger: Ledger, *, primary: str = "nll") -> tuple[PlannedRun, ...]:
    return tuning_runs(study(primary), plugins=discover(), ledger=ledger, previous={})


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
    assert [tuned.chosen for tuned in trials.variants] == ["9", "4"]
    assert trials.metric == ("nll" if primary == "bleu" else primary)
    after = with_tuned_options(study(primary), trials=trials)
    assert after.variants == {"baseline": VALUES["9"], "wider": WIDER["4"]}


def test_a_value_that_diverges_is_the_worst(ledger: Ledger) -> None:
    for place, run in enumerate(planned(ledger)):
        status = "diverged" if run.variant.endswith("warmup 9") and place > 3 else "finished"
        end(run, ledger=ledger, score=9.0 if run.variant.endswith("9") else 1.0, status=status)
    trials = tuning_results(study("nll"), trials=planned(ledger), ledger=ledger)
    assert trials
    assert [tuned.chosen for tuned in trials.variants] == ["4", "4"]
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
    assert [tuned.chosen for tuned in trials.variants] == ["4", "4"]
    assert trials.variants[0].scores == {"4": 1e100, "9": None}


def test_a_mean_that_overflows_is_the_worst(ledger: Ledger) -> None:
    for run in planned(ledger, primary="perplexity"):
        end(run, ledger=ledger, score=-1.7e308 if run.variant.endswith("4") else -1e308 / 2)
    runs = planned(ledger, primary="perplexity")
    trials = tuning_results(study("perplexity"), trials=runs, ledger=ledger)
    assert trials
    assert trials.variants[0].chosen == "9"
    assert trials.variants[0].scores == {"4": None, "9": 5e307}
