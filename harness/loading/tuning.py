"""Equal tuning: every variant at each of the same values of one option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.loading.faults import Faults
from harness.loading.validation import Checker, Misfits, resolved_experiment
from harness.loading.yaml_nodes import entries, plain
from harness.registry.option_types import shown
from harness.study.experiment import Experiment
from harness.study.values import BASELINE


class Candidate(NamedTuple):
    """One variant with one value of the option."""

    variant: str
    value: str
    experiment: Experiment


def candidates(
    tune: yaml.Node | None,
    *,
    variants: Mapping[str, Experiment],
    checker: Checker,
    faults: Faults,
) -> Iterator[Candidate]:
    """Every variant with every value; one that has no such option cannot be tuned equally."""
    tried: dict[str, Experiment] = {}  # the baseline, by value
    grid = entries(tune).get("grid")
    for place, (option, (key, values)) in enumerate(entries(grid.value if grid else None).items()):
        if place:
            faults.add(f"tuning is of one option, not {shown(option)} too", at=key.start_mark)
            continue
        nodes = _different(values, faults=faults)
        if option == "replicate":
            faults.add("replicate is chance, and the luckiest is no choice", at=key.start_mark)
            continue
        for variant, experiment in variants.items():
            resolved = resolved_experiment(experiment)
            if not _has(resolved, steps=option.split(".")):
                fault = f"variant {shown(variant)} has no {option}, and cannot be tuned as others"
                faults.add(fault, at=key.start_mark)
                continue
            for node in nodes:
                data = _laid(resolved, steps=option.split("."), value=plain(node))
                try:
                    found = checker.experiment(data)
                except Misfits as misfits:
                    faults.add(misfits.misfits[0].message, at=node.start_mark)
                    continue
                value = shown(plain(node))
                if variant == BASELINE:
                    tried[value] = found
                elif tried.get(value) == found and experiment != variants[BASELINE]:
                    fault = f"tuning decides all that variant {shown(variant)} changes"
                    faults.add(fault, at=key.start_mark)
                    break
                yield Candidate(variant, value, found)


def _different(values: yaml.Node, *, faults: Faults) -> Sequence[yaml.Node]:
    found: dict[str, yaml.Node] = {}
    for node in values.value if isinstance(values, yaml.SequenceNode) else ():
        if found.setdefault(shown(plain(node)), node) is not node:
            faults.add(f"{shown(plain(node))} is tried already", at=node.start_mark)
    return [*found.values()]


def _has(data: Any, *, steps: Sequence[str]) -> bool:
    for step in steps:
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True


def _laid(data: Mapping[str, Any], *, steps: Sequence[str], value: Any) -> Mapping[str, Any]:
    first, *rest = steps
    return {**data, first: _laid(data[first], steps=rest, value=value) if rest else value}
