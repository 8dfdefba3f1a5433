"""A study and the files that it includes as one tree, whose nodes know the file each is from.

A key of the study replaces that of a file that it includes, but for two: `baseline` is changed as
by a variant, and `plugins` add up. Of several files a later one changes an earlier one, and one
that is included twice counts once, where it comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from harness.loading.chosen_model import Models
from harness.loading.faults import Faults
from harness.loading.included_files import read_files
from harness.loading.overrides import absent_regularizers, apply_overrides, unknown_options
from harness.loading.yaml_nodes import Entry, entries
from harness.study.values import BASELINE

_PLUGINS = "plugins"


class StudyNodes(NamedTuple):
    """The keys of a study and of the files it includes; every baseline, the included first."""

    root: yaml.MappingNode
    baselines: Sequence[Entry] = ()
    included: Sequence[Path] = ()


def read_study(path: Path, *, faults: Faults) -> StudyNodes:
    """A study's file with all that it includes, but for the baselines, which `merged_study` merges.

    Faults of the keys are added. Raises `StudyError` for files that cannot be read or included.
    """
    *included, own = read_files(path, faults=faults).items()
    if not included:
        return StudyNodes(own[1])
    files = [entries(node) for _, node in (*included, own)]
    return StudyNodes(
        root=_mapping(_merged(files), at=own[1]),
        baselines=[keys[BASELINE] for keys in files if BASELINE in keys],
        included=[file for file, _ in included],
    )


def merged_study(nodes: StudyNodes, *, models: Models, faults: Faults) -> yaml.MappingNode:
    """The study as one file would have it; faults that only the changes to a baseline show."""
    if not nodes.baselines:
        return nodes.root
    merged, *changes = nodes.baselines
    if changes:
        faults.add_yaml(absent_regularizers(merged.value))
    for change in changes:
        if not isinstance(merged.value, yaml.MappingNode):
            break  # validation reports it, and one that is no mapping above it
        if isinstance(change.value, yaml.MappingNode):
            faults.add_yaml(unknown_options(change.value, owner=BASELINE))
            faults.add_yaml(absent_regularizers(change.value, baseline=merged.value))
            applied = apply_overrides(change.value, baseline=merged.value, models=models)
            merged = Entry(change.key, applied)
        else:
            merged = change
    return _mapping({**entries(nodes.root), BASELINE: merged}, at=nodes.root)


def _merged(files: Iterable[Mapping[str, Entry]]) -> Mapping[str, Entry]:
    """The last of each key, and the plugins of all."""
    merged: dict[str, Entry] = {}
    for keys in files:
        plugins = merged.get(_PLUGINS)
        merged |= keys
        if plugins and _PLUGINS in keys:
            merged[_PLUGINS] = _joined(plugins, then=keys[_PLUGINS])
    return merged


def _joined(first: Entry, *, then: Entry) -> Entry:
    """Two lists as one; of anything else, what validation reports."""
    if not isinstance(first.value, yaml.SequenceNode):
        return first
    if not isinstance(then.value, yaml.SequenceNode):
        return then
    items = [*first.value.value, *then.value.value]
    node = yaml.SequenceNode(then.value.tag, items, then.value.start_mark, then.value.end_mark)
    return then._replace(value=node)


def _mapping(keys: Mapping[str, Entry], *, at: yaml.Node) -> yaml.MappingNode:
    pairs = [(entry.key, entry.value) for entry in keys.values()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, at.start_mark, at.end_mark)
