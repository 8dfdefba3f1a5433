"""A challenge carries out the same plan with seeds that were never used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.answers import answer

from harness.cli import main
from harness.exchange.challenge import Challenged, Held
from harness.runs.ledger import Ledger


def harness(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def challenged(*seeds: int) -> Challenged:
    runs = {("baseline", seed): str(seed) for seed in seeds} | {("baseline, rate 1", 7): "t"}
    return Challenged(path=Path("a.yaml"), findings=[], runs=runs, ledger=Ledger(Path()))


@pytest.mark.parametrize(
    ("used", "count", "fresh"),
    [((1, 2, 3), None, (4, 5, 6)), ((5, 2), 4, (6, 8, 9, 10)), ((6,), 2, (8, 9))],
)
def test_seeds_are_fresh(used: tuple[int, ...], count: int | None, fresh: tuple[int, ...]) -> None:
    assert challenged(*used).fresh_seeds(count) == fresh


@pytest.mark.parametrize(
    ("now", "line"),
    [
        ("better", "focal: held: better, now better (p = .01)"),
        ("inconclusive", "focal: not held: better, now inconclusive (p = .01)"),
        (None, "focal: not held: better, now no verdict (p = .01)"),
    ],
)
def test_a_verdict_holds_if_it_is_the_same(now: str | None, line: str) -> None:
    assert str(Held(label="focal", then="better", now=now, reason="p = .01")) == line


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("inconclusive", "inconclusive", "undecided again: inconclusive, now inconclusive"),
        ("inconclusive", "better", "undecided before: inconclusive, now better"),
        ("no_inference", "no_inference", "undecided again: no inference, now no inference"),
    ],
)
def test_what_claimed_nothing_cannot_hold(then: str, now: str, words: str) -> None:
    assert str(Held(label="a", then=then, now=now, reason="p = .5")) == f"a: {words} (p = .5)"


def test_an_archive_is_challenged_with_fresh_seeds(study: Path, tmp_path: Path) -> None:
    archive, into = tmp_path / "adapting-results.zip", tmp_path / "again"
    harness("archive", study, "--out", study.parent / "results", "-o", archive)
    done = harness("challenge", archive, "--into", into, "--jobs", 1)
    then, now = (
        json.loads((out / "adapting" / "findings.json").read_text())
        for out in (study.parent / "results", into / "results")
    )
    verdicts = [
        next(finding["verdict"] for finding in findings if finding["role"] == "primary")
        for findings in (then, now)
    ]
    assert verdicts[0] == "inconclusive"  # of two seeds
    same = verdicts[0] == verdicts[1]
    fate = "undecided again" if same else "undecided before"
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"no-dropout: {fate}: {verdicts[0]}, now {verdicts[1]} (")
    assert done.exit_code == (not same)
    assert [[pair["seed"] for pair in found[0]["per_seed"]] for found in (then, now)] == [
        [1, 2],
        [3, 4],
    ]
    assert f"harness challenge {into / 'archive' / 'study'}" in (
        into / "results" / "adapting" / "report.md"
    ).read_text().replace("\\", "")

    # The same command again finds all runs there; another archive does not belong there.
    printed = harness("challenge", archive, "--into", into, "--json").stdout
    (held,) = answer("challenge", printed=printed)["verdicts"]
    facts = {"label": "no-dropout", "then": verdicts[0], "now": verdicts[1], "held": same}
    assert {name: held[name] for name in facts} == facts
    harness("archive", study, "--out", study.parent / "results", "-o", archive, "--weights")
    other = harness("challenge", archive, "--into", into)
    assert (other.exit_code, other.output) == (
        2,
        f"{into / 'archive'}: of another archive; choose another --into\n",
    )

    # The plan is that of the verdicts, or there is no challenge.
    unpacked = into / "archive" / "study" / "studies" / "adapting.yaml"
    unpacked.write_text(unpacked.read_text().replace("d_ff: 16", "d_ff: 8"))
    harness("archive", study, "--out", study.parent / "results", "-o", archive)
    changed = harness("challenge", archive, "--into", into)
    assert changed.exit_code == 2
    assert "is not what it was: model.d_ff 16, now 8" in changed.output


def test_a_study_is_challenged_only_once_its_plan_is_carried_out(study: Path) -> None:
    study.write_text(study.read_text().replace("d_ff: 16", "d_ff: 8"))
    refused = harness("challenge", study, "--out", study.parent / "results")
    assert refused.exit_code == 2
    assert "its plan is not carried out" in refused.output
    assert "changed option model.d_ff; harness run" in refused.output
