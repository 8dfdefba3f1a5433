"""The metrics of a study's findings."""

from __future__ import annotations

import pytest

from harness.analysis import RunResult
from harness.scoring.findings import known_metrics

PER_TOKEN = ["nll", "perplexity", "token_accuracy"]


def result(**facts: object) -> RunResult:
    return RunResult(variant="baseline", seed=1, outcome="finished", **facts)


@pytest.mark.parametrize(
    ("results", "primary", "known"),
    [
        ([], "nll", False),
        ([result(scores={"nll": 1.0})], "nll", False),  # of an earlier version
        ([result(scores={"nll": 1.0})], "bits_per_byte", True),
        ([result(scores={"nll": 1.0}), result(scores={"bits_per_byte": 2.0})], "nll", True),
        ([result(scores={"nll": 1.0}, unscored={"bits_per_byte": "why"})], "nll", False),
    ],
)
def test_a_metric_of_the_raw_text_that_no_run_has_is_left_out(
    results: list[RunResult], primary: str, *, known: bool
) -> None:
    metrics = [metric.name for metric in known_metrics([], results=results, primary=primary)]
    assert metrics == [*PER_TOKEN, *(["bits_per_byte"] if known else [])]
