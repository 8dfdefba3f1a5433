"""The effects that planned seeds can show, and the seeds that an effect needs, as text."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.digits import digits_text
from harness.planning.preview.power import Resolution, Spread


def resolution_lines(resolution: Resolution) -> Iterator[str]:
    """A title, the smallest effect in standard deviations and in the metric, and the seeds."""
    seeds = f"{resolution.seeds} {'seeds' if resolution.seeds > 1 else 'seed'}"
    yield f"What {seeds} can show on {resolution.metric}"
    if resolution.detectable is None:
        fewest = "a test needs 2 seeds, and a sign test at .05 needs 6"
        yield f"  nothing: {fewest if resolution.seeds > 1 else 'a test needs 2 seeds'}"
    else:
        plain, most = (
            "nothing" if effect is None else f"{effect:.2f}" for effect in resolution.detectable
        )
        what = f"an effect of {plain} {_quantity(resolution)}, with a power of 80% at .05"
        yield f"  {what}{_strictest(resolution, value=most)}"
    if resolution.spread:
        if resolution.detectable:
            yield from _in_metric(resolution, spread=resolution.spread)
        yield from _needed(resolution, spread=resolution.spread)
    elif resolution.effect:
        yield (
            f"  an effect of {resolution.effect:g}: give --sd ({_quantity(resolution)}), as there "
            "are no results yet"
        )


def _quantity(resolution: Resolution) -> str:
    return "sd of the paired differences" if resolution.paired else "sd of the scores"


def _strictest(resolution: Resolution, *, value: object) -> str:
    if resolution.family == 1:
        return ""
    return f"; {value} at the strictest level of the correction for {resolution.family} tests"


def _in_metric(resolution: Resolution, *, spread: Spread) -> Iterator[str]:
    """The smallest effect in the metric's own unit, if the spread is the true one."""
    if resolution.detectable is None:
        return
    plain, most = resolution.detectable
    shown = "nothing" if most is None else digits_text(most * spread.sd, digits=3)
    strictest = _strictest(resolution, value=shown)
    yield f"  in {resolution.metric}: {digits_text(plain * spread.sd, digits=3)}{strictest}"
    sd = digits_text(spread.sd, digits=3)
    yield f"    if the {_quantity(resolution)} is {sd}, {_source(spread)}"
    if spread.interval:
        low, high = (digits_text(plain * sd, digits=3) for sd in spread.interval)
        yield f"    {low} to {high} over the 95% interval of that sd"


def _source(spread: Spread) -> str:
    if spread.freedom is None:
        return "as given"
    return f"as in the results ({_degrees(spread.freedom)})"


def _degrees(freedom: float) -> str:
    return f"{digits_text(freedom, digits=3)} {'degree' if freedom == 1 else 'degrees'} of freedom"


def _needed(resolution: Resolution, *, spread: Spread) -> Iterator[str]:
    """The seeds that the expected effect needs: by all variants together, and by each alone."""
    if spread.needed is None:
        return
    yield f"  an effect of {resolution.effect:g} needs {_seeds(resolution, spread=spread)}"
    if spread.freedom:
        yield "    for a mean power of 80% over what the true sd may be, given these results"
    if resolution.spreads:
        yield "    if all variants vary alike; by the spread of each variant alone:"
    for variant, own in resolution.spreads.items():
        if own.needed and own.freedom:
            sd = f"sd {digits_text(own.sd, digits=3)}, {_degrees(own.freedom)}"
            yield f"    {variant}: {_seeds(resolution, spread=own)} ({sd})"


def _seeds(resolution: Resolution, *, spread: Spread) -> str:
    plain, most = spread.needed or (0, 0)
    return f"{plain} seeds{_strictest(resolution, value=most)}"
