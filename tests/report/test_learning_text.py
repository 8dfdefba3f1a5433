"""A study that learned nothing says so first; one that learned says nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.invented_results import carry_out, opened, study_of

from harness.analysis import RunResult, ScoredMetric
from harness.analysis.learning import TrainingTrace
from harness.contracts import Course, Evaluation, TrainingOutcome
from harness.planned_study import PlannedStudy
from harness.report import Report
from harness.report.answer_text import answer
from harness.report.learning_text import learned_nothing, nothing_learned
from harness.report.write import as_markdown
from harness.runs import records
from harness.runs.ledger import Hypothesis, write_hypotheses

BLEU = ScoredMetric(name="bleu", higher_is_better=True, of_text=True, bounds=(0.0, 100.0))
FALLS, STALLS = (6.0, 5.9, 5.8, 5.7, 5.6), (6.0, 5.0, 4.0, 4.0, 4.0)


def signs(*, bleu: float = 30.0, metrics: Sequence[ScoredMetric] = (BLEU,), **trace: object) -> str:
    values = {"losses": STALLS, "by_chance": 5.0, "different": 90, "expected": 100, **trace}
    result = RunResult(variant="a", seed=1, outcome="finished", scores={"bleu": bleu, "chrf": 20.0})
    traced = [(result, TrainingTrace(**values))]  # type: ignore[arg-type] # whatever a test asks for
    return learned_nothing(traced, metrics=metrics)


def test_each_sign_has_its_numbers_and_the_way_out() -> None:
    assert signs(losses=FALLS) == (
        "the best validation nll, 5.6, is no better than the frequencies of tokens alone give, 5;"
        " validation nll was still falling at the end: raise `updates`"
    )
    assert signs(different=3) == (
        "where 100 different lines were to be written, no run wrote more than 3 (repeated words"
        " aside), and the rest are copies, though the best validation nll, 4, is better than the"
        " frequencies of tokens alone give, 5;"
        " raise `updates`, or change the learning rate, as validation nll no longer fell"
    )
    trace = TrainingTrace(losses=STALLS, by_chance=5.0, different=3, expected=100)
    result = RunResult(variant="a", seed=1, outcome="finished")
    mixed = [(result, trace), (result, replace(trace, losses=FALLS))]
    assert learned_nothing(mixed, metrics=[BLEU]).endswith(
        "as validation nll did not fall to the end in every run"
    )
    falling = {"losses": FALLS, "by_chance": None}
    assert signs(bleu=1.04, **falling) == (
        "scores are next to the worst possible (bleu at most 1); validation nll was still falling"
        " at the end: raise `updates`"
    )


def test_a_loss_better_than_chance_is_told_beside_a_low_score() -> None:
    learning = {"losses": (6.0, 5.5, 5.0, 4.5, 4.0), "by_chance": 5.0}
    assert signs(bleu=1.04, **learning) == (
        "scores are next to the worst possible (bleu at most 1), though the best validation nll, 4,"
        " is better than the frequencies of tokens alone give, 5; validation nll was still falling"
        " at the end: raise `updates`"
    )
    with_chrf = (BLEU, replace(BLEU, name="chrf"))  # which is not next to its worst
    assert not signs(bleu=1.04, metrics=with_chrf, **learning)
    assert signs(bleu=1.04, metrics=with_chrf, losses=FALLS, by_chance=None)


@pytest.mark.parametrize(
    "learned", [{}, {"bleu": 1.0}, {"losses": FALLS, "by_chance": None}, {"different": 11}]
)
def test_no_sign_alone_is_enough_where_something_was_learned(learned: dict[str, float]) -> None:
    assert not signs(**learned)


def with_chance(study: PlannedStudy, *, nothing: set[str], prompts: int = 20) -> Report:
    """The report of a study in which these variants write copies of one word.

    They continue so many different prompts, each for several lines if there are fewer than lines.
    """
    for run in study.runs:
        word = "a " if run.variant in nothing else ""
        lines = [
            Hypothesis(str(n % prompts), f"line {n}", word * n if word else f"line {n}")
            for n in range(1, 21)
        ]
        decoding = study.ledger.evaluation(run.digest, evaluation=run.evaluation)
        write_hypotheses(decoding, hypotheses=lines)
        scores = {"nll": 4 + run.seed / 10 + len(run.variant) / 100}
        evaluated = Evaluation(scores=scores, sentences=len(lines))
        records.write_record(decoding / "outcome.json", record=evaluated)
        path = study.ledger.run(run.digest) / "outcome.json"
        records.write_record(path, record=TrainingOutcome(status="finished", chance_nll=2.0))
    return study.evaluate()


def test_a_study_in_which_nothing_was_learned_says_so_first(tmp_path: Path) -> None:
    study = carry_out(opened(study_of(3), folder=tmp_path))
    everything = {run.variant for run in study.runs}
    report = with_chance(study, nothing=everything)
    lines = "where 20 different lines were to be written, no run wrote more than 1"
    said = f"Nothing was learned; of the baseline, {lines}"
    assert answer(report).startswith(said)
    assert said in as_markdown(report)
    alone = with_chance(study, nothing={"baseline"})
    assert answer(alone).startswith("The baseline learned nothing: where 20 different lines")
    for learned in ({"plain"}, set[str]()):
        other = with_chance(study, nothing=learned)
        assert other.unlearned == ""
        assert answer(other) == answer(replace(report, findings=other.findings, unlearned=""))


def test_copies_of_a_loss_below_chance_are_little_and_not_nothing(tmp_path: Path) -> None:
    study = carry_out(opened(study_of(3), folder=tmp_path))
    course = Course(costs={}, scores={"nll": (9.0, 1.5)})  # where chance gives 2

    def said(report: Report) -> str:
        results = [replace(result, course=course) for result in report.results]
        return nothing_learned(study.runs, results=results, metrics=[BLEU], ledger=study.ledger)

    everywhere = said(with_chance(study, nothing={run.variant for run in study.runs}))
    assert everywhere.startswith("Little was learned; of the baseline, where 20 different lines")
    assert "though the best validation nll, 1.5, is better than" in everywhere
    alone = said(with_chance(study, nothing={"baseline"}))
    assert alone.startswith("The baseline learned little: where 20 different lines")


def test_equal_lines_are_no_sign_where_there_are_few_prompts(tmp_path: Path) -> None:
    study = carry_out(opened(study_of(3), folder=tmp_path))
    everything = {run.variant for run in study.runs}
    assert with_chance(study, nothing=everything, prompts=1).unlearned == ""
    with_ten = with_chance(study, nothing=everything, prompts=10).unlearned
    assert with_ten.startswith("Nothing was learned; of the baseline, where 10 different lines")
