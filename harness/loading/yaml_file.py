"""A file to YAML nodes, which know their places; what would explode is refused."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from harness.errors import Fault, StudyError

LARGEST = 1_000_000  # bytes
DEEPEST = 40  # nodes within nodes
MOST = 10_000  # nodes, aliases written out


def read(path: Path) -> yaml.Node:
    """The only document in a file; raises `StudyError` with the first thing that is not YAML."""
    text = _text(path)
    try:
        composer = _Composer(text)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        fault = f"not YAML: the character {chr(error.character)!a} is not allowed"
        raise StudyError([Fault(f"{path}:{line}:{column}", fault)]) from None
    try:
        node = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise StudyError([_fault(error, path=path)]) from None
    except (ValueError, OverflowError):  # from PyYAML's own conversions
        refusal = _Refusal("not YAML: a number beyond all bounds", mark=composer.get_mark())
        raise StudyError([_fault(refusal, path=path)]) from None
    if node is None:
        raise StudyError([Fault(str(path), "the study is empty")])
    return node


def _text(path: Path) -> str:
    """What is in a file; raises `StudyError` when there is none, or what is there is no text."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise StudyError([Fault(str(path), f"no such study{_nearby(path)}")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyError([Fault(str(path), f"cannot be read: {reason}")]) from None
    if len(content) > LARGEST:
        raise StudyError([Fault(str(path), f"larger than a study may be, {LARGEST} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StudyError([Fault(f"{path}:{line}", "not UTF-8 text")]) from None


def _nearby(path: Path) -> str:
    names = [each.stem for each in path.parent.glob("*.yaml")]
    near = difflib.get_close_matches(path.stem, names, n=1)
    return f"; did you mean '{path.parent / near[0]}.yaml'?" if near else ""


def _fault(error: yaml.MarkedYAMLError, *, path: Path) -> Fault:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    if isinstance(error, _Refusal):
        return Fault(place, str(error.problem))
    if error.problem == "but found another document":
        return Fault(place, "a study is one document, and a second one begins here")
    context = f" ({error.context})" if error.context else ""
    return Fault(place, f"not YAML: {error.problem}{context}")


class _Refusal(yaml.MarkedYAMLError):
    """YAML, but not as a study is written."""

    def __init__(self, problem: str, *, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)


class _Composer(yaml.SafeLoader):
    """Composes nodes and constructs nothing; an alias counts as all that it stands for."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._deepest = self._count = 0
        self._extents: dict[int, tuple[int, int]] = {}  # how many nodes and levels are in a node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node; raises `_Refusal` before there are too many of them."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # in the stubs
        count, outer = self._count, self._deepest
        self._depth += 1
        self._deepest = self._depth
        self._grow(1, at=event)
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._extents:
                raise _Refusal(
                    f"*{event.anchor} stands inside what it names", mark=event.start_mark
                )
            inner, height = self._extents[id(node)]
            self._deepest += height
            self._grow(inner, at=event)
        else:
            self._extents[id(node)] = (self._count - count - 1, self._deepest - self._depth)
            _refuse_oddities(event)
        self._depth -= 1
        self._deepest = max(outer, self._deepest)
        return node

    def _grow(self, nodes: int, *, at: yaml.Event) -> None:
        self._count += nodes
        if self._count > MOST:
            raise _Refusal(f"more than {MOST} values, aliases written out", mark=at.start_mark)
        if self._deepest > DEEPEST:
            raise _Refusal(f"more than {DEEPEST} levels deep", mark=at.start_mark)


def _refuse_oddities(event: yaml.Event) -> None:
    if getattr(event, "tag", None) is not None:
        raise _Refusal("a study has no tags, such as !this", mark=event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        try:
            event.value.encode()
        except UnicodeEncodeError:
            raise _Refusal(
                "half of a surrogate pair is no character", mark=event.start_mark
            ) from None
