"""The spread of results, and the seeds that an effect needs with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import experiment

from harness.analysis import RunResult, ScoredMetric, compare
from harness.planning.preview import PowerQuestion, resolution
from harness.planning.preview.resolution_text import resolution_lines
from harness.report import Report
from harness.study.values import Comparison, Study
from harness_executors.local import Local

NLL = ScoredMetric(name="nll", higher_is_better=False)
# Differences 1, 2, 3 and 2, 4, 6 from the baseline, with standard deviations 1 and 2.
SCORES = {"baseline": (0.0, 0.0, 0.0), "calm": (1.0, 2.0, 3.0), "wild": (2.0, 4.0, 6.0)}
STUDY = Study(
    name="pilot",
    path=Path("pilot.yaml"),
    question="How many seeds?",
    variants=dict.fromkeys([*SCORES, "later"], experiment()),
    seeds=(1, 2, 3),
    metrics=(),
    figures=(),
    compare=Comparison(),
    executor=Local(),
)


@pytest.fixture
def pilot() -> Report:
    results = [
        RunResult(variant=variant, seed=seed, outcome="finished", scores={"nll": score})
        for variant, scores in SCORES.items()
        for seed, score in enumerate(scores, start=1)
    ]
    return Report(
        name="pilot",
        question="How many seeds?",
        primary=NLL,
        variants=[*STUDY.variants],
        seeds=STUDY.seeds,
        results=results,
        findings=compare(
            results,
            variants=[*STUDY.variants],
            seeds=STUDY.seeds,
            metrics=[NLL],
            comparison=STUDY.compare,
        ),
        changes={},
        samples=(),
        signatures={},
        command="",
        versions={},
    )


def test_a_variant_s_own_spread_stands_beside_that_of_all(pilot: Report) -> None:
    planned = resolution(STUDY, question=PowerQuestion(effect=2.0), report=pilot)
    assert planned.spread
    assert planned.spread.sd == pytest.approx(2.5**0.5)
    # Twice two, but the two share a baseline: 4 / (1 + 2 * .5^2 * 2 / 4).
    assert planned.spread.freedom == pytest.approx(3.2)
    assert {name: spread.sd for name, spread in planned.spreads.items()} == {
        "calm": pytest.approx(1.0),
        "wild": pytest.approx(2.0),
    }
    assert planned.spreads["wild"].freedom == 2
    assert planned.spreads["wild"].needed is not None
    assert planned.spreads["wild"].needed[0] == 22  # for one deviation: 10 were it known
    text = "\n".join(resolution_lines(planned))
    assert "if the sd of the paired differences is 1.58, as in the results (3.2 degrees" in text
    assert "for a mean power of 80% over what the true sd may be" in text
    assert "wild: 22 seeds" in text


def test_unpaired_runs_are_as_many_as_they_are(pilot: Report) -> None:
    welch = replace(STUDY, compare=Comparison(method="welch"))
    planned = resolution(welch, question=PowerQuestion(), report=pilot)
    assert planned.spread
    assert planned.spread.freedom == 3 * 2
    assert "sd of the scores is" in "\n".join(resolution_lines(planned))


def test_a_spread_that_is_given_is_taken_as_exact(pilot: Report) -> None:
    planned = resolution(STUDY, question=PowerQuestion(effect=2.0, sd=2.0), report=pilot)
    assert planned.spread
    assert (planned.spread.freedom, planned.spread.interval, planned.spreads) == (None, None, {})
    assert planned.spread.needed is not None
    assert planned.spread.needed[0] == 10
    assert "is 2, as given" in "\n".join(resolution_lines(planned))


def test_a_plan_has_the_power_of_the_sign_test() -> None:
    signed = replace(STUDY, compare=Comparison(method="sign_test"))
    question = PowerQuestion(effect=1.0, sd=1.0)
    text = "\n".join(resolution_lines(resolution(signed, question=question, report=None)))
    assert "nothing: a test needs 2 seeds, and a sign test at .05 needs 6" in text
    # Binomial: 13 or more of 17 have p < .05; each is above 0 with probability Phi(1) = .841.
    assert "an effect of 1 needs 17 seeds" in text
    six = resolution(replace(signed, seeds=(1, 2, 3, 4, 5, 6)), question=question, report=None)
    # Six of six: Phi(d)^6 = .8 at d = 1.793; over three variants, no p is below .05 / 3.
    assert six.detectable == (pytest.approx(1.793, abs=5e-4), None)
    assert "; nothing at the strictest level" in "\n".join(resolution_lines(six))
