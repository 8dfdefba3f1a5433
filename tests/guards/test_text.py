"""The text of the project: one word per concept, nothing left to do, complete trees of files."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted(
    path
    for top in ("harness", "plugins", "tests", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
)
UNWANTED = {"manager", "handler", "helper", "utils", "util", "engine", "cfg", "ctx"}


def tracked() -> list[Path]:
    """The files of the project, relative to its root."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only a git checkout knows which files are the project's")
    return [Path(name) for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def words(name: str) -> set[str]:
    """The words of an identifier, in lower case and without a plural's s."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower() for part in parts} | {part.lower().removesuffix("s") for part in parts}


def given_names(tree: ast.AST) -> Iterator[str]:
    """Names that this file gives; those that it only uses are somebody else's choice."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str()):
                yield str(node.asname)


def test_nothing_is_named_by_a_word_that_says_nothing() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in CODE
        for name in (*given_names(ast.parse(path.read_text(encoding="utf-8"))), path.stem)
        if words(name) & UNWANTED
    ]
    assert faults == []


def test_a_word_that_says_nothing_is_seen() -> None:
    tree = ast.parse(
        "from pluggy import PluginManager\ndef run(ctx): errorHandler = PluginManager()"
    )
    assert [n for n in given_names(tree) if words(n) & UNWANTED] == ["ctx", "errorHandler"]


def test_nothing_is_left_to_do() -> None:
    note = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    texts = {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".ini", ".yaml", ".txt", ".j2"}
    }
    assert [str(path) for path, text in texts.items() if note.search(text)] == []


def tree(page: str) -> dict[str, str]:
    """Path and phrase of each row in a page's tree; a path that stands twice is a fault."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(r"```text tree\n(.*?)```", text, re.DOTALL)
    assert block, f"{page} has no block that begins with ```text tree"
    folder, rows = "", {}
    for line in block[1].splitlines():
        name, _, phrase = line.strip().partition(" ")
        inside = line.startswith(" ")
        folder = folder if inside else name
        path = folder + name if inside else name
        assert path not in rows, f"{page} lists {path} twice"
        rows[path] = phrase.strip()
    return rows


def test_the_tree_names_every_file_and_folder_at_the_top() -> None:
    tops = {f"{path.parts[0]}/" if len(path.parts) > 1 else path.name for path in tracked()}
    assert tops - set(tree("CONTRIBUTING.md")) == set()


def test_the_tree_names_every_file_and_folder_of_the_core_and_every_plugin_package() -> None:
    inside = [path.parts[:2] for path in tracked() if path.parts[0] in {"harness", "plugins"}]
    files = {f"harness/{name}" for top, name in inside if top == "harness" and "." in name}
    folders = {f"{top}/{name}/" for top, name in inside if "." not in name}
    unnamed = {"harness/__init__.py", "harness/py.typed"}
    assert (files | folders) - set(tree("CONTRIBUTING.md")) == unnamed


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_a_tree_names_nothing_that_is_not_there(page: str) -> None:
    assert [name for name in tree(page) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_a_tree_says_a_phrase_of_everything_that_it_names(page: str) -> None:
    assert [name for name, phrase in tree(page).items() if not phrase] == []
