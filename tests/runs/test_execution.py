"""Runs that need others: the order of their execution, and their outcomes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from support.pretraining_study import ADAPTING, DRAFTED, Here, HereJobs, carried_out
from support.tiny_study import TINY

from harness.contracts import Jobs
from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.runs.execution import Ended, execute
from harness.runs.lease import TAKEN_OVER

OWN = "{dataset: {copy: {train: 24, validation: 4, test: 4}}, averaging: {ema: 0.5}}"
TOO_FAST = OWN.replace("averaging", "schedule: {constant: 1.0e+30}, averaging")

FRAGILE = '''
from dataclasses import dataclass

from harness.components import Loss
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Fragile(Loss):
    """Breaks."""

    name = "fragile"

    def build(self, setting):
        raise RuntimeError("this loss cannot be built")


@hookimpl
def harness_losses():
    return [Fragile]
'''


def outcomes(opened: PlannedStudy) -> dict[str, tuple[str, str | None]]:
    """The status and reason of every run by its name."""
    went: dict[str, tuple[str, str | None]] = {}
    for run in opened.plan:
        outcome = opened.ledger.outcome(run.digest)
        went[run.variant] = (outcome.status, outcome.reason) if outcome else ("none", None)
    return went


def titles(ended: list[Ended] | tuple[Ended, ...]) -> dict[str, str | None]:
    return {run.variant: same.reason for same in ended for run in same.runs}


def test_a_run_whose_start_diverged_has_diverged(tmp_path: Path) -> None:
    text = ADAPTING.replace(OWN, TOO_FAST).replace(
        "  slower:", "  alone: {starts_from: off}\n  slower:"
    )
    opened, ended = carried_out(tmp_path / "adapting.yaml", text=text)
    assert set(titles(ended).values()) == {None}
    went = outcomes(opened)
    assert went["general"][0] == "diverged"
    for name in ("baseline", "no-dropout", "slower"):
        assert went[name] == ("diverged", "its start general diverged")
    assert went["alone"] == ("finished", None)
    assert len(list(opened.ledger.root.glob("*/weights.pt"))) == 1
    again = open_study(opened.study.path, out=opened.out, seeds=None)
    assert all(run.exists for run in again.plan)
    assert {run.why for run in again.runs} == {"diverged", "exists"}


def test_a_run_whose_start_failed_has_failed_and_is_planned_again(tmp_path: Path) -> None:
    (tmp_path / "fragile.py").write_text(FRAGILE)
    failing = OWN.replace("averaging", "loss: fragile, averaging")
    text = ADAPTING.replace(OWN, failing) + "plugins: [./fragile.py]\n"
    opened, ended = carried_out(tmp_path / "adapting.yaml", text=text)
    reasons = titles(ended)
    assert "this loss cannot be built" in str(reasons.pop("general"))
    assert reasons == dict.fromkeys(
        ["baseline", "no-dropout", "slower"], "its start general failed"
    )
    assert outcomes(opened)["slower"] == ("failed", "its start general failed")
    again = open_study(opened.study.path, out=opened.out, seeds=None)
    assert not any(run.exists for run in again.plan)
    assert {run.why for run in again.runs} == {"failed before: its start general failed"}


def test_a_draft_that_diverged_costs_its_own_decoding_only(tmp_path: Path) -> None:
    text = DRAFTED.replace("model: {d_model: 4}", "schedule: {constant: 1.0e+30}")
    opened, ended = carried_out(tmp_path / "adapting.yaml", text=text)
    assert titles(ended) == {
        **dict.fromkeys(["general", "small", "baseline", "no-dropout", "slower"]),
        "drafted": "its start small diverged",
    }
    runs = {run.variant: run for run in opened.plan}
    baseline, drafted = runs["baseline"], runs["drafted"]
    assert baseline.digest == drafted.digest
    assert opened.ledger.evaluated(baseline.digest, evaluation=baseline.evaluation)
    assert not opened.ledger.evaluated(drafted.digest, evaluation=drafted.evaluation)
    assert outcomes(opened)["drafted"] == ("finished", None)


def test_a_draft_writes_with_its_own_final_weights(tmp_path: Path) -> None:
    opened, ended = carried_out(tmp_path / "adapting.yaml", text=DRAFTED)
    assert set(titles(ended).values()) == {None}
    runs = {run.variant: run for run in opened.plan}
    drafted = runs["drafted"]
    assert len(opened.ledger.hypotheses(drafted.digest, evaluation=drafted.evaluation)) == 4
    assert (
        json.loads((opened.ledger.run(runs["small"].digest) / "where.json").read_text())[
            "evaluations"
        ]
        == []
    )


@dataclass(frozen=True, kw_only=True)
class Elsewhere(Here):
    """Executes runs here, where a process of another machine first takes each of them over."""

    def build(self, *, jobs: int) -> Jobs:
        return ElsewhereJobs()


@dataclass
class ElsewhereJobs(HereJobs):
    taken_over: list[Path] = field(default_factory=list)

    def submit(self, path: Path) -> None:
        if path in self.taken_over:
            super().submit(path)
            return
        self.taken_over.append(path)
        self._logs[path] = TAKEN_OVER
        self._ended.append((path, 1))

    def logs(self, path: Path) -> str:
        return self._logs.pop(path, "")


def test_a_run_that_another_machine_took_over_is_waited_for_and_has_not_failed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("seeds: 2", "seeds: 1"))
    opened = open_study(path, out=tmp_path / "results", seeds=None)
    rounds = execute(opened.plan, executor=Elsewhere(), jobs=1, ledger=opened.ledger)
    ended = [run for went in rounds for run in went.ended]
    assert titles(ended) == {"baseline": None, "no-dropout": None}
    assert len(ended) == 2
    assert set(outcomes(opened).values()) == {("finished", None)}
