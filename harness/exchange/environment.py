"""The differences between the environments of two runs that should be the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.runs.records import RunIdentity
from harness.study.changes import differences, format_difference

_SOURCE = re.compile(r"[0-9a-f]{16}")  # of code; a library has a version
_RUN = re.compile(r"[0-9a-f]{64}")


def environment_changes(then: RunIdentity, *, now: RunIdentity) -> Iterator[str]:
    """A phrase for each difference in torch, libraries and code, such as "torch 2.6, now 2.7"."""
    if then.torch != now.torch:
        yield f"torch {then.torch}, now {now.torch}"
    for change in differences(then.code, new=now.code):
        if all(
            value is None or _SOURCE.fullmatch(str(value)) for value in (change.old, change.new)
        ):
            yield f"code of {change.option} changed"
        else:
            old, new = (value or "absent" for value in (change.old, change.new))
            yield f"{change.option} {old}, now {new}"


def choice_changes(then: RunIdentity, *, now: RunIdentity) -> Iterator[str]:
    """A phrase for each option and corpus that differs; runs that it starts from do not count."""
    for change in differences(then.experiment, new=now.experiment):
        if not all(_RUN.fullmatch(str(value)) for value in (change.old, change.new)):
            shown = format_difference(change)
            yield f"{shown.option} {shown.baseline}, now {shown.variant}"
