"""The identity of a run in three parts, each with a digest: choices, code and environment.

Choices are the options, the seed and the content of corpora; the device, its precision and threads
are options too. Code is the source that trains. The environment is torch and the other libraries
that this source imports, by their versions. A run that starts from another, or draws on it, has the
parts of that one in its own, in place of its digest, which would mix all three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.runs.identity import digest
from harness.runs.records import IdentityParts, RunIdentity

StartParts = Callable[[str], IdentityParts | None]

_RUN_DIGEST = re.compile(r"[0-9a-f]{64}")
_SOURCE_DIGEST = re.compile(r"[0-9a-f]{16}")


def identity_parts(identity: RunIdentity, *, of_start: StartParts) -> IdentityParts:
    """The parts of an identity; `of_start` has those of the runs that it names, by their digest."""
    named = {name: of_start(name) for name in sorted(set(_run_digests(identity.experiment)))}
    starts = [parts for parts in named.values() if parts]
    experiment = with_start_choices(identity.experiment, of_start=named.get)
    code = {
        "own": sources(identity.code),
        "starts": sorted({parts.code for parts in starts}),
    }
    around = {
        "own": environment(identity),
        "starts": sorted({parts.environment for parts in starts}),
    }
    return IdentityParts(
        choices=digest({"experiment": experiment, "seed": identity.seed}),
        code=digest(code),
        environment=digest(around),
    )


def with_start_choices(data: Any, *, of_start: StartParts) -> Any:
    """JSON data with the digest of the choices in place of that of each run that it names."""
    match data:
        case str() if _RUN_DIGEST.fullmatch(data):
            parts = of_start(data)
            return parts.choices if parts else data
        case Mapping():
            return {
                key: with_start_choices(value, of_start=of_start) for key, value in data.items()
            }
        case list() | tuple():
            return [with_start_choices(value, of_start=of_start) for value in data]
    return data


def sources(code: Mapping[str, str]) -> Mapping[str, str]:
    """The digests of source code in the code of an identity, by module."""
    return {name: value for name, value in code.items() if _SOURCE_DIGEST.fullmatch(value)}


def libraries(code: Mapping[str, str]) -> Mapping[str, str]:
    """The versions of libraries in the code of an identity."""
    return {name: value for name, value in code.items() if name not in sources(code)}


def environment(identity: RunIdentity) -> Mapping[str, str]:
    """The versions of torch and of the libraries behind a run."""
    return {"torch": identity.torch, **libraries(identity.code)}


def _run_digests(data: Any) -> Iterator[str]:
    match data:
        case str() if _RUN_DIGEST.fullmatch(data):
            yield data
        case Mapping():
            for value in data.values():
                yield from _run_digests(value)
        case list() | tuple():
            for value in data:
                yield from _run_digests(value)
