from __future__ import annotations

from pathlib import Path

from support.tiny_experiment import planned

from harness.report import build
from harness.runs.ledger import Hypothesis, Ledger, write_hypotheses
from harness.runs.planned_run import PlannedRun

GOOD, BAD = "a b c", "x y z"


def wrote(ledger: Ledger, run: PlannedRun, texts: list[str]) -> PlannedRun:
    folder = ledger.evaluation(run.digest, evaluation="e")
    folder.mkdir(parents=True)
    hypotheses = [Hypothesis(f"line {number}", GOOD, text) for number, text in enumerate(texts)]
    write_hypotheses(folder, hypotheses=hypotheses)
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
    samples = build._samples(runs, ledger=ledger)
    assert [sample.source for sample in samples] == [f"line {number}" for number in sorted(apart)]
    assert samples[0].translations == {"baseline": GOOD, "all-wrong": "q1"}


def test_a_variant_that_was_tested_on_different_sentences_is_left_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    runs = [
        wrote(ledger, planned("baseline"), [GOOD, BAD]),
        wrote(ledger, planned("shorter"), [BAD]),
        wrote(ledger, planned("same"), [BAD, BAD]),
    ]
    for sample in build._samples(runs, ledger=ledger):
        assert list(sample.translations) == ["baseline", "same"]


def test_without_a_run_there_are_no_sentences(tmp_path: Path) -> None:
    assert build._samples([planned("baseline")], ledger=Ledger(tmp_path)) == []


def test_figures_get_the_facts_of_a_run_from_the_ledger(tmp_path: Path) -> None:
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
    (summary,) = build._summaries([run], results=[], ledger=ledger)
    assert (summary.variant, summary.seed, summary.outcome, summary.scores) == (
        "baseline",
        1,
        None,
        {},
    )
    assert summary.validation == ((0, "validation", "nll", 6.0), (2, "validation", "nll", 5.0))
    assert (summary.seconds, summary.target_tokens) == (1.5, 42)
