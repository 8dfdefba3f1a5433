"""The experiments of a study: the baseline, and each variant and pretraining applied to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import yaml

from harness.contracts import Design, Factorial, Level, Sweep
from harness.loading import crossed_corpora, factors, grid
from harness.loading.chosen_model import MODEL, Models, models_of
from harness.loading.faults import Faults
from harness.loading.folder_starts import folder_faults
from harness.loading.ignored import ignored_options
from harness.loading.names import name_fault
from harness.loading.overrides import (
    BY_KEY,
    ExperimentNode,
    absent_regularizers,
    apply_overrides,
    remove_choice,
    unknown_options,
)
from harness.loading.pretraining import STARTS_FROM, pretraining_faults, unused_pretraining
from harness.loading.validation import Checker
from harness.loading.validation_errors import DataFault, InvalidData
from harness.loading.yaml_nodes import Entry, entries, plain_data
from harness.registry.option_types import shown
from harness.registry.serialization import resolved
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE

MOST_VARIANTS = 500  # written out from a grid or not
_MERGED = {(name,) for name in BY_KEY}


class Experiments(NamedTuple):
    """Every valid experiment, by its name, and the design behind the variants."""

    variants: Mapping[str, Experiment]
    design: Design
    pretraining: Mapping[str, Experiment]


def experiments(root: yaml.Node, *, checker: Checker, faults: Faults) -> Experiments:
    """All the valid experiments of a study; faults of the others are added."""
    keys = entries(root)
    entry = keys.get(BASELINE)
    if entry is None or not isinstance(entry.value, yaml.MappingNode):
        return Experiments({}, Design(), {})
    faults.add_yaml(absent_regularizers(entry.value))
    models = models_of(checker.catalog)
    baseline = apply_overrides(entry.value, models=models)
    values = [*_grid_values(keys.get("grid"), baseline=baseline, checker=checker, faults=faults)]
    listed, crossed_factors = crossed_corpora.crossed(keys)
    faults.add_yaml(crossed_corpora.corpus_faults(keys))
    cells = [*_cells(crossed_factors, baseline=baseline, models=models, faults=faults)]
    variants = (
        *_nodes(listed, kind="variant", baseline=baseline, faults=faults),
        *(value.variant for value in values),
        *(cell.variant for cell in cells),
    )
    pretrainings = _nodes(
        keys.get("pretraining"), kind="pretraining", baseline=baseline, faults=faults
    )
    if len(variants) > MOST_VARIANTS:
        fault = f"{len(variants)} variants exceed the limit of {MOST_VARIANTS}; remove some"
        faults.add(fault, at=variants[MOST_VARIANTS].mark)
        return Experiments({}, Design(), {})
    choices = {BASELINE: baseline}
    named = _apply(variants, under=baseline, choices=choices, models=models, faults=faults)
    without_start = remove_choice(baseline, name=STARTS_FROM)
    starts = _apply(
        pretrainings, under=without_start, choices=choices, models=models, faults=faults
    )
    # Under the baseline's key, so that a missing option is reported there, where it can be added.
    roots = {
        name: yaml.MappingNode(node.tag, [(entry.key, node)], entry.key.start_mark)
        for name, node in choices.items()
    }
    valid, pretraining = _valid(roots, starts=starts, checker=checker, faults=faults)
    swept = {value.variant.name for value in values}
    everything = {**valid, **pretraining}
    _add_data(ignored_options(everything, swept=swept), roots=roots, faults=faults)
    crossed = {cell.variant.name for cell in cells}
    for kind in (True, False):  # a study that has both kinds is refused for that alone
        nodes = [node for node in named if (node.name in crossed) is kind]
        _refuse_repeated(valid, nodes=nodes, faults=faults)
    compared, design = _design(valid, values=values, cells=cells, faults=faults)
    return Experiments(compared, crossed_corpora.with_corpora(design, keys=keys), pretraining)


def _apply(
    nodes: Iterable[ExperimentNode],
    *,
    under: yaml.MappingNode,
    choices: dict[str, yaml.MappingNode],
    models: Models,
    faults: Faults,
) -> Sequence[ExperimentNode]:
    """Add the choices of each variant or pretraining, and return those whose names are free."""
    applied = []
    for node in nodes:
        fault = name_fault(node.name)
        if node.name == BASELINE:
            fault = "'baseline' is reserved; choose another name"
        elif node.name in choices:
            fault = f"the name {shown(node.name)} is already in use; rename or remove one"
        else:
            choices[node.name] = apply_overrides(node.node, baseline=under, models=models)
            applied.append(node)
        if fault:
            faults.add(fault, at=node.mark)
    return applied


def _valid(
    roots: Mapping[str, yaml.MappingNode],
    *,
    starts: Sequence[ExperimentNode],
    checker: Checker,
    faults: Faults,
) -> tuple[Mapping[str, Experiment], Mapping[str, Experiment]]:
    """The valid variants and pretrainings; incompatible ones are added to the faults."""
    checked = _checked(roots, checker=checker, faults=faults)
    names = {start.name for start in starts}
    variants = {name: value for name, value in checked.items() if name not in names}
    pretraining = {name: value for name, value in checked.items() if name in names}
    incompatible = pretraining_faults(variants, pretraining=pretraining)
    _add_data(incompatible, roots=roots, faults=faults)
    _add_data(folder_faults(variants, pretraining=pretraining), roots=roots, faults=faults)
    # An invalid variant may be the one that uses a pretraining.
    if len(checked) == len(roots):
        faults.add_yaml(unused_pretraining(variants, pretraining=pretraining, nodes=starts))
    return variants, pretraining


def _nodes(
    entry: Entry | None, *, kind: str, baseline: yaml.Node, faults: Faults
) -> Iterator[ExperimentNode]:
    """The variants, or pretrainings, that the study lists one by one."""
    for name, (key, node) in entries(entry.value).items() if entry else ():
        owner = f"{kind} {shown(name)}"
        options = node
        if not isinstance(options, yaml.MappingNode):
            value = shown(plain_data(node))
            fault = f"{owner} must be a mapping of the options it changes, got {value}"
            faults.add(fault, at=node.start_mark)
            options = yaml.MappingNode(node.tag, [], node.start_mark, node.end_mark)
        faults.add_yaml(unknown_options(options, owner=owner))
        faults.add_yaml(absent_regularizers(options, baseline=baseline))
        yield ExperimentNode(name, key.start_mark, options)


def _grid_values(
    entry: Entry | None, *, baseline: yaml.Node, checker: Checker, faults: Faults
) -> Iterator[grid.GridValue]:
    """The values of a grid."""
    if entry is None:
        return
    faults.add_yaml(grid.grid_faults(entry.value))
    try:
        experiment = checker.experiment(plain_data(baseline))
        resolved_baseline = {
            **resolved_experiment(experiment),
            # By its name, since bare options change what they name and leave the others.
            MODEL: resolved(experiment.model),
        }
    except InvalidData:
        resolved_baseline = {}  # `_checked` reports the baseline's faults, with their places
    for value in grid.grid_values(entry.value, baseline=resolved_baseline):
        unknown = [*unknown_options(value.variant.node, owner="an experiment")]
        faults.add_yaml(unknown)
        if not unknown:
            yield value


def _cells(
    entry: Entry | None, *, baseline: yaml.Node, models: Models, faults: Faults
) -> Iterator[factors.Cell]:
    """The combinations of factors."""
    if entry is None:
        return
    faults.add_yaml(factors.factor_faults(entry.value, models=models))
    for factor, levels in factors.levels(entry.value).items():
        for name, level in levels.items():
            owner = f"level {shown(name)} of factor {shown(factor)}"
            faults.add_yaml(unknown_options(level.value, owner=owner))
            faults.add_yaml(absent_regularizers(level.value, baseline=baseline))
    yield from factors.cells(entry.value, models=models)


def _checked(
    roots: Mapping[str, yaml.MappingNode], *, checker: Checker, faults: Faults
) -> Mapping[str, Experiment]:
    valid = {}
    inherited: tuple[DataFault, ...] = ()
    for name, root in roots.items():
        try:
            valid[name] = checker.experiment(plain_data(root)[BASELINE])
        except InvalidData as invalid:
            # A conflict between two of the baseline's options is inherited by a variant that
            # changes a third one of the same choice, where it would be reported once more.
            new = [
                (name, fault)
                for fault in invalid.faults
                if fault.path not in _MERGED or fault not in inherited
            ]
            _add_data(new, roots=roots, faults=faults)
            inherited = invalid.faults if name == BASELINE else inherited
    return valid


def _add_data(
    data_faults: Iterable[tuple[str, DataFault]],
    *,
    roots: Mapping[str, yaml.MappingNode],
    faults: Faults,
) -> None:
    for name, fault in data_faults:
        faults.add_data([fault.under(BASELINE)], root=roots[name])


def _design(
    valid: Mapping[str, Experiment],
    *,
    values: Sequence[grid.GridValue],
    cells: Sequence[factors.Cell],
    faults: Faults,
) -> tuple[Mapping[str, Experiment], Design]:
    """The variants to compare, without values of a grid that equal the baseline, and the design."""
    baseline = valid.get(BASELINE)
    swept = {value.variant.name for value in values}
    same = {name for name in swept if _is_same(valid.get(name), other=baseline)}
    if swept == same == valid.keys() - {BASELINE} and same:
        fault = "every value of this grid equals the baseline's; add another value"
        faults.add(fault, at=values[0].variant.mark)
    for cell in cells:
        if _is_same(valid.get(cell.variant.name), other=baseline):
            fault = f"{shown(cell.variant.name)} equals the baseline; change one of its levels"
            faults.add(fault, at=cell.variant.mark)
    variants = {name: variant for name, variant in valid.items() if name not in same}
    design = Design(
        sweep=_sweep(values, same=same) if values else None,
        factorial=_factorial(cells) if cells else None,
        noise_floor=tuple(
            name
            for name, variant in variants.items()
            if baseline and variant.replicate != baseline.replicate
            if _is_same(replace(variant, replicate=baseline.replicate), other=baseline)
        ),
    )
    return variants, design


def _refuse_repeated(
    valid: Mapping[str, Experiment], *, nodes: Sequence[ExperimentNode], faults: Faults
) -> None:
    """Variants that are one experiment: each would count in the correction."""
    first: dict[str, Experiment] = {}
    for node in nodes:
        experiment = valid.get(node.name)
        equal = [name for name, other in first.items() if _is_same(experiment, other=other)]
        if equal:
            fault = f"{shown(node.name)} is the same experiment as {shown(equal[0])}; remove one"
            faults.add(fault, at=node.mark)
        elif experiment is not None:
            first[node.name] = experiment


def _is_same(experiment: Experiment | None, *, other: Experiment | None) -> bool:
    """Equality that also sees the order of the regularizers, in which they act."""
    if experiment is None or other is None:
        return experiment is other
    return experiment == other and [*experiment.regularizers] == [*other.regularizers]


def _sweep(values: Sequence[grid.GridValue], *, same: set[str]) -> Sweep:
    levels = (
        Level(value, BASELINE if variant.name in same else variant.name)
        for _, value, variant in values
    )
    return Sweep(option=values[0].option, levels=tuple(levels))


def _factorial(cells: Sequence[factors.Cell]) -> Factorial:
    levels: dict[str, dict[str, None]] = {}
    for cell in cells:
        for factor, level in cell.levels.items():
            levels.setdefault(factor, {BASELINE: None})[level] = None
    return Factorial(
        factors={factor: tuple(names) for factor, names in levels.items()},
        cells={
            BASELINE: dict.fromkeys(levels, BASELINE),
            **{cell.variant.name: cell.levels for cell in cells},
        },
    )
