"""The experiments of a study: the baseline, and each variant laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import yaml

from harness.checking import Checker, resolved_experiment
from harness.contracts import Design, Factorial, Level, Sweep
from harness.loading import factors, grids
from harness.loading.faults import Faults
from harness.loading.grids import Written
from harness.loading.merging import BY_KEY, merged, needless, strange
from harness.loading.names import name_fault
from harness.loading.nodes import Entry, entries, plain
from harness.messages import Misfit, Misfits
from harness.study import BASELINE, Experiment
from harness.wording import shown

_MERGED = {(name,) for name in BY_KEY}


class Experiments(NamedTuple):
    """Every experiment that is right, by its variant, and how the variants were chosen."""

    variants: Mapping[str, Experiment]
    design: Design


def experiments(root: yaml.Node, *, checker: Checker, faults: Faults) -> Experiments:
    """The baseline and the variants of a study; what is wrong with any of them is added."""
    given = entries(root)
    written = given.get(BASELINE)
    if written is None or not isinstance(written.value, yaml.MappingNode):
        return Experiments({}, Design())
    faults.add_irregular(needless(written.value))
    baseline = merged(written.value)
    swept = [*_swept(given.get("grid"), baseline=baseline, checker=checker, faults=faults)]
    cells = [*_cells(given.get("factors"), baseline=baseline, faults=faults)]
    choices = {BASELINE: baseline}
    for name, at, node in (
        *_variants(given.get("variants"), baseline=baseline, faults=faults),
        *(value.variant for value in swept),
        *(cell.variant for cell in cells),
    ):
        fault = name_fault(name)
        if name in choices:
            there = "" if name == BASELINE else "; there is one already"
            fault = f"no variant can be called {shown(name)}{there}"
        if fault:
            faults.add(fault, at=at)
        choices.setdefault(name, merged(node, baseline=baseline))
    found = _checked(choices, key=written.key, checker=checker, faults=faults)
    return _designed(found, swept=swept, cells=cells, faults=faults)


def _variants(entry: Entry | None, *, baseline: yaml.Node, faults: Faults) -> Iterator[Written]:
    """The variants that the study writes out."""
    for name, (key, node) in entries(entry.value).items() if entry else ():
        owner = f"variant {shown(name)}"
        changed = node
        if not isinstance(changed, yaml.MappingNode):
            given = shown(plain(node))
            fault = f"{owner} must be a mapping of what it changes, got {given}"
            faults.add(fault, at=node.start_mark)
            changed = yaml.MappingNode(node.tag, [], node.start_mark, node.end_mark)
        faults.add_irregular(strange(changed, owner=owner))
        faults.add_irregular(needless(changed, baseline=baseline))
        yield Written(name, key.start_mark, changed)


def _swept(
    entry: Entry | None, *, baseline: yaml.Node, checker: Checker, faults: Faults
) -> Iterator[grids.Swept]:
    """The values of a grid."""
    if entry is None:
        return
    faults.add_irregular(grids.excess(entry.value))
    try:
        resolved = resolved_experiment(checker.experiment(plain(baseline)))
    except Misfits:
        resolved = {}  # what is wrong is said later, with its place
    for each in grids.swept(entry.value, baseline=resolved):
        unknown = [*strange(each.variant.node, owner="an experiment")]
        faults.add_irregular(unknown)
        if not unknown:
            yield each


def _cells(entry: Entry | None, *, baseline: yaml.Node, faults: Faults) -> Iterator[factors.Cell]:
    """The combinations of factors."""
    if entry is None:
        return
    faults.add_irregular(factors.misfit(entry.value))
    for factor, levels in factors.levels(entry.value).items():
        for name, level in levels.items():
            owner = f"level {shown(name)} of factor {shown(factor)}"
            faults.add_irregular(strange(level.value, owner=owner))
            faults.add_irregular(needless(level.value, baseline=baseline))
    yield from factors.cells(entry.value)


def _checked(
    choices: Mapping[str, yaml.MappingNode], *, key: yaml.Node, checker: Checker, faults: Faults
) -> Mapping[str, Experiment]:
    found = {}
    known: tuple[Misfit, ...] = ()
    for name, node in choices.items():
        try:
            found[name] = checker.experiment(plain(node))
        except Misfits as misfits:
            # What the baseline's options have wrong together, a variant that changes some other of
            # them inherits, at a place of its own.
            new = [
                each for each in misfits.misfits if each.place not in _MERGED or each not in known
            ]
            root = yaml.MappingNode(node.tag, [(key, node)], key.start_mark)
            faults.add_misfits([each.under(BASELINE) for each in new], root=root)
            known = misfits.misfits if name == BASELINE else known
    return found


def _designed(
    found: Mapping[str, Experiment],
    *,
    swept: Sequence[grids.Swept],
    cells: Sequence[factors.Cell],
    faults: Faults,
) -> Experiments:
    """The experiments without those of a grid that are the baseline, and what belongs together."""
    baseline = found.get(BASELINE)
    same = {each.variant.name for each in swept if found.get(each.variant.name) == baseline}
    if {each.variant.name for each in swept} == same == found.keys() - {BASELINE} and same:
        fault = "no value of this grid is anything but the baseline's own"
        faults.add(fault, at=swept[0].variant.at)
    for each in cells:
        if found.get(each.variant.name) == baseline:
            faults.add(f"{shown(each.variant.name)} is the baseline itself", at=each.variant.at)
    variants = {name: each for name, each in found.items() if name not in same}
    design = Design(
        sweep=_sweep(swept, same=same) if swept else None,
        factorial=_factorial(cells) if cells else None,
        noise_floor=tuple(
            name
            for name, each in variants.items()
            if baseline and each != baseline == replace(each, replicate=baseline.replicate)
        ),
    )
    return Experiments(variants, design)


def _sweep(swept: Sequence[grids.Swept], *, same: set[str]) -> Sweep:
    levels = (
        Level(value, BASELINE if written.name in same else written.name)
        for _, value, written in swept
    )
    return Sweep(option=swept[0].option, levels=tuple(levels))


def _factorial(cells: Sequence[factors.Cell]) -> Factorial:
    levels: dict[str, dict[str, None]] = {}
    for cell in cells:
        for factor, level in cell.levels.items():
            levels.setdefault(factor, {BASELINE: None})[level] = None
    return Factorial(
        factors={factor: tuple(each) for factor, each in levels.items()},
        cells={
            BASELINE: dict.fromkeys(levels, BASELINE),
            **{cell.variant.name: cell.levels for cell in cells},
        },
    )
