"""What decoding cost, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import DecodingCost, RunSummary
from harness.report import Report
from harness.report.decoding_table import decoding_note, decoding_table


def _run(variant: str, *, seed: int, generation: str, cost: DecodingCost | None) -> RunSummary:
    return RunSummary(
        variant=variant,
        seed=seed,
        outcome="finished",
        scores={},
        validation=(),
        seconds=1.0,
        target_tokens=100,
        training=f"training {seed}",
        generation=generation,
        decoding=cost,
    )


def _guessed(seconds: float, accepted: int) -> DecodingCost:
    return DecodingCost(seconds=seconds, tokens=900, passes=300, proposed=1000, accepted=accepted)


def _costly(report: Report, *, greedy: float) -> Report:
    """Greedy decoding and two that guess, of the same three models."""
    runs = [
        _run(name, seed=seed, generation=generation, cost=cost)
        for seed, slower in ((1, 1.0), (2, 3.0), (3, 2.0))
        for name, generation, cost in (
            ("baseline", "greedy", DecodingCost(seconds=greedy * slower, tokens=900, passes=900)),
            ("same", "speculative", _guessed(1.0 * slower, 600 + 10 * seed)),
            ("odd", "theirs", DecodingCost(seconds=4.0 * slower, tokens=900)),
        )
    ]
    runs.append(_run("wild", seed=1, generation="greedy", cost=None))
    return replace(report, runs=runs)


def test_paces_are_medians_over_seeds_and_ratios_those_of_a_pair(report: Report) -> None:
    table = decoding_table(_costly(report, greedy=2.0))
    assert table.header == [
        "variant",
        "generation",
        "tokens a second",
        "passes a token",
        "accepted",
    ]
    assert [list(row) for row in table.rows] == [
        ["baseline", "greedy", "225", "1", "n/a"],
        ["same", "speculative", "450 (2)", "0.333", "62%"],
        ["odd", "theirs", "112 (0.5)", "n/a", "n/a"],
    ]


@pytest.mark.parametrize(("greedy", "claim"), [(2.0, "2 times"), (0.5, "0.5 times")])
def test_the_report_says_whether_guessing_pays(report: Report, greedy: float, claim: str) -> None:
    note = decoding_note(_costly(report, greedy=greedy))
    pays = "it pays here" if greedy > 1 else "it does not pay here"
    assert note.endswith(
        f"Of what same proposed, 62% was accepted; it wrote {claim} as many tokens a second as"
        f" greedy decoding of the same models: {pays}."
    )


def test_without_greedy_decoding_of_the_same_models_only_acceptance_is_said(report: Report) -> None:
    costly = _costly(report, greedy=2.0)
    others = [
        replace(run, training="another") if run.variant == "baseline" else run
        for run in costly.runs
    ]
    note = decoding_note(replace(costly, runs=others))
    assert note.endswith("Of what same proposed, 62% was accepted.")


def test_without_guesses_there_is_no_column_for_them(report: Report) -> None:
    costly = _costly(report, greedy=2.0)
    plain = [run for run in costly.runs if run.variant != "same"]
    assert decoding_table(replace(costly, runs=plain)).header[-1] == "passes a token"


def test_runs_of_earlier_versions_give_no_rows(report: Report) -> None:
    old = [_run("baseline", seed=1, generation="greedy", cost=None)]
    assert not decoding_table(replace(report, runs=old)).rows
