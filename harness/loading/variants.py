"""The experiments of a study: the baseline, and each variant and pretraining laid over it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import yaml

from harness.checking import Checker
from harness.loading.faults import Faults
from harness.loading.merging import BY_KEY, merged, needless, strange, without
from harness.loading.names import name_fault
from harness.loading.nodes import Entry, entries, plain
from harness.loading.starts import STARTS_FROM, Experiments, idle, unfit
from harness.messages import Misfit, Misfits
from harness.study import BASELINE, Experiment
from harness.wording import shown

_MERGED = {(name,) for name in BY_KEY}


def experiments(root: yaml.Node, *, checker: Checker, faults: Faults) -> Experiments:
    """Every experiment that is right, by its name; what is wrong with the others is added."""
    given = entries(root)
    written = given.get(BASELINE)
    if written is None or not isinstance(written.value, yaml.MappingNode):
        return Experiments({}, {})
    faults.add_irregular(needless(written.value))
    baseline = merged(written.value)
    variants = dict(_named(given.get("variants"), kind="variant", taken=[BASELINE], faults=faults))
    taken = [BASELINE, *variants]
    starts = dict(_named(given.get("pretraining"), kind="pretraining", taken=taken, faults=faults))
    for entry in (*variants.values(), *starts.values()):
        faults.add_irregular(needless(entry.value, baseline=baseline))
    alone = without(baseline, name=STARTS_FROM)
    choices = {
        BASELINE: baseline,
        **{name: merged(entry.value, baseline=baseline) for name, entry in variants.items()},
        **{name: merged(entry.value, baseline=alone) for name, entry in starts.items()},
    }
    roots = {name: _under_baseline(node, key=written.key) for name, node in choices.items()}
    checked = _checked(roots, checker=checker, faults=faults)
    found = Experiments(
        {name: each for name, each in checked.items() if name not in starts},
        {name: each for name, each in checked.items() if name in starts},
    )
    _add_misfits(unfit(found), roots=roots, faults=faults)
    if len(checked) == len(choices):
        for name in idle(found):
            fault = f"nothing starts from {shown(name)} or draws on it"
            faults.add(fault, at=starts[name].key.start_mark)
    return found


def _named(
    entry: Entry | None, *, kind: str, taken: Collection[str], faults: Faults
) -> Iterator[tuple[str, Entry]]:
    """The variants, or pretrainings, that are mappings, by name."""
    for name, each in entries(entry.value).items() if entry else ():
        owner = f"{kind} {shown(name)}"
        fault = f"no {kind} can be called {shown(name)}" if name in taken else name_fault(name)
        if fault:
            faults.add(fault, at=each.key.start_mark)
        if not isinstance(each.value, yaml.MappingNode):
            fault = f"{owner} must be a mapping of what it changes, got {shown(plain(each.value))}"
            faults.add(fault, at=each.value.start_mark)
        elif name not in taken:
            faults.add_irregular(strange(each.value, owner=owner))
            yield name, each


def _under_baseline(node: yaml.MappingNode, *, key: yaml.ScalarNode) -> yaml.MappingNode:
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
