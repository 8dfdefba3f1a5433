"""The code and environment that a run was found with, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from harness.runs.identity_parts import environment, sources
from harness.runs.records import RunIdentity
from harness.study.changes import differences

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FoundWith(NamedTuple):
    """A difference from the present: ``torch 2.12.0 and other code (harness)``, ``torch 2.13.0``.

    `now` is empty where only code or choices differ, of which nothing short can be said.
    """

    then: str
    now: str


def found_with(identity: RunIdentity, *, today: RunIdentity) -> FoundWith:
    """The difference of a run's identity from the one that it would have today."""
    then, now = environment(identity), environment(today)
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    parts = [_versions(then, names=changed)] if changed else []
    if code := ", ".join(_changed_sources(identity, today=today)):
        parts.append(f"other code ({code})")
    if choices := ", ".join(_changed_options(identity, today=today)):
        parts.append(f"other choices ({choices})")
    # Its own parts may all be the same: then those of the run that it starts from differ, or the
    # code that decodes.
    return FoundWith(
        " and ".join(parts) or "another start or decoding code", _versions(now, names=changed)
    )


def _versions(versions: Mapping[str, str], *, names: list[str]) -> str:
    return ", ".join(f"{name} {versions.get(name, 'not imported')}" for name in names)


def _changed_sources(identity: RunIdentity, *, today: RunIdentity) -> Iterator[str]:
    then, now = sources(identity.code), sources(today.code)
    return (name for name in {**then, **now} if then.get(name) != now.get(name))


def _changed_options(identity: RunIdentity, *, today: RunIdentity) -> Iterator[str]:
    """The options that differ; the digest of a start also covers code, and says nothing of them."""
    for change in differences(identity.experiment, new=today.experiment):
        if not all(_DIGEST.fullmatch(str(value)) for value in (change.old, change.new)):
            yield change.option
