"""The findings of several studies, pooled variant by variant."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import pipeline
from harness.analysis.random_effects import FEWEST_TO_WEIGH, Pooled, StudyEstimate, pool
from harness.analysis.statistics import ALPHA, deviation, holm, mean
from harness.errors import HarnessError
from harness.report.write import as_json
from harness.runs import study_folder
from harness.runs.planned_run import Previous
from harness.runs.reuse import Reuse
from harness.study.values import BASELINE

_FINDINGS = "findings.json"
_ALIKE = ("metric", "split", "higher_is_better")  # what findings must agree in


@dataclass(frozen=True, kw_only=True)
class StudyFindings:
    """The primary findings of one study, by label, and its runs by variant and seed."""

    name: str
    findings: Mapping[str, Mapping[str, Any]]
    runs: Previous


@dataclass(frozen=True, kw_only=True)
class PooledFinding:
    """One variant over several studies; `p_adjusted` is Holm's over the variants.

    `estimates` and `lost` are by study: the planned seeds that its difference leaves out. What it
    counts is a `unit`: pairs of runs or, of an effect, seeds with all their cells. `baseline_died`
    is True if the baseline diverged anywhere.
    """

    variant: str
    unit: str
    metric: str
    split: str
    higher_is_better: bool
    estimates: Mapping[str, StudyEstimate]
    seeds: Mapping[str, int]
    lost: Mapping[str, int]
    baseline_died: bool
    pooled: Pooled
    p_adjusted: float

    @property
    def verdict(self) -> str:
        """As that of one study: no side gains by the seeds that it did not survive."""
        better = self.claim == "better"
        doubtful = any(self.lost.values()) if better else self.baseline_died
        return "inconclusive" if self.p_adjusted >= ALPHA or doubtful else self.claim

    @property
    def claim(self) -> str:
        """The verdict that the mean speaks for."""
        return "better" if (self.pooled.mean > 0) == self.higher_is_better else "worse"


def study_findings(path: Path, *, out: Path) -> StudyFindings:
    """The findings of a study, or those that its folder of results has.

    The results of a study are recorded as inspected; a folder's were, when they were written.
    """
    if not path.is_dir():
        opened = pipeline.open_study(path, out=out, seeds=None, reuse=Reuse.SAME_STUDY)
        rows = json.loads(as_json(pipeline.inspect_results(opened).findings))
        runs = {(run.variant, run.seed): run.digest for run in opened.runs}
        return _primary(str(path), rows=rows, runs=runs)
    file = path / _FINDINGS
    try:
        rows = json.loads(file.read_bytes())
        return _primary(str(path), rows=rows, runs=study_folder.previous_plan(path))
    except FileNotFoundError:
        raise HarnessError(f"{path}: no {_FINDINGS}; name a study, or its results") from None
    except (ValueError, TypeError, KeyError):
        raise HarnessError(f"{file}: not findings; `harness report STUDY` writes them") from None


def _primary(name: str, *, rows: Sequence[Mapping[str, Any]], runs: Previous) -> StudyFindings:
    # A variant of several pairs has several differences, and the noise floor is no question.
    kept = {
        row["variant"]: row
        for row in rows
        if row["role"] == "primary" and row["kind"] in ("variant", "effect")
    }
    return StudyFindings(name=name, findings=kept, runs=runs)


def pool_studies(studies: Sequence[StudyFindings]) -> list[PooledFinding]:
    """Every variant that at least two of the studies have, pooled.

    Raises `HarnessError` if the studies have none, share runs, or measure something else.
    """
    _refuse_shared(studies)
    names = dict.fromkeys(variant for study in studies for variant in study.findings)
    shared = {
        variant: having
        for variant in names
        if len(having := [study for study in studies if variant in study.findings]) > 1
    }
    if not shared:
        raise HarnessError("no variant is in two of these studies, under the same name")
    for variant, having in shared.items():
        _refuse_unlike(variant, studies=having)
    pooled = {variant: _pool(variant, studies=having) for variant, having in shared.items()}
    adjusted = holm([result.p for result in pooled.values()])
    return [
        _finding(variant, studies=shared[variant], pooled=result, p_adjusted=p)
        for (variant, result), p in zip(pooled.items(), adjusted, strict=True)
    ]


def _refuse_shared(studies: Sequence[StudyFindings]) -> None:
    """Studies that share a run are not independent, and would count it twice."""
    for first, second in itertools.combinations(studies, 2):
        digests = set(first.runs.values())
        for (variant, seed), digest in second.runs.items():
            if digest in digests:
                raise HarnessError(
                    f"{second.name} has a run of {first.name}: {variant}, seed {seed}; pool studies"
                    " of other seeds, such as those of harness replicate"
                )


def _refuse_unlike(variant: str, *, studies: Sequence[StudyFindings]) -> None:
    first, *others = studies
    for study in studies:
        finding = study.findings[variant]
        if finding["method"] != "paired_t":
            raise HarnessError(
                f"{study.name}: {variant} was compared by {finding['method']}; only differences"
                " of paired_t are pooled"
            )
        if _estimate(finding) is None:
            raise HarnessError(
                f"{study.name}: {variant} has no standard error over its {finding['n']} complete"
                " pairs; leave this study out"
            )
    for other in others:
        for key in _ALIKE:
            then, now = first.findings[variant][key], other.findings[variant][key]
            if then != now:
                raise HarnessError(
                    f"{other.name}: the {key.replace('_', ' ')} of its verdicts is {now}, that of"
                    f" {first.name} {then}; pool studies with the same"
                )


def _estimate(finding: Mapping[str, Any]) -> StudyEstimate | None:
    """The mean difference with its standard error; None without one."""
    differences = [pair["variant"] - pair["baseline"] for pair in finding["per_seed"]]
    if len(differences) < 2 or finding["interval_low"] is None:
        return None
    error = deviation(differences) / math.sqrt(len(differences))
    return StudyEstimate(mean(differences), error) if error else None


def _estimates(variant: str, *, studies: Sequence[StudyFindings]) -> Mapping[str, StudyEstimate]:
    found = {study.name: _estimate(study.findings[variant]) for study in studies}
    return {name: estimate for name, estimate in found.items() if estimate}


def _pool(variant: str, *, studies: Sequence[StudyFindings]) -> Pooled:
    fewest = min(study.findings[variant]["n"] for study in studies)
    estimates = _estimates(variant, studies=studies)
    return pool([*estimates.values()], weighted=fewest >= FEWEST_TO_WEIGH)


def _finding(
    variant: str, *, studies: Sequence[StudyFindings], pooled: Pooled, p_adjusted: float
) -> PooledFinding:
    findings = {study.name: study.findings[variant] for study in studies}
    first, *_ = findings.values()
    return PooledFinding(
        variant=variant,
        unit="seeds" if first["kind"] == "effect" else "pairs",
        metric=first["metric"],
        split=first["split"],
        higher_is_better=first["higher_is_better"],
        estimates=_estimates(variant, studies=studies),
        seeds={name: finding["n"] for name, finding in findings.items()},
        lost={name: finding["planned"] - finding["n"] for name, finding in findings.items()},
        baseline_died=any(finding["diverged_baseline"] for finding in findings.values()),
        pooled=pooled,
        p_adjusted=p_adjusted,
    )


def pooled_content(findings: Sequence[PooledFinding]) -> Mapping[str, object]:
    """JSON data: the findings, an object each."""
    return {"findings": [_as_object(finding) for finding in findings]}


def _as_object(finding: PooledFinding) -> Mapping[str, object]:
    pooled = finding.pooled._asdict()
    weights = pooled.pop("weights")
    studies = [
        {
            "study": name,
            "n": finding.seeds[name],
            "lost": finding.lost[name],
            "difference": value,
            "error": error,
            "weight": weight,
        }
        for (name, (value, error)), weight in zip(finding.estimates.items(), weights, strict=True)
    ]
    named = {"variant": finding.variant, "against": BASELINE, "metric": finding.metric}
    told = {"verdict": finding.verdict, "p_adjusted": finding.p_adjusted}
    return {**named, "split": finding.split, **told, **pooled, "studies": studies}
