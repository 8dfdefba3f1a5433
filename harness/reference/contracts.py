"""The page of contracts: the values and protocols that plugins meet, from their source.

Hooks and components name them in signatures; here is what each has and promises.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from harness import contracts
from harness.reference.page_text import page, prose

_INTRODUCTION = (
    "What hooks and components are given, and what they build. All of it is imported from "
    "`harness.contracts`, unless its section says otherwise; a *protocol* is met by any object "
    "with these attributes and methods, without a base class."
)
# One is a default, and one shortens labels of figures: no contracts.
PUBLIC = frozenset(contracts.__all__) - {"no_trained_run", "short_names"}
# The modules of a section each, and the names that it has: all of them, where None is given.
_MODULES: Mapping[str, Sequence[str] | None] = {
    "harness.contracts.built": None,
    "harness.contracts.model": None,
    "harness.contracts.tensors": None,
    "harness.contracts.text": None,
    "harness.contracts.results": None,
    "harness.contracts.records": None,
    "harness.contracts.course": None,
    "harness.contracts.design": None,
    "harness.contracts.scores": None,
    "harness.components.options": (
        "PositiveInt",
        "NonNegativeInt",
        "Repeats",
        "OptionalRepeats",
        "ExtraTokens",
        "PositiveFloat",
        "NonNegativeFloat",
        "Probability",
        "ProbabilityBelowOne",
        "TextFile",
        "TrainedRun",
        "count_of_share",
        "unused_options",
    ),
    "harness.prediction": ("predict_at_real", "writable", "free_running_input"),
    "harness.streams": ("key", "generator", "kept_share", "Noise"),
    "harness.errors": ("HarnessError",),
    "harness.notices": ("warn",),
}


class Contract(NamedTuple):
    """One public name of a module: its docstring or the comment above it, and the rest."""

    name: str
    text: str
    source: str


def contracts_page() -> str:
    """The page, in Markdown: a section for each module, in the order of its source."""
    sections = [_INTRODUCTION]
    for module, defined in described().items():
        heading, *rest = (inspect.getdoc(importlib.import_module(module)) or "").split("\n\n")
        place = "" if module.startswith("harness.contracts.") else f" (`{module}`)"
        sections += [f"## {heading.removesuffix('.').replace('`', '')}{place}", *map(prose, rest)]
        for contract in defined:
            sections += [f"### {contract.name}", *([prose(contract.text)] if contract.text else ())]
            sections.append(f"```python\n{contract.source}\n```")
            sections += links(contract.source, besides=contract.name)
    source = "`harness/contracts/` and what else plugins import"
    return page("Contracts", source=source, sections=sections)


def links(source: str, *, besides: str = "", to: str = "") -> list[str]:
    """A line of links to the contracts that a piece of source names, if it names any."""
    words = set(re.findall(r"\w+", source)) - {besides}
    names = [contract.name for defined in described().values() for contract in defined]
    # Functions have the names of parameters: `generator`, `key`.
    named = [
        f"[{name}]({to}#{name.lower()})" for name in names if name in words and name[0].isupper()
    ]
    return [f"See {', '.join(named)}."] if named else []


@cache
def described() -> Mapping[str, Sequence[Contract]]:
    """Every contract of every module."""
    return {module: [*_contracts(module, among=names)] for module, names in _MODULES.items()}


def _contracts(module: str, *, among: Sequence[str] | None) -> Iterator[Contract]:
    source = inspect.getsource(importlib.import_module(module))
    lines = source.splitlines()
    for node in ast.parse(source).body:
        name = _name(node)
        names = set(name.split(", ")) if name else set()
        if names and names <= set(PUBLIC if among is None else among):
            yield _contract(node, name=name, lines=lines)


def _name(node: ast.stmt) -> str:
    """The name that a statement defines; empty if it defines none."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Tuple(elts=names)]):
            return ", ".join(map(ast.unparse, names))
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _contract(node: ast.stmt, *, name: str, lines: Sequence[str]) -> Contract:
    """A contract, its docstring taken out of its source as it is laid out there."""
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    if not isinstance(node, ast.ClassDef | ast.FunctionDef):
        return Contract(name, _comment(lines, above=first), "\n".join(lines[first:last]))
    if node.decorator_list and not _is_protocol(node):
        first = node.decorator_list[0].lineno - 1
    said = node.body[0]
    if isinstance(node, ast.FunctionDef):
        signature = "\n".join(lines[first : said.lineno - 1])
        return Contract(name, ast.get_docstring(node) or "", f"{signature} ...")
    head = "\n".join(lines[first : said.lineno - 1])
    members = "\n".join(_members(node, lines=lines)).strip("\n")
    return Contract(name, ast.get_docstring(node) or "", f"{head}\n{members}".rstrip())


def _comment(lines: Sequence[str], *, above: int) -> str:
    """The comment above a statement that says what its name means: its lines begin with `#:`."""
    said: list[str] = []
    while above and lines[above - 1].startswith("#:"):
        above -= 1
        said.insert(0, lines[above].removeprefix("#:").strip())
    return "\n".join(said)


def _is_protocol(node: ast.ClassDef | ast.FunctionDef) -> bool:
    return any("runtime_checkable" in ast.unparse(mark) for mark in node.decorator_list)


def _members(node: ast.ClassDef, *, lines: Sequence[str]) -> Iterator[str]:
    """The lines of a class's fields and methods, without bodies and private ones."""
    for member in node.body[1:]:
        if isinstance(member, ast.FunctionDef):
            if not member.name.startswith("_") or member.name == "__call__":
                yield from ["", *_method(member, lines=lines)]
        elif isinstance(member, ast.Assign | ast.AnnAssign) and not _name(member).startswith("_"):
            yield from lines[member.lineno - 1 : member.end_lineno]


def _method(node: ast.FunctionDef, *, lines: Sequence[str]) -> Iterator[str]:
    """The lines of a method, with its docstring and without what it does."""
    start = node.decorator_list[0].lineno if node.decorator_list else node.lineno
    said = node.body[0]
    is_said = isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant)
    yield from lines[start - 1 : said.end_lineno if is_said else said.lineno - 1]
    if not is_said:
        yield "        ..."
