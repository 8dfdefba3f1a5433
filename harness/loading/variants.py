"""The experiments of a study: the baseline, and each variant and pretraining laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import yaml

from harness.contracts import Design, Factorial, Level, Sweep
from harness.loading import factors, grid
from harness.loading.faults import Faults
from harness.loading.grid import Written
from harness.loading.names import name_fault
from harness.loading.overrides import BY_KEY, merged, needless, strange, without
from harness.loading.pretraining import STARTS_FROM, idle, unfit
from harness.loading.validation import Checker, resolved_experiment
from harness.loading.validation_errors import Misfit, Misfits
from harness.loading.yaml_nodes import Entry, entries, plain
from harness.registry.option_types import shown
from harness.study.experiment import Experiment
from harness.study.values import BASELINE

_MERGED = {(name,) for name in BY_KEY}


class Experiments(NamedTuple):
    """Every experiment that is right, by its name, and how the variants were chosen."""

    variants: Mapping[str, Experiment]
    design: Design
    pretraining: Mapping[str, Experiment]


def experiments(root: yaml.Node, *, checker: Checker, faults: Faults) -> Experiments:
    """All the experiments of a study; what is wrong with any of them is added."""
    given = entries(root)
    written = given.get(BASELINE)
    if written is None or not isinstance(written.value, yaml.MappingNode):
        return Experiments({}, Design(), {})
    faults.add_irregular(needless(written.value))
    baseline = merged(written.value)
    swept = [*_swept(given.get("grid"), baseline=baseline, checker=checker, faults=faults)]
    cells = [*_cells(given.get("factors"), baseline=baseline, faults=faults)]
    variants = (
        *_written(given.get("variants"), kind="variant", baseline=baseline, faults=faults),
        *(value.variant for value in swept),
        *(cell.variant for cell in cells),
    )
    starts = _written(
        given.get("pretraining"), kind="pretraining", baseline=baseline, faults=faults
    )
    choices = {BASELINE: baseline}
    _lay(variants, kind="variant", choices=choices, faults=faults)
    begun = _lay(starts, kind="pretraining", choices=choices, faults=faults)
    roots = {name: _under_baseline(node, key=written.key) for name, node in choices.items()}
    found, pretraining = _right(roots, starts=begun, checker=checker, faults=faults)
    chosen, design = _designed(found, swept=swept, cells=cells, faults=faults)
    return Experiments(chosen, design, pretraining)


def _lay(
    written: Iterable[Written],
    *,
    kind: str,
    choices: dict[str, yaml.MappingNode],
    faults: Faults,
) -> Sequence[Written]:
    """Lay variants, or pretrainings, over the baseline; those whose names are free."""
    over = choices[BASELINE]
    if kind == "pretraining":
        over = without(over, name=STARTS_FROM)
    laid = []
    for each in written:
        name = each.name
        fault = name_fault(name)
        if name in choices:
            there = "" if name == BASELINE else "; there is one already"
            fault = f"no {kind} can be called {shown(name)}{there}"
        else:
            choices[name] = merged(each.node, baseline=over)
            laid.append(each)
        if fault:
            faults.add(fault, at=each.at)
    return laid


def _right(
    roots: Mapping[str, yaml.MappingNode],
    *,
    starts: Sequence[Written],
    checker: Checker,
    faults: Faults,
) -> tuple[Mapping[str, Experiment], Mapping[str, Experiment]]:
    """The variants and the pretrainings that are right; what does not fit together is added."""
    checked = _checked(roots, checker=checker, faults=faults)
    begun = {each.name for each in starts}
    variants = {name: each for name, each in checked.items() if name not in begun}
    pretraining = {name: each for name, each in checked.items() if name in begun}
    _add_misfits(unfit(variants, pretraining=pretraining), roots=roots, faults=faults)
    if len(checked) == len(roots):
        faults.add_irregular(idle(variants, pretraining=pretraining, written=starts))
    return variants, pretraining


def _written(
    entry: Entry | None, *, kind: str, baseline: yaml.Node, faults: Faults
) -> Iterator[Written]:
    """The variants, or pretrainings, that the study writes out."""
    for name, (key, node) in entries(entry.value).items() if entry else ():
        owner = f"{kind} {shown(name)}"
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
) -> Iterator[grid.Swept]:
    """The values of a grid."""
    if entry is None:
        return
    faults.add_irregular(grid.excess(entry.value))
    try:
        resolved = resolved_experiment(checker.experiment(plain(baseline)))
    except Misfits:
        resolved = {}  # what is wrong is said later, with its place
    for each in grid.swept(entry.value, baseline=resolved):
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


def _under_baseline(node: yaml.MappingNode, *, key: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode(node.tag, [(key, node)], key.start_mark)


def _checked(
    roots: Mapping[str, yaml.MappingNode], *, checker: Checker, faults: Faults
) -> Mapping[str, Experiment]:
    found = {}
    known: tuple[Misfit, ...] = ()
    for name, root in roots.items():
        try:
            found[name] = checker.experiment(plain(root)[BASELINE])
        except Misfits as misfits:
            # What the baseline's options have wrong together, a variant that changes some other of
            # them inherits, at a place of its own.
            new = [
                each for each in misfits.misfits if each.place not in _MERGED or each not in known
            ]
            _add_misfits(((name, each) for each in new), roots=roots, faults=faults)
            known = misfits.misfits if name == BASELINE else known
    return found


def _add_misfits(
    found: Iterable[tuple[str, Misfit]], *, roots: Mapping[str, yaml.MappingNode], faults: Faults
) -> None:
    for name, each in found:
        faults.add_misfits([each.under(BASELINE)], root=roots[name])


def _designed(
    found: Mapping[str, Experiment],
    *,
    swept: Sequence[grid.Swept],
    cells: Sequence[factors.Cell],
    faults: Faults,
) -> tuple[Mapping[str, Experiment], Design]:
    """The variants without those of a grid that are the baseline, and what belongs together."""
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
    return variants, design


def _sweep(swept: Sequence[grid.Swept], *, same: set[str]) -> Sweep:
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
