from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness.loading import load
from harness.planning.plan import plan
from harness.planning.probe import ProbeResult, estimate, probe, without_effect
from harness.planning.probe.worker import probed_updates
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.changes import Change, changes_from_baseline
from harness.study.values import Study

VARIANTS = """
variants:
  far-clip: {regularizers: {clip_norm: 1.0e+9}}
  no-average: {averaging: {ema: 0.0}}
  last-only: {averaging: {last_k: {every: 12}}}
  last-two: {averaging: {last_k: {every: 5, count: 2}}}
  second-step: {optimizer: {adam: {betas: [0.9, 0.9]}}}
  one-beam: {generation: {beam: {size: 1, extra: 3}}}
  longer: {budget: {updates: 13}}
  wild: {schedule: {constant: 1.0e+30}}
seeds: [4]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("probing") / "tiny.yaml"
    before, _, after = TINY.partition("variants:")
    path.write_text(before + VARIANTS + after.partition("seeds: 2")[2])
    return load(path)[0]


@pytest.fixture(scope="module")
def probed(study: Study) -> Mapping[str, ProbeResult]:
    return probe(study, names=tuple(study.variants), jobs=2, sentences=2)


def test_a_variant_without_effect_is_named_and_one_that_acts_late_or_rarely_is_not(
    study: Study, probed: Mapping[str, ProbeResult]
) -> None:
    beam = "one-beam wrote the same sentences as the baseline, after 6 updates: its generation"
    nothing = "changed nothing in 6 probed updates (1, 2, 6, 7, 11, 12): its"
    assert list(without_effect(probed, changed=changes_from_baseline(study))) == [
        f"far-clip {nothing} regularizers.clip_norm had no effect",
        f"no-average {nothing} averaging had no effect",
        f"last-only {nothing} averaging had no effect",
        f"{beam} may have no effect",
    ]


def test_the_number_of_processes_is_not_asked_of_a_probe_which_is_one(
    probed: Mapping[str, ProbeResult],
) -> None:
    same = {"baseline": probed["baseline"], "two": probed["baseline"]}
    parallel = [Change("budget.parallel.data", "1", "2")]
    both = [*parallel, Change("averaging", "none", "{ema: 0.0}")]
    assert list(without_effect(same, changed={"two": parallel})) == []
    assert len(list(without_effect(same, changed={"two": both}))) == 1


def test_a_probe_measures_time_and_memory(probed: Mapping[str, ProbeResult]) -> None:
    baseline = probed["baseline"]
    assert min(baseline.setup, baseline.update, baseline.evaluation, baseline.decoding) > 0
    assert baseline.memory > 50 * 2**20  # torch alone
    assert baseline.fault is None


def test_a_variant_that_cannot_be_probed_has_a_fault(probed: Mapping[str, ProbeResult]) -> None:
    fault = probed["wild"].fault
    assert fault is not None
    assert fault.startswith("Diverged: ")


def test_momentum_shows_in_the_second_update_only(probed: Mapping[str, ProbeResult]) -> None:
    assert probed["second-step"].weights != probed["baseline"].weights
    assert probed["last-two"].weights == probed["baseline"].weights
    assert probed["last-two"].averaged != probed["baseline"].averaged


@pytest.mark.parametrize(
    ("updates", "numbers"),
    [(0, ()), (1, (1,)), (2, (1, 2)), (5, (1, 2, 3, 4, 5)), (300, (1, 2, 150, 151, 299, 300))],
)
def test_probed_are_the_first_the_middle_and_the_last(
    updates: int, numbers: tuple[int, ...]
) -> None:
    assert probed_updates(updates) == numbers


def test_time_is_that_of_the_jobs_side_by_side(study: Study, tmp_path: Path) -> None:
    known = {
        name: ProbeResult(setup=1.0, update=0.5, evaluation=2.0, decoding=3.0, memory=100)
        for name in study.variants
    }
    known["wild"] = ProbeResult(fault="Diverged")
    runs: list[PlannedRun] = [
        *plan(
            study,
            plugins=load(study.path)[1],
            ledger=Ledger(tmp_path),
            previous={},
        )
    ]
    total = estimate(study, probed=known, runs=runs, ledger=Ledger(tmp_path), jobs=2)
    # 12 updates, validation before, at 4, 8 and 12, and the test split, scored like validation.
    assert total.runs["baseline"] == 1 + 12 * 0.5 + 5 * 2 + 3
    assert total.missing == 7  # wild is unknown, and one-beam is the baseline's training
    assert (total.seconds, total.memory) == (3 * 20 + 22.5, 200)  # the longer one is among the last
    assert "wild" not in total.runs
