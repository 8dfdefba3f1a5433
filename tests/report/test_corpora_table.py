"""A study of several corpora shows what they say together; a study of one shows nothing of it."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Design, Factorial
from harness.report.corpora_table import corpora_note, over_corpora, ranks_table
from harness.report.design_text import design_sentences
from harness.report.html import as_html
from harness.report.values import Report
from harness.report.write import as_markdown
from harness.study.values import Comparison

NLL = ScoredMetric(name="nll", higher_is_better=False)
# Differences 1, 2, 3 on the one corpus and 3, 4, 8 on the other.
SCORES = {
    "baseline": (10.0, 20.0, 30.0),
    "dataset=small": (1.0, 2.0, 3.0),
    "variant=focal": (11.0, 22.0, 33.0),
    "variant=focal+dataset=small": (4.0, 6.0, 11.0),
}
DESIGN = Design(
    factorial=Factorial(
        factors={"variant": ("baseline", "focal"), "dataset": ("baseline", "small")},
        cells={
            name: {
                "variant": "focal" if "focal" in name else "baseline",
                "dataset": "small" if "small" in name else "baseline",
            }
            for name in SCORES
        },
        corpora="dataset",
    )
)


def of_two_corpora(report: Report) -> Report:
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"nll": score})
        for name, scores in SCORES.items()
        for seed, score in enumerate(scores, start=1)
    ]
    planned = {"variants": [*SCORES], "seeds": [1, 2, 3]}
    findings = compare(results, **planned, metrics=[NLL], comparison=Comparison(), design=DESIGN)
    new = {"results": results, "findings": findings, "design": DESIGN, "primary": NLL}
    return replace(report, changes={}, **planned, **new)


def test_differences_and_ranks_are_over_corpora(report: Report) -> None:
    """Means 2 and 5, so s^2 = 4.5; errors^2 1 / 3 and 7 / 3, of the mean 13 / 12 (all by hand).

    The covariance is (13 / 6 - 4 / 3) / 1 = 5 / 6, so the error^2 is 4.5 / 2 + 5 / 6 = 37 / 12, and
    t(1) at 97.5% is 12.7062; between corpora, 4.5 - 4 / 3 + 5 / 6 = 4.
    """
    two = of_two_corpora(report)
    (row,) = over_corpora(two).rows
    assert row == ["variant=focal overall", "+3.5 (-1.0 to +8.0)", "-18.8 to +25.8", "2.0"]
    assert ranks_table(two).rows == [["variant=baseline", "1.00"], ["variant=focal", "2.00"]]
    note = corpora_note(two)
    assert note.startswith("2 corpora count alike")
    assert note.endswith(
        "Friedman's chi-square is 2.00; every corpus ranks them alike, exact p = .5."
    )
    (sentence,) = design_sentences(two)
    assert "never across corpora" in sentence
    assert "speaks of these 2 corpora" in sentence
    assert "## Over corpora\n\n| effect" in as_markdown(two)
    assert ">Over corpora</a></h2>" in as_html(two, drawings=())


def test_one_corpus_has_no_such_section(report: Report) -> None:
    assert "Over corpora" not in as_markdown(report)
    assert (over_corpora(report).rows, ranks_table(report).rows) == ([], [])
