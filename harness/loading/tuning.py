"""Equal tuning: every variant at each of the same values of one option."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.loading.faults import Faults
from harness.loading.validation import Checker
from harness.loading.validation_errors import InvalidData
from harness.loading.yaml_nodes import entries, plain_data
from harness.registry.option_types import shown
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE, Tuning, TuningOptions

_BLOCK = 6  # digits: trials have seeds above a million, far above those that studies use

MOST_CANDIDATES = 500  # variants times values


class Candidate(NamedTuple):
    """One variant with one value of the option."""

    variant: str
    value: str
    experiment: Experiment


class _Tuned(NamedTuple):
    """The option, the place of its key, and its values."""

    option: str
    mark: yaml.Mark
    values: Sequence[yaml.Node]

    @property
    def steps(self) -> Sequence[str]:
        return self.option.split(".")


def candidates(
    tune: yaml.Node | None,
    *,
    variants: Mapping[str, Experiment],
    checker: Checker,
    faults: Faults,
) -> Iterator[Candidate]:
    """Every variant with every value; one without the option cannot be tuned equally."""
    tuned = _tuned(tune, faults=faults)
    if tuned is None:
        return
    count = len(variants) * len(tuned.values)
    if count > MOST_CANDIDATES:
        fault = f"{count} candidates exceed the limit of {MOST_CANDIDATES}; remove values"
        faults.add(fault, at=tuned.mark)
        return
    baseline: dict[str, Experiment] = {}  # by value
    for variant, experiment in variants.items():
        options = resolved_experiment(experiment)
        if not _has(options, steps=tuned.steps):
            fault = f"variant {shown(variant)} has no option {tuned.option}"
            if elsewhere := _elsewhere(options, steps=tuned.steps):
                fault += f", which is {elsewhere} there"
            faults.add(f"{fault}; tune one that every variant has", at=tuned.mark)
            continue
        own = [*_of_variant(variant, of=experiment, tuned=tuned, checker=checker, faults=faults)]
        if variant == BASELINE:
            baseline = {candidate.value: candidate.experiment for candidate in own}
        # Tuned to the baseline's experiment, the variant would be compared with itself.
        elif any(baseline.get(candidate.value) == candidate.experiment for candidate in own) and (
            experiment != variants[BASELINE]
        ):
            fault = f"variant {shown(variant)} changes only the tuned option; remove the variant"
            faults.add(fault, at=tuned.mark)
        yield from own


def _elsewhere(options: Any, *, steps: Sequence[str]) -> str:
    """The path of an option in a component that a variant names, as another model; else empty."""
    slot, *rest = steps
    chosen = options.get(slot)
    if rest and isinstance(chosen, dict) and len(chosen) == 1:
        ((name, inner),) = chosen.items()
        if _has(inner, steps=rest):
            return ".".join([slot, name, *rest])
    return ""


def resolved_tuning(
    options: TuningOptions | None, *, trials: Sequence[Candidate], seeds: Sequence[int]
) -> Tuning | None:
    """The candidates by variant and value, and the seeds of the trials of every seed."""
    if options is None:
        return None
    by_variant: dict[str, dict[str, Experiment]] = {}
    for variant, value, experiment in trials:
        by_variant.setdefault(variant, {})[value] = experiment
    (option,) = options.grid
    once = options.choice == "once"
    return Tuning(
        option=option,
        candidates=by_variant,
        trial_seeds=_shared_seeds(options.seeds, by=seeds)
        if once
        else _own_seeds(options.seeds, of=seeds),
        once=once,
    )


def _own_seeds(trials: int, *, of: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Seeds that no other seed has and the study does not use: 1,000,003 is seed 3's first.

    They follow from the seed, so that a study with more seeds keeps the trials that it has.
    """
    block = 10 ** max(_BLOCK, len(str(max(of))))  # above every seed of the study
    return {seed: tuple(block * trial + seed for trial in range(1, trials + 1)) for seed in of}


def _shared_seeds(trials: int, *, by: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """The first seeds from 1,000,001 on that the study does not use, for all of its seeds."""
    free = (seed for seed in itertools.count(10**_BLOCK + 1) if seed not in by)
    shared = tuple(itertools.islice(free, trials))
    return dict.fromkeys(by, shared)


def _tuned(tune: yaml.Node | None, *, faults: Faults) -> _Tuned | None:
    """The one option to tune; None if there is none that can be."""
    grid = entries(tune).get("grid")
    options = [*entries(grid.value if grid else None).items()]
    for option, (key, _) in options[1:]:
        faults.add(f"tune one option only; remove {shown(option)}", at=key.start_mark)
    for option, (key, values) in options[:1]:
        nodes = _distinct(values, faults=faults)
        if option != "replicate":
            return _Tuned(option, key.start_mark, nodes)
        fault = "'replicate' only changes the random numbers, so it cannot be tuned"
        faults.add(fault, at=key.start_mark)
    return None


def _of_variant(
    variant: str, *, of: Experiment, tuned: _Tuned, checker: Checker, faults: Faults
) -> Iterator[Candidate]:
    """The valid candidates of one variant."""
    resolved = resolved_experiment(of)
    for node in tuned.values:
        data = _replaced(resolved, steps=tuned.steps, value=plain_data(node))
        try:
            experiment = checker.experiment(data)
        except InvalidData as invalid:
            faults.add(invalid.faults[0].message, at=node.start_mark)
        else:
            yield Candidate(variant, shown(plain_data(node)), experiment)


def _distinct(values: yaml.Node, *, faults: Faults) -> Sequence[yaml.Node]:
    nodes: dict[str, yaml.Node] = {}
    for node in values.value if isinstance(values, yaml.SequenceNode) else ():
        if nodes.setdefault(shown(plain_data(node)), node) is not node:
            faults.add(f"{shown(plain_data(node))} is listed twice; remove one", at=node.start_mark)
    return [*nodes.values()]


def _has(data: Any, *, steps: Sequence[str]) -> bool:
    for step in steps:
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True


def _replaced(data: Mapping[str, Any], *, steps: Sequence[str], value: Any) -> Mapping[str, Any]:
    first, *rest = steps
    return {**data, first: _replaced(data[first], steps=rest, value=value) if rest else value}
