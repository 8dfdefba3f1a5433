"""Runs whose text is the same and whose tokens are not: what compares them, and what is said."""

from __future__ import annotations

import pytest

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import CORE_METRICS, Design, Finding, Method
from harness.study.values import Comparison

CORE = [
    ScoredMetric(name=name, higher_is_better=up, of_raw_text=name == "bits_per_byte")
    for name, up in CORE_METRICS.items()
]
SEEDS = (1, 2, 3, 4)


def run(
    variant: str, seed: int, *, tokens: str, references: str = "text", reason: str = ""
) -> RunResult:
    shift = (variant == "variant") * (1 + seed / 10)
    names = [name for name in CORE_METRICS if not (reason and name == "bits_per_byte")]
    return RunResult(
        variant=variant,
        seed=seed,
        outcome="finished",
        scores=dict.fromkeys(names, 5 + seed / 10 - shift),
        tokens=tokens,
        references=references,
        unscored={"bits_per_byte": reason} if reason else {},
    )


def findings(*, method: Method = "paired_t", **variant: str) -> dict[str, Finding]:
    runs = [run("baseline", seed, tokens="characters") for seed in SEEDS]
    runs += [run("variant", seed, tokens="words", **variant) for seed in SEEDS]
    found = compare(
        runs,
        variants=("baseline", "variant"),
        seeds=SEEDS,
        metrics=CORE,
        comparison=Comparison(primary="nll", method=method),
    )
    return {finding.metric: finding for finding in found}


@pytest.mark.parametrize("method", ["paired_t", "welch", "sign_test"])
def test_bits_per_byte_compares_them_and_nothing_per_token_does(method: Method) -> None:
    found = findings(method=method)
    assert {name: finding.n for name, finding in found.items()} == {
        "nll": 0,
        "perplexity": 0,
        "token_accuracy": 0,
        "bits_per_byte": 4,
    }
    assert found["bits_per_byte"].difference == pytest.approx(-1.25)
    assert found["nll"].verdict == "no_inference"
    counted = "4 of 4 planned runs" if method == "welch" else "4 of 4 seeds"
    said = f"scored on other tokens in {counted}, though of the same text"
    assert said in found["nll"].reason
    assert "nll depends on tokens; use bits_per_byte or a metric of text" in found["nll"].reason


def test_of_another_text_nothing_is_compared() -> None:
    found = findings(references="other text")
    assert {finding.n for finding in found.values()} == {0}
    assert "scored on other sentences in 4 of 4 seeds" in found["bits_per_byte"].reason
    assert found["nll"].reason.endswith("scored on other tokens in 4 of 4 seeds")


def test_a_run_without_the_score_says_why() -> None:
    found = findings(reason="its tokenizer loses 2 of 9 references")
    assert found["bits_per_byte"].n == 0
    assert (
        "the variant has no score (its tokenizer loses 2 of 9 references) in 4 of 4 seeds"
        in found["bits_per_byte"].reason
    )
    assert found["nll"].reason.endswith("nll depends on tokens; use a metric of text")


def test_a_table_is_told_of_no_planned_runs() -> None:
    runs = [run("baseline", seed, tokens="characters") for seed in SEEDS]
    runs += [run("variant", seed, tokens="words") for seed in SEEDS]
    (finding,) = compare(
        runs,
        variants=("baseline", "variant"),
        seeds=SEEDS,
        metrics=[metric for metric in CORE if metric.name == "nll"],
        comparison=Comparison(primary="nll", method="welch"),
        design=Design(of_table=True),
    )
    assert "scored on other tokens in 4 of 4 runs, though" in finding.reason
