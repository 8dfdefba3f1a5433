"""Studies are pooled variant by variant, unless they share runs or measure something else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.answers import answer

from harness.analysis import RunResult, ScoredMetric, compare
from harness.cli import main
from harness.comparing.pooled_studies import StudyFindings, pool_studies
from harness.comparing.pooled_text import pooled_lines
from harness.errors import HarnessError
from harness.report.screen import Screen
from harness.report.write import as_json
from harness.study.values import Comparison

NLL = ScoredMetric(name="nll", higher_is_better=False)


def findings(**differences: Sequence[float | None]) -> list[Mapping[str, Any]]:
    """The findings of a study whose baseline scores 1, 2, ...; None is a diverged run."""
    seeds = range(1, 1 + max(map(len, differences.values())))
    results = [
        RunResult(variant="baseline", seed=n, outcome="finished", scores={"nll": n}) for n in seeds
    ]
    for variant, values in differences.items():
        for seed, value in zip(seeds, values, strict=True):
            scores = {} if value is None else {"nll": seed + value}
            outcome = "diverged" if value is None else "finished"
            results.append(RunResult(variant=variant, seed=seed, outcome=outcome, scores=scores))
    compared = compare(
        results,
        variants=["baseline", *differences],
        seeds=[*seeds],
        metrics=[NLL],
        comparison=Comparison(),
    )
    rows: list[Mapping[str, Any]] = json.loads(as_json(compared))
    return rows


def study(name: str, *, first: int = 1, **differences: Sequence[float | None]) -> StudyFindings:
    rows = {row["variant"]: row for row in findings(**differences)}
    count = max(map(len, differences.values()))
    runs = {
        (variant, seed): f"{variant} {seed}"
        for variant in ("baseline", *differences)
        for seed in range(first, first + count)
    }
    return StudyFindings(name=name, findings=rows, runs=runs)


def test_a_baseline_that_diverged_makes_no_pooled_variant_worse() -> None:
    studies = [study(name, first=first, focal=[9, 10, 11]) for first, name in ((1, "a"), (11, "b"))]
    rows = {**studies[0].findings["focal"], "diverged_baseline": 1, "planned": 4}
    (whole,), (died,) = (
        pool_studies(pooled)
        for pooled in (studies, [replace(studies[0], findings={"focal": rows}), studies[1]])
    )
    assert (whole.verdict, died.verdict) == ("worse", "inconclusive")
    told = "1 of 7 planned pairs are missing, and worse only where both finished"
    assert any(told in line.plain for line in pooled_lines([died], screen=Screen()))


def test_each_variant_is_pooled_over_the_studies_that_have_it() -> None:
    """Means 2, 4 and 3 count alike: t(2) of their mean 3 is 3 / sqrt(1 / 3)."""
    pooled = pool_studies(
        [
            study("a", focal=[1, 2, 3], only_here=[1, 2, 3]),
            study("b", first=11, focal=[3, 4, 5], twice=[-1, -1, -4]),
            study("c", first=21, focal=[2, 3, 4], twice=[-2, -2, -5]),
        ]
    )
    assert [finding.variant for finding in pooled] == ["focal", "twice"]
    focal, twice = pooled
    assert (focal.pooled.mean, focal.pooled.error) == pytest.approx((3, 3**-0.5))
    assert focal.pooled.weights == pytest.approx((1 / 3,) * 3)
    assert focal.pooled.p == pytest.approx(0.035099, abs=1e-6)
    assert focal.p_adjusted == pytest.approx(2 * focal.pooled.p)  # Holm over both
    assert focal.verdict == "inconclusive"
    assert [*twice.estimates] == ["b", "c"]


@pytest.mark.parametrize(
    ("sign", "lost", "verdict"),
    [(-1, [], "better"), (-1, [None], "inconclusive"), (1, [], "worse")],
)
def test_a_difference_over_surviving_seeds_is_not_better(
    sign: int, lost: list[None], verdict: str
) -> None:
    studies = [
        study(name, first=first, focal=[sign * n for n in (9, 10, 11)] + lost)
        for name, first in (("a", 1), ("b", 11), ("c", 21))
    ]
    assert [finding.verdict for finding in pool_studies(studies)] == [verdict]


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"first": 3, "focal": [1, 2, 3]}, "b has a run of a: baseline, seed 3; pool studies"),
        ({"first": 9, "other": [1, 2, 3]}, "no variant is in two of these studies"),
        ({"first": 9, "focal": [2, 2, 2]}, "b: focal has no standard error over its 3 complete"),
        ({"first": 9, "focal": [2]}, "b: focal has no standard error over its 1 complete"),
    ],
)
def test_what_cannot_be_pooled_is_refused(other: Any, fault: str) -> None:
    with pytest.raises(HarnessError, match=fault):
        pool_studies([study("a", focal=[1, 2, 3]), study("b", **other)])


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("metric", "bleu", "b: the metric of its verdicts is bleu, that of a nll"),
        ("method", "welch", "b: focal was compared by welch; only"),
    ],
)
def test_only_like_is_pooled_with_like(key: str, value: str, fault: str) -> None:
    first, second = study("a", focal=[1, 2, 3]), study("b", first=9, focal=[1, 2, 3])
    unlike = {"focal": {**second.findings["focal"], key: value}}
    with pytest.raises(HarnessError, match=fault):
        pool_studies([first, StudyFindings(name=second.name, findings=unlike, runs=second.runs)])


def harness(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_results_folders_are_pooled(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for number, folder in enumerate(folders):
        folder.mkdir()
        rows = findings(focal=[number + 1, number + 2, number + 3])
        (folder / "findings.json").write_text(json.dumps(rows))
    done = harness("pool", *folders)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("nll on the test split, variant minus baseline; lower is better.")
    assert lines[2] == (
        "focal: worse: +3.00 (+0.52 to +5.48); p = .035; standard deviation between studies 0.82"
        " (67% of the variance); one more such study: -1.30 to +7.30; each"
        " study counts alike, as one has fewer than 10 seeds"
    )
    assert lines[-1].split()[1:] == ["3", "+4.00", "0.58", "33%"]
    (told,) = answer("pool", printed=harness("pool", *folders, "--json").stdout)["findings"]
    assert (told["verdict"], told["studies"][0]["difference"]) == ("worse", 2)

    (folders[0] / "findings.json").write_text("[1]")
    assert harness("pool", *folders).exit_code == 2
    (folders[0] / "findings.json").unlink()
    gone = harness("pool", *folders)
    assert gone.output == f"{folders[0]}: no findings.json; name a study, or its results\n"
    assert harness("pool", folders[1]).output == "nothing to pool: name two studies\n"
