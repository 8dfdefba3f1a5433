"""One name for one thing in the core, and no reference to a thing that has moved."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "harness").rglob("*.py"))
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CORE}

# Commands are functions and modules named as they are typed, often after what they call.
COMMANDS = ROOT / "harness" / "cli"

# Public names that two modules define, and why one word is right for both.
SHARED = {
    "FeedForward": "the choice of components, and the network of the model that it is made for",
    "judge": "analysis: the comparisons of one metric; notebook: scores from anywhere",
    "load": "loading: the study in a file; notebook: the same, with the steps of the pipeline",
    "Projection": "the protocol of contracts, and the core's implementation of it",
}

# File names that several rooms have, and why the room tells them apart.
SHARED_FILES = {
    "__init__": "the package itself",
    "__main__": "the package as a command, by `python -m`",
    "attention": "model: the layer; inspection: its weights",
    "figures": "report: drawn for a page; testing: the contract of the slot",
    "findings": "analysis: one metric's; scoring: a study's",
    "numbers": "report: numbers formatted; testing: the contract of slots that return numbers",
    "options": "components: types of options; comparing: the options of a comparison",
    "power": "analysis: the formulas; preview: the power of a study",
    "records": "contracts: results that plugins read; runs: the files of a ledger",
    "serialization": "registry: of a component; study: of an experiment",
    "text": "contracts: tokens; preview: a plan in words; testing: the contract of text slots",
    "tuning": "loading: the candidates in a file; planning: the choice among them",
    "values": "the values of a room, as its other modules pass them",
    "worker": "runs: trains one run; probe: a few updates",
}

# Dotted names that are no modules, and what they are.
TAGS = {"harness.current": "a tag of runs in MLflow"}

DOTTED = re.compile(r"\bharness(?:\.[A-Za-z_]\w*)+")
FILE = re.compile(r"\b(?:harness|plugins|tests|benchmarks)/[\w/]+\.py\b")


def definitions(tree: ast.Module) -> Iterator[str]:
    """The public classes and functions at the top of a module."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def shared(places: Mapping[str, Sequence[str]], *, allowed: Mapping[str, str]) -> str:
    """A line for each name with several places that is not allowed to have them."""
    several = {name: where for name, where in places.items() if len(where) > 1}
    return "\n".join(
        f"{name}: {', '.join(where)}" for name, where in several.items() if name not in allowed
    )


def places_of_names() -> Mapping[str, Sequence[str]]:
    """The modules that define each public name, commands left out."""
    places = defaultdict(list)
    for path, tree in TREES.items():
        if COMMANDS not in path.parents:
            for name in dict.fromkeys(definitions(tree)):  # overloads and branches count once
                places[name].append(str(path.relative_to(ROOT)))
    return places


def places_of_files() -> Mapping[str, Sequence[str]]:
    """The modules with each file name, commands left out."""
    places = defaultdict(list)
    for path in CORE:
        if COMMANDS not in path.parents:
            places[path.stem].append(str(path.relative_to(ROOT)))
    return places


def test_exceptions_are_needed() -> None:
    names, files = places_of_names(), places_of_files()
    assert [name for name in SHARED if len(names[name]) < 2] == []
    assert [name for name in SHARED_FILES if len(files[name]) < 2] == []


def test_a_public_name_is_defined_once() -> None:
    faults = shared(places_of_names(), allowed=SHARED)
    assert not faults, faults


def test_a_file_name_is_used_once() -> None:
    faults = shared(places_of_files(), allowed=SHARED_FILES)
    assert not faults, faults


def names_of(path: Path) -> set[str]:
    """Everything that a module binds at its top: definitions, imports and assignments."""
    names: set[str] = set()
    for node in ast.walk(TREES[path]):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names |= {alias.asname or alias.name for alias in node.names}
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
    return names


def exists(dotted: str) -> bool:
    """Check for a module of a dotted name, or for a name that a module binds."""
    folder = ROOT
    parts = dotted.split(".")
    for number, part in enumerate(parts):
        file = folder / f"{part}.py"
        if file.is_file():
            rest = parts[number + 1 :]
            return not rest or rest[0] in names_of(file)
        if not (folder / part).is_dir():
            package = folder / "__init__.py"
            return package in TREES and part in names_of(package)
        folder /= part
    return True


def texts() -> Iterator[tuple[str, str]]:
    """Every page and every docstring of the core, each with its file."""
    for path in PAGES:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield str(path.relative_to(ROOT)), ast.get_docstring(node) or ""


def test_a_reference_names_something_that_exists() -> None:
    faults = [
        f"{file}: {reference}"
        for file, text in texts()
        for reference in [
            *(name for name in DOTTED.findall(text) if name not in TAGS and not exists(name)),
            *(name for name in FILE.findall(text) if not (ROOT / name).exists()),
        ]
    ]
    assert not faults, "\n".join(faults)


def test_a_reference_to_nothing_is_seen() -> None:
    assert exists("harness.loading.validation.Checker.component")
    assert exists("harness.loading.load")
    assert not exists("harness.checking")
    assert not exists("harness.loading.validation.Misfit")
