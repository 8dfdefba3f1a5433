"""Text of the project: no empty words in names, no open notes, and trees that list every file."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import in_environment

ROOT = Path(__file__).parents[2]
CODE = sorted(
    path
    for top in ("harness", "plugins", "tests", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
)
UNWANTED = {"manager", "handler", "helper", "utils", "util", "engine", "cfg", "ctx"}


def project_files(root: Path = ROOT) -> list[Path]:
    """The files of the project, relative to its root: tracked by git, or not yet."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only a git checkout knows which files are the project's")
    files = [Path(name) for name in done.stdout.splitlines() if (root / name).is_file()]
    return [path for path in files if not in_environment(path, root=root)]


def test_a_virtual_environment_of_any_name_is_not_part_of_the_project(tmp_path: Path) -> None:
    names = ["a.py", "b/c.md", "py311/pyvenv.cfg", "py311/lib/d.py", "x/conda/conda-meta/history"]
    names += ["x/conda/lib/python3.13/e.md"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "a.py"], cwd=tmp_path, check=True)
    assert sorted(project_files(tmp_path)) == [Path("a.py"), Path("b/c.md")]


def words(name: str) -> set[str]:
    """The words of an identifier, in lower case and without a plural's s."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    return {*parts, *(part.removesuffix("s") for part in parts)}


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Names that this file defines; those that it only uses are other people's choice."""
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


def test_no_name_has_a_word_without_meaning() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in CODE
        for name in (*defined_names(ast.parse(path.read_text(encoding="utf-8"))), path.stem)
        if words(name) & UNWANTED
    ]
    assert faults == []


def test_a_word_without_meaning_is_seen() -> None:
    tree = ast.parse(
        "from pluggy import PluginManager\ndef run(ctx): errorHandler = PluginManager()"
    )
    assert [n for n in defined_names(tree) if words(n) & UNWANTED] == ["ctx", "errorHandler"]


def test_nothing_is_left_to_do() -> None:
    note = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    texts = {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in project_files()
        if path.suffix in {".py", ".md", ".toml", ".ini", ".yaml", ".txt", ".j2"}
    }
    assert [str(path) for path, text in texts.items() if note.search(text)] == []


def tree(page: str) -> dict[str, str]:
    """Path and phrase of each row in a page's tree; no path may be listed twice."""
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
    tops = {f"{path.parts[0]}/" if len(path.parts) > 1 else path.name for path in project_files()}
    assert tops - set(tree("CONTRIBUTING.md")) == set()


def test_the_tree_names_every_file_and_folder_of_the_core_and_every_plugin_package() -> None:
    inside = [path.parts[:2] for path in project_files() if path.parts[0] in {"harness", "plugins"}]
    files = {f"harness/{name}" for top, name in inside if top == "harness" and "." in name}
    folders = {f"{top}/{name}/" for top, name in inside if "." not in name}
    unnamed = {"harness/__init__.py", "harness/py.typed"}
    assert (files | folders) - set(tree("CONTRIBUTING.md")) == unnamed


def test_the_tree_names_only_what_exists() -> None:
    assert [name for name in tree("CONTRIBUTING.md") if not (ROOT / name).exists()] == []


def test_the_tree_describes_everything_that_it_names() -> None:
    assert [name for name, phrase in tree("CONTRIBUTING.md").items() if not phrase] == []
