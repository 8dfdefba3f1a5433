"""The verdicts of a study on its MLflow run: tags to read, numbers to chart, a table to open."""

from __future__ import annotations

import json

from harness.contracts import Finding, StudyView
from harness_trackers.mlflow.limits import accepted_name
from harness_trackers.mlflow.logged_run import Point
from harness_trackers.mlflow.store import Store, now

_TABLE = "verdicts.json"
# MLflow's page shows a file named here as a table.
_TABLES = {"mlflow.loggedArtifacts": json.dumps([{"path": _TABLE, "type": "table"}])}


def export_verdicts(study: StudyView, *, store: Store, run: str) -> None:
    """Copy what was found on the primary metric; nothing before a report is written."""
    findings = [finding for finding in study.findings if finding.role == "primary"]
    if not findings:
        return
    tags = {accepted_name(f"verdict.{finding.label}"): verdict(finding) for finding in findings}
    store.set_params_and_tags(run, params={}, tags={**tags, **_TABLES})
    points = [
        Point(f"{name}/{finding.label}", 0, value)
        for finding in findings
        for name, value in (("difference", finding.difference), ("p", finding.p_adjusted))
        if value is not None
    ]
    store.log_points(run, points=points, start=now())
    rows = [_row(finding) for finding in findings]
    table = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    store.log_json(run, name=_TABLE, value=table)


def verdict(finding: Finding) -> str:
    """The verdict in words: ``no inference``."""
    return finding.verdict.replace("_", " ")


def _row(finding: Finding) -> dict[str, object]:
    return {
        "variant": finding.label,
        "verdict": verdict(finding),
        "difference": finding.difference,
        "low": finding.interval_low,
        "high": finding.interval_high,
        "p (Holm)": finding.p_adjusted,
        "baseline": finding.baseline_mean,
        "mean": finding.variant_mean,
        "metric": finding.metric,
        "pairs": finding.n,
    }
