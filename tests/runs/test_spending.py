"""What a command may spend: it ends in order at a limit, and the next one carries on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.answers import answer
from support.tiny_study import TINY

from harness.cli import exit_status, main
from harness.components import Executor
from harness.contracts import Jobs
from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.runs.execution import execute
from harness.runs.spending import Spending
from harness.runs.supervision import Pace


@dataclass
class Diverging:
    """Jobs whose runs diverge at once or, if they are `slow`, never end."""

    opened: PlannedStudy
    capacity: int
    slow: bool
    submitted: list[str] = field(default_factory=list)
    cancelled: bool = False

    def submit(self, path: Path) -> None:
        self.submitted.append(path.name)

    def poll(self) -> Iterator[tuple[Path, int]]:
        for name in () if self.slow else self.submitted:
            if self.opened.ledger.status(name) is None:
                self.opened.ledger.end(name, status="diverged", reason="on purpose")
                yield self.opened.ledger.run(name), 0

    def cancel(self) -> None:
        self.cancelled = True

    def logs(self, path: Path) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class Given(Executor):
    """Hands out the jobs that it was given."""

    name = "given"
    jobs: Diverging

    def build(self, *, jobs: int) -> Jobs:
        return self.jobs


@pytest.fixture
def opened(tmp_path: Path) -> PlannedStudy:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return open_study(path, out=tmp_path / "results", seeds=None)


def carried_out(
    opened: PlannedStudy, *, spending: Spending, slow: bool = False
) -> tuple[Diverging, Sequence[str]]:
    """The jobs after all is carried out that may be, and the runs that ended."""
    jobs = Diverging(opened, capacity=3, slow=slow)
    polls = execute(
        opened.plan,
        executor=Given(jobs=jobs),
        jobs=1,
        ledger=opened.ledger,
        pace=Pace(spending=spending),
    )
    return jobs, [end.runs[0].title for poll in polls for end in poll.ended]


def test_so_many_runs_begin_and_the_next_command_begins_the_others(opened: PlannedStudy) -> None:
    spending = Spending(max_runs=2)
    jobs, ended = carried_out(opened, spending=spending)
    assert ended == [run.title for run in opened.plan[:2]]
    assert (jobs.cancelled, spending.reason) == (False, "--max-runs 2")
    # Counted over the stages of a study, so that a later one begins none.
    assert carried_out(opened.plan_next(previous={}), spending=spending)[1] == []
    rest = carried_out(opened.plan_next(previous={}), spending=Spending(max_runs=3))[1]
    assert rest == [run.title for run in opened.plan[2:]]


def test_when_time_is_up_the_runs_under_way_are_ended(opened: PlannedStudy) -> None:
    spending = Spending(max_hours=0.3 / 3600)
    jobs, ended = carried_out(opened, spending=spending, slow=True)
    assert (len(jobs.submitted), ended, jobs.cancelled) == (3, [], True)
    assert spending.reason == "--max-hours 8.33333e-05"
    assert carried_out(opened, spending=spending)[0].submitted == []


def test_without_limits_all_is_carried_out(opened: PlannedStudy) -> None:
    spending = Spending()
    assert len(carried_out(opened, spending=spending)[1]) == len(opened.plan)
    assert (spending.reason, spending.began) == ("", len(opened.plan))


def test_a_study_that_stopped_at_a_limit_says_what_remains(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "here")
    limits = ["--seeds", "1", "--max-hours", "0.000001", "--json"]
    words = ["run", str(folder / "tiny.yaml"), "--out", str(folder / "results"), *limits]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == exit_status.LIMIT, done.output
    told = answer("run", printed=done.stdout)
    assert told["remaining"] == ["no-dropout, seed 1"]
    assert {finding["verdict"] for finding in told["findings"]} == {"no_inference"}
    assert "the variant was not run" in told["findings"][0]["reason"]
