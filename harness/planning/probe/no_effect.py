"""Variants that change nothing, caught before they train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.planning.probe.messages import ProbeResult
from harness.study.changes import Change
from harness.study.values import BASELINE

_STARTS_FROM = "starts_from"
_PARALLEL = "budget.parallel."


def without_effect(
    probed: Mapping[str, ProbeResult], *, changed: Mapping[str, Sequence[Change]]
) -> Iterator[str]:
    """A line for every probed variant whose results are the baseline's, bit for bit.

    `changed` has the options in which each variant differs from the baseline.
    """
    baseline = probed[BASELINE]
    for variant, result in probed.items():
        options = [change.option for change in changed.get(variant, ())]
        if variant == BASELINE or result.fault or baseline.fault or not options:
            continue
        if _STARTS_FROM in options:  # a probe trains from scratch, and says nothing about starts
            continue
        if _outcome(result) != _outcome(baseline):
            continue
        if all(option.startswith(_PARALLEL) for option in options):
            continue  # a probe is one process
        names = ", ".join(options)
        numbers = f" ({', '.join(map(str, result.updates))})" if result.updates else ""
        if all(option.partition(".")[0] == "generation" for option in options):
            yield (
                f"{variant} wrote the same sentences as the baseline, after {len(result.updates)} "
                f"updates: its {names} may have no effect"
            )
        else:
            yield (
                f"{variant} changed nothing in {len(result.updates)} probed updates{numbers}: "
                f"its {names} had no effect"
            )


def _outcome(probed: ProbeResult) -> tuple[object, ...]:
    return probed.updates, probed.weights, probed.averaged, probed.scores, probed.written
