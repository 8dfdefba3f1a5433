from __future__ import annotations

from pathlib import Path

from experiments import planned

from harness.report import build
from harness.runs.ledger import Hypothesis, Ledger, write_hypotheses
from harness.runs.planned_run import PlannedRun

GOOD, BAD = "a b c", "x y z"


def wrote(ledger: Ledger, run: PlannedRun, texts: list[str]) -> PlannedRun:
    folder = ledger.evaluation(run.digest, evaluation="e")
    folder.mkdir(parents=True)
    said = [Hypothesis(f"line {number}", GOOD, text) for number, text in enumerate(texts)]
    write_hypotheses(folder, hypotheses=said)
    return run


def test_sentences_are_those_that_some_variants_get_right_and_others_do_not(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path)
    apart = {1, 4, 5, 8, 9}
    runs = [
        wrote(ledger, planned("baseline"), [GOOD if n in apart else BAD for n in range(10)]),
        wrote(ledger, planned("all-wrong"), [f"q{n}" for n in range(10)]),
        planned("not-run"),
        wrote(ledger, planned("baseline", seed=2), [BAD] * 10),
    ]
    found = build._samples(runs, ledger=ledger)
    assert [each.source for each in found] == [f"line {number}" for number in sorted(apart)]
    assert found[0].translations == {"baseline": GOOD, "all-wrong": "q1"}


def test_a_variant_that_was_tested_on_other_sentences_is_left_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    runs = [
        wrote(ledger, planned("baseline"), [GOOD, BAD]),
        wrote(ledger, planned("shorter"), [BAD]),
        wrote(ledger, planned("same"), [BAD, BAD]),
    ]
    for each in build._samples(runs, ledger=ledger):
        assert list(each.translations) == ["baseline", "same"]


def test_without_a_run_there_are_no_sentences(tmp_path: Path) -> None:
    assert build._samples([planned("baseline")], ledger=Ledger(tmp_path)) == []


def test_what_figures_are_told_of_a_run_is_what_the_ledger_holds(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    run = planned("baseline")
    folder = ledger.run(run.digest)
    folder.mkdir()
    (folder / "measurements.jsonl").write_text(
        '[0, [["validation", "nll", 6.0]]]\n'
        '[1, [["train", "loss", 5.9], ["train", "target_tokens", 30]]]\n'
        '[2, [["train", "target_tokens", 12], ["validation", "nll", 5.0]]]\n'
        '[3, [["train"'
    )
    (folder / "outcome.json").write_text('{"status": "finished", "seconds": 1.5}')
    (facts,) = build._facts([run], results=[], ledger=ledger)
    assert (facts.variant, facts.seed, facts.outcome, facts.scores) == ("baseline", 1, None, {})
    assert facts.validation == ((0, "validation", "nll", 6.0), (2, "validation", "nll", 5.0))
    assert (facts.seconds, facts.target_tokens) == (1.5, 42)
