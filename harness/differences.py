"""What differs between two resolved choices, option by option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


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
    """Every option that differs; a component exchanged for another is one difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and _comparable(old, new=new):
        for key in {**old, **new}:
            yield from differences(old.get(key), new=new.get(key), path=(*path, key))
    elif old != new:
        yield Difference(path, old, new)


def _comparable(old: Mapping[str, Any], *, new: Mapping[str, Any]) -> bool:
    return not old or not new or bool(old.keys() & new.keys())
