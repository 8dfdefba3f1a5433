"""The faults by which a pair of runs is incomplete."""

from __future__ import annotations

from typing import NamedTuple

from harness.analysis.inputs import RunResult, ScoredMetric


class MissingRun(NamedTuple):
    """A fault of the baseline's run (`side` 0), of the variant's (1), or of both or neither."""

    fault: str
    side: int | None = None


OTHER_SENTENCES = MissingRun("scored on other sentences")
OTHER_TOKENS = MissingRun("scored on other tokens")


def fault_of(
    run: RunResult | None, *, name: str, metric: ScoredMetric, of_table: bool
) -> str | None:
    """The reason why a run has no score, if it has none."""
    if run is None:
        return f"the table has no run of {name}" if of_table else f"{name} was not run"
    if run.outcome != "finished":
        return f"{name} {run.outcome}"
    if run.score(metric.name) is not None:
        return None
    reason = run.unscored.get(metric.name)
    return f"{name} has no score ({reason})" if reason else f"{name} has no finite score"
