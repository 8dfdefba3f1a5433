"""A file parsed to YAML nodes, which know their file and place, within limits of size and depth."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from harness.errors import Fault, StudyError
from harness.files import open_file

LARGEST = 1_000_000  # bytes
DEEPEST = 40  # nodes within nodes
MOST = 10_000  # nodes, with aliases expanded


def read_yaml(path: Path) -> yaml.Node:
    """The only document in a file; raises `StudyError` with the first syntax error."""
    text = _text(path)
    try:
        composer = _Composer(text, name=str(path))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        fault = f"not YAML: the character {chr(error.character)!a} is not allowed"
        raise StudyError([Fault(f"{path}:{line}:{column}", fault)]) from None
    try:
        node = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise StudyError([_fault(error, path=path)]) from None
    except (ValueError, OverflowError):  # PyYAML converts escapes and versions without a check
        refusal = _Refusal("not YAML: number out of range", mark=composer.get_mark())
        raise StudyError([_fault(refusal, path=path)]) from None
    if node is None:
        raise StudyError([Fault(str(path), "the study is empty")])
    return node


def _text(path: Path) -> str:
    """The text of a file; raises `StudyError` if it is missing, unreadable or not UTF-8."""
    try:
        with open_file(path) as file:
            # One byte too many tells, even of a file that never ends.
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise StudyError([Fault(str(path), f"no such study{_nearby(path)}")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyError([Fault(str(path), f"cannot be read: {reason}")]) from None
    if len(content) > LARGEST:
        fault = f"file exceeds the limit of {LARGEST} bytes for a study"
        raise StudyError([Fault(str(path), fault)])
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StudyError([Fault(f"{path}:{line}", "not UTF-8 text")]) from None


def _nearby(path: Path) -> str:
    names = [file.stem for file in path.parent.glob("*.yaml")]
    near = difflib.get_close_matches(path.stem, names, n=1)
    return f"; did you mean '{path.parent / near[0]}.yaml'?" if near else ""


def _fault(error: yaml.MarkedYAMLError, *, path: Path) -> Fault:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    if isinstance(error, _Refusal):
        return Fault(place, str(error.problem))
    if error.problem == "but found another document":
        return Fault(place, "a study must be a single document; a second one begins here")
    context = f" ({error.context})" if error.context else ""
    return Fault(place, f"not YAML: {error.problem}{context}")


class _Refusal(yaml.MarkedYAMLError):
    """Valid YAML that a study may not use."""

    def __init__(self, problem: str, *, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)


# Not the faster `CSafeLoader`: its composer is in C, and calls no method that is overridden here.
class _Composer(yaml.SafeLoader):
    """Composes nodes and constructs nothing; an alias counts as all the nodes that it refers to.

    Nodes are counted while composing: a file of a few hundred bytes can expand to gigabytes.
    """

    def __init__(self, text: str, *, name: str) -> None:
        super().__init__(text)
        self.name = name  # in every mark: a study may consist of several files
        self._depth = self._deepest = self._count = 0
        self._extents: dict[int, tuple[int, int]] = {}  # how many nodes and levels are in a node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node; raises `_Refusal` as soon as there are too many."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # in the stubs
        if isinstance(event, yaml.ScalarEvent):
            event.value = _with_pairs_joined(event)
        count, outer = self._count, self._deepest
        self._depth += 1
        self._deepest = self._depth
        self._grow(1, at=event)
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._extents:
                fault = f"alias *{event.anchor} refers to a node that contains it"
                raise _Refusal(fault, mark=event.start_mark)
            inner, height = self._extents[id(node)]
            self._deepest += height
            self._grow(inner, at=event)
        else:
            self._extents[id(node)] = (self._count - count - 1, self._deepest - self._depth)
            _refuse_unsupported(event)
        self._depth -= 1
        self._deepest = max(outer, self._deepest)
        return node

    def _grow(self, nodes: int, *, at: yaml.Event) -> None:
        self._count += nodes
        if self._count > MOST:
            raise _Refusal(f"more than {MOST} values with aliases expanded", mark=at.start_mark)
        if self._deepest > DEEPEST:
            raise _Refusal(f"nested more than {DEEPEST} levels deep", mark=at.start_mark)


def _refuse_unsupported(event: yaml.Event) -> None:
    if getattr(event, "tag", None) is not None:
        fault = "tags such as !this are not supported; remove the tag"
        raise _Refusal(fault, mark=event.start_mark)


def _with_pairs_joined(event: yaml.ScalarEvent) -> str:
    r"""The text of a scalar; two escapes such as ``\ud83d\ude00`` are one character, as in JSON."""
    value: str = event.value
    try:
        return value.encode("utf-16", errors="surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        fault = "half of a surrogate pair is not a character"
        raise _Refusal(fault, mark=event.start_mark) from None
