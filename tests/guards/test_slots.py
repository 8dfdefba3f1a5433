"""A slot costs little: one list of slots, and few places that name it outside its own files."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness import hookspecs
from harness.components import BASES, Component
from harness.registry.option_types import slot_noun

ROOT = Path(__file__).parents[2]
# The files that name slot after slot, each with a reason; a new slot takes a line in most of them.
LISTS = {
    "harness/components/__init__.py": "the list that every other is read from",
    "harness/hookspecs/supply.py": "the manual: one specification a slot",
    "harness/study/experiment.py": "a field for each choice that decides a run's bits",
    "harness/training/guards.py": "the check of what each slot builds, by its own contract",
    "harness/reference/study_meanings.py": "what each key of a study means, in words",
    "harness/testing/__init__.py": "the public name of each slot's contract test",
    "pyproject.toml": "an entry point for each of our packages",
}
MANY = 5  # slots in one file; a file of one room may well use that many
# Files apart from those that know a slot's base: what tests its contract, assembles it, calls it.
USERS = 4
MORE_USERS = {
    "metrics": 8,  # text is scored, resampled by sentence, and compared after the fact
    "model": 5,  # options that models share; a model is limited in size, built, and lent to tests
}
every_slot = pytest.mark.parametrize("base", BASES, ids=lambda base: base.slot)


def names_in(text: str) -> Iterator[str]:
    """Names imported from the core or reached through `components`, functions, whole strings."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("harness."):
                yield from (alias.name for alias in node.names)
            case ast.Attribute(value=ast.Name(id="components")):
                yield node.attr
            case ast.FunctionDef():
                yield node.name
            case ast.Constant(value=str(string)):
                yield string


def named() -> Mapping[str, set[str]]:
    """The files of the core and of its packaging, each with all that it names."""
    modules = {
        path.relative_to(ROOT).as_posix(): set(names_in(path.read_text(encoding="utf-8")))
        for path in sorted((ROOT / "harness").rglob("*.py"))
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entry_points = project["project"]["entry-points"]["harness"]
    return {**modules, "pyproject.toml": set(entry_points.values())}


NAMED = named()


def identifiers(base: type[Component]) -> set[str]:
    """All that a slot goes by: its base, its hook, its contract test."""
    noun = slot_noun(base).replace(" ", "_")
    return {base.__name__, base.hook, f"check_{noun}"}


def users(base: type[Component]) -> set[str]:
    """The files that name a slot, apart from its own and from the lists."""
    own = Path(inspect.getfile(base)).relative_to(ROOT).as_posix()
    return {file for file, names in NAMED.items() if names & identifiers(base)} - {own, *LISTS}


def test_few_files_list_the_slots() -> None:
    lists = {
        file
        for file, names in NAMED.items()
        if sum(bool(names & {*identifiers(base), base.slot}) for base in BASES) > MANY
    }
    assert lists == set(LISTS), "read it off harness.components.BASES, or say here why not"


@every_slot
def test_a_slot_is_known_to_few_files(base: type[Component]) -> None:
    assert len(users(base)) <= MORE_USERS.get(base.slot, USERS), sorted(users(base))


@every_slot
def test_a_slot_has_one_line_in_each_list(base: type[Component]) -> None:
    """Two in the list of fields; specifications and guards are written out."""
    for file in set(LISTS) - {"harness/hookspecs/supply.py", "harness/training/guards.py"}:
        code = (ROOT / file).read_text(encoding="utf-8").partition("import annotations")
        text = code[2] or code[0]  # without the module's docstring
        naming = re.compile(rf"\b({'|'.join(identifiers(base))})\b")
        lines = [line for line in text.splitlines() if naming.search(line)]
        assert len(lines) <= 1 + (file == "harness/study/experiment.py"), lines


@every_slot
def test_a_hook_specification_offers_the_components_of_its_slot(base: type[Component]) -> None:
    returned = getattr(hookspecs, base.hook).__annotations__["return"]
    assert returned == f"Sequence[type[components.{base.__name__}]]"


@every_slot
def test_a_slot_builds_something_and_says_what(base: type[Component]) -> None:
    build = vars(base)["build"]
    assert getattr(build, "__isabstractmethod__", False)
    assert build.__annotations__["return"] not in {"Any", "object"}
    assert inspect.getdoc(build)
