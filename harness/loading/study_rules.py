"""Rules that involve several keys of a study, or several entries of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.contracts import CORE_METRICS
from harness.loading.validation_errors import DataFault
from harness.registry.option_types import shown, suggestion


def study_faults(data: Mapping[str, Any]) -> Iterator[DataFault]:
    """Faults that no single option of a study shows; `data` is unchecked, defaults filled in."""
    yield from _design_faults(data)
    yield from _rank_faults(data)
    metrics, seeds, compare = (data.get(name) for name in ("metrics", "seeds", "compare"))
    names = _names(metrics)
    yield from _repetitions(names, key="metrics", noun="metric")
    yield from _repetitions(_names(data.get("figures")), key="figures", noun="figure")
    yield from _repetitions(_names(data["trackers"]), key="trackers", noun="tracker")
    yield from _repetitions(seeds if isinstance(seeds, list) else [], key="seeds", noun="seed")
    if metrics is None or isinstance(metrics, list):
        possible = [*CORE_METRICS, *(name for name in names if name)]
        yield from _unknown_metrics(compare, possible=possible)


def _design_faults(data: Mapping[str, Any]) -> Iterator[DataFault]:
    """Designs without variants, and factors combined with another design."""
    designs = [name for name in ("variants", "grid", "factors") if data.get(name) is not None]
    if not designs:
        yield DataFault((), "a study needs 'variants', 'grid' or 'factors'", at_key=True)
    if "factors" in designs and len(designs) > 1:
        fault = f"{designs[0]} and factors cannot be combined; move one to another study"
        yield DataFault((designs[0],), fault, at_key=True)
    compare = data.get("compare")
    if "factors" in designs and isinstance(compare, Mapping) and compare.get("against") == "each":
        fault = "factors are compared by their effects, not pair by pair; remove 'against: each'"
        yield DataFault(("compare", "against"), fault)


def _rank_faults(data: Mapping[str, Any]) -> Iterator[DataFault]:
    """Designs and methods that form no pairs of runs to rank."""
    compare = data.get("compare")
    if not isinstance(compare, Mapping) or compare.get("diverged") != "worst":
        return
    if compare.get("method") == "welch":
        fault = "ranks differences of pairs, and welch pairs nothing; remove one of them"
        yield DataFault(("compare", "diverged"), fault)
    if data.get("factors") is not None:
        fault = "ranks pairs of runs, and factors are compared by sums of runs; remove it"
        yield DataFault(("compare", "diverged"), fault)


def _unknown_metrics(compare: Any, *, possible: Sequence[str]) -> Iterator[DataFault]:
    """Metrics that a comparison names and the study does not have."""
    if not isinstance(compare, Mapping):
        return
    named: list[tuple[tuple[str, ...], Any]] = [(("compare", "primary"), compare.get("primary"))]
    margin = compare.get("margin")
    if isinstance(margin, Mapping):
        named += [(("compare", "margin", name), name) for name in margin]
    for path, name in named:
        if isinstance(name, str) and name not in possible:
            rest = suggestion(name, among=possible, otherwise="there are")
            fault = f"{shown(name)} is not a metric of this study; {rest}"
            yield DataFault(path, fault, at_key=len(path) == 3)  # a margin's metric is a key


def _repetitions(values: Sequence[Any], *, key: str, noun: str) -> Iterator[DataFault]:
    # One by one, as values that are not checked yet may have no hash.
    for number, value in enumerate(values):
        if value is not None and value in values[:number]:
            yield DataFault((key, number), f"{noun} {shown(value)} is listed twice; remove one")


def _names(components: Any) -> list[str | None]:
    return [_name(entry) for entry in components] if isinstance(components, list) else []


def _name(component: Any) -> str | None:
    if isinstance(component, Mapping) and len(component) == 1:
        (component,) = component
    return component if isinstance(component, str) else None
