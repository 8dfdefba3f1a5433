"""Variants that change nothing, caught before they train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.planning.probe.messages import Probed
from harness.study.changes import Change
from harness.study.values import BASELINE

_STARTS_FROM = "starts_from"


def without_effect(
    probed: Mapping[str, Probed], *, changed: Mapping[str, Sequence[Change]]
) -> Iterator[str]:
    """A line for every probed variant that is bit for bit the baseline, in all that was tried.

    `changed` are the options in which each differs from it.
    """
    baseline = probed[BASELINE]
    for variant, found in probed.items():
        options = [each.option for each in changed.get(variant, ())]
        if variant == BASELINE or found.fault or baseline.fault or not options:
            continue
        if _STARTS_FROM in options:  # which a probe leaves out
            continue
        if _outcome(found) != _outcome(baseline):
            continue
        its = ", ".join(options)
        numbers = ", ".join(map(str, found.updates))
        if all(option.partition(".")[0] == "generation" for option in options):
            yield (
                f"{variant} wrote the same sentences as the baseline, after {len(found.updates)} "
                f"updates: its {its} may have no effect"
            )
        else:
            yield (
                f"{variant} changed nothing in {len(found.updates)} probed updates ({numbers}): "
                f"its {its} had no effect"
            )


def _outcome(probed: Probed) -> tuple[object, ...]:
    return probed.updates, probed.weights, probed.averaged, probed.scores, probed.written
