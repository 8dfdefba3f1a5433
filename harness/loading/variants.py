"""The experiments of a study: the baseline, and each variant laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from harness.checking import Checker
from harness.loading.faults import Faults
from harness.loading.merging import BY_KEY, merged, needless, strange
from harness.loading.names import name_fault
from harness.loading.nodes import Entry, entries, plain
from harness.messages import Misfit, Misfits
from harness.study import BASELINE, Experiment
from harness.wording import shown

_MERGED = {(name,) for name in BY_KEY}


def experiments(root: yaml.Node, *, checker: Checker, faults: Faults) -> Mapping[str, Experiment]:
    """Every experiment that is right, by its variant; what is wrong with the others is added."""
    given = entries(root)
    written = given.get(BASELINE)
    if written is None or not isinstance(written.value, yaml.MappingNode):
        return {}
    faults.add_irregular(needless(written.value))
    baseline = merged(written.value)
    choices = {BASELINE: baseline}
    for name, variant in _variants(given.get("variants"), faults=faults):
        faults.add_irregular(strange(variant, name=name))
        faults.add_irregular(needless(variant, baseline=baseline))
        choices[name] = merged(variant, baseline=baseline)
    return _checked(choices, key=written.key, checker=checker, faults=faults)


def _variants(entry: Entry | None, *, faults: Faults) -> Iterator[tuple[str, yaml.MappingNode]]:
    """The variants that are mappings, by name."""
    for name, (key, node) in entries(entry.value).items() if entry else ():
        fault = f"no variant can be called {shown(name)}" if name == BASELINE else name_fault(name)
        if fault:
            faults.add(fault, at=key.start_mark)
        if isinstance(node, yaml.MappingNode):
            yield name, node
        else:
            given = shown(plain(node))
            fault = f"variant {shown(name)} must be a mapping of what it changes, got {given}"
            faults.add(fault, at=node.start_mark)


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
