"""Differences between two experiments, option by option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.registry.option_types import shown
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE, Study

_REGULARIZERS = "regularizers"  # the one mapping of an experiment whose order counts
_LONGEST_OPTION = 500  # characters


class Difference(NamedTuple):
    """One option with two values; None where one side has no such option."""

    path: tuple[str, ...]
    old: Any
    new: Any

    @property
    def option(self) -> str:
        """The option's name from the slot on, such as ``schedule.noam.warmup``."""
        return ".".join(self.path)


def differences(old: Any, *, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Every option that differs; a component replaced by another is one difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and _comparable(old, new=new):
        # A dictionary and not a set, whose order would differ from process to process.
        for key in {**old, **new}:
            yield from differences(old.get(key), new=new.get(key), path=(*path, key))
        if path[-1:] == (_REGULARIZERS,):
            yield from _order(old, new=new, path=path)
    elif old != new:
        yield Difference(path, old, new)


def _order(
    old: Mapping[str, Any], *, new: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    """The order of the regularizers that both sides have, in which they act, if it differs."""
    common = old.keys() & new.keys()
    before, after = ([name for name in side if name in common] for side in (old, new))
    if before != after:
        yield Difference((*path, "order"), before, after)


def _comparable(old: Mapping[str, Any], *, new: Mapping[str, Any]) -> bool:
    # Two components of different names share no key, and their options mean different things.
    return not old or not new or bool(old.keys() & new.keys())


class Change(NamedTuple):
    """One resolved option in which a variant differs from the baseline, as a study writes it."""

    option: str  # its path, such as regularizers.dropout.rate
    baseline: str
    variant: str


def changes_from_baseline(study: Study) -> Mapping[str, Sequence[Change]]:
    """For every variant, the resolved options in which it differs from the baseline."""
    baseline = resolved_experiment(study.variants[BASELINE])
    return {
        name: [
            format_difference(difference)
            for difference in differences(baseline, new=resolved_experiment(experiment))
        ]
        for name, experiment in study.variants.items()
        if name != BASELINE
    }


def format_difference(difference: Difference) -> Change:
    """A difference with its two values formatted as in a study."""
    return Change(difference.option, _text(difference.old), _text(difference.new))


def _text(value: object) -> str:
    return "none" if value is None else shown(value, longest=_LONGEST_OPTION)
