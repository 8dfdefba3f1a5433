"""The places of an executor that runs take: one for each of their processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from harness.runs.planned_run import PlannedRun

# The planned runs of one digest.
_Same = Sequence[PlannedRun]


def processes(same: _Same) -> int:
    """The number of processes that carry out a run: the most that any variant asks for."""
    return max(run.ranks for run in same)


def admitted(
    ready: Mapping[str, _Same], *, running: Collection[_Same], capacity: int
) -> Sequence[str]:
    """The digests of ready runs that there is room for beside those that are running.

    A run of more processes than there are places is carried out alone.
    """
    digests: list[str] = []
    taken = sum(map(processes, running))
    for digest, same in ready.items():
        taken += processes(same)
        # Those behind it wait too, or small runs could hold up a large one to the end.
        if taken > capacity and (digests or running):
            break
        digests.append(digest)
    return digests
