from __future__ import annotations

import pytest

from harness.analysis import RunResult, ScoredMetric, compare
from harness.report import Report, SampleTranslation
from harness.study.changes import Change
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True, of_text=True)
NLL = ScoredMetric(name="nll", higher_is_better=False)
SEEDS = (1, 2, 3)
SCORES = {
    "baseline": (30.0, 31.0, 29.0),
    "no-dropout": (25.1, 26.0, 23.8),
    "same": (30.0, 31.0, 29.0),
    "odd": (30.1, 30.2, 30.3),
    "wild": (28.0, 28.0, 28.0),
}


def _results() -> list[RunResult]:
    results = [
        RunResult(
            variant=variant,
            seed=seed,
            outcome="finished",
            scores={"bleu": score, "nll": 4 - score / 20},
            output_digest=f"{seed} {score}",
        )
        for variant, scores in SCORES.items()
        for seed, score in zip(SEEDS, scores, strict=True)
    ]
    lost = {("wild", 1): "diverged", ("wild", 2): "failed"}
    return [
        RunResult(variant=run.variant, seed=run.seed, outcome=lost[run.variant, run.seed])
        if (run.variant, run.seed) in lost
        else run
        for run in results
        if (run.variant, run.seed) != ("wild", 3)  # it has not ended
    ]


@pytest.fixture
def report() -> Report:
    """A study of four variants with four verdicts, and a corpus that contains markup."""
    results = _results()
    return Report(
        name="ablation",
        question="Is a < b, and what does `dropout` do?",
        primary=BLEU,
        variants=tuple(SCORES),
        seeds=SEEDS,
        results=results,
        findings=compare(
            results,
            variants=tuple(SCORES),
            seeds=SEEDS,
            metrics=[NLL, BLEU],
            comparison=Comparison(primary="bleu"),
        ),
        changes={
            "no-dropout": [Change("regularizers.dropout", "{rate: 0.1}", "off")],
            "odd": [Change("loss", "label_smoothing", "cross_entropy")],
        },
        samples=[
            SampleTranslation(
                source="Ein Mann | <script>alert(1)</script>",
                reference="A `man`\n# with *stars*",
                translations={
                    "baseline": "a man",
                    "no-dropout": "",
                    "odd": "[x](http://y.z) &amp;",
                },
            )
        ],
        signatures={"bleu": "nrefs:1|case:mixed|tok:13a"},
        command="harness run studies/ablation.yaml",
        versions={"harness": "0.1.0", "torch": "2.13.0", "python": "3.11.7"},
    )
