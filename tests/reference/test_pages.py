"""The reference pages say what the code says, of every hook, component and command."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from harness import hookspecs
from harness.components import BASES
from harness.reference.pages import Hook, every_hook, pages

ROOT = Path(__file__).parents[2]
HOOKS = list(every_hook())
every = pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)


def test_the_pages_are_current_and_there_are_no_others() -> None:
    folder = ROOT / "docs" / "reference"
    written = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.md")
    }
    assert written == pages(), "python -m harness.reference docs/reference"


def test_every_hook_has_its_page_and_a_line_on_the_page_of_all() -> None:
    names = [name for name in vars(hookspecs) if name.startswith("harness_")]
    assert [hook.name for hook in HOOKS] == names
    assert {base.hook for base in BASES} <= set(names)
    page = pages()["hooks.md"]
    assert all(f"| [{name}](hooks/{name}.md) | " in page for name in names)


@every
def test_a_hook_is_documented_with_its_exact_signature(hook: Hook) -> None:
    page = (ROOT / "docs" / "reference" / "hooks" / f"{hook.name}.md").read_text(encoding="utf-8")
    real = inspect.signature(getattr(hookspecs, hook.name))
    said = inspect.signature(_function(f"{hook.signature}: ..."))
    assert said == real
    assert f"```python\n{hook.signature}\n```" in page
    assert "When: " in page
    assert "Who answers: " in page
    assert "Must" in page or "ignored" in page
    if hook.name not in {base.hook for base in BASES}:  # they show a whole component
        assert f"```python\n{hook.program}\n```" in page


@every
def test_the_example_of_a_hook_implements_it(hook: Hook) -> None:
    (function,) = (
        node for node in ast.parse(hook.example).body if isinstance(node, ast.FunctionDef)
    )
    assert function.name == hook.name
    given = inspect.signature(getattr(hookspecs, hook.name)).parameters
    assert {argument.arg for argument in function.args.args} <= set(given)
    assert any("hookimpl" in ast.unparse(mark) for mark in function.decorator_list)


def test_what_a_component_may_define_as_well_is_on_the_page_of_its_hook() -> None:
    pages_of_hooks = pages()
    for hook, signature in {
        "metrics": "def by_sentence(self) -> BySentence | None",
        "executors": "def at_once(self, jobs: int | None, *, device: str) -> int",
        "datasets": "def test_documents(self) -> Sequence[str]",
        "models": "@property\ndef needs_one_vocabulary(self) -> str | None",
    }.items():
        assert f"```python\n{signature}\n```" in pages_of_hooks[f"hooks/harness_{hook}.md"]
    assert "[BySentence](../contracts.md" in pages_of_hooks["hooks/harness_metrics.md"]
    assert "It may define" not in pages_of_hooks["hooks/harness_losses.md"]


@every
def test_a_hook_is_tested(hook: Hook) -> None:
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert any(f"def {hook.name}(" in text for text in tests)


def _function(source: str) -> object:
    names: dict[str, object] = {}
    code = compile(f"from __future__ import annotations\n{source}", "signature", "exec")
    exec(code, names)  # noqa: S102 - a signature that was read from our own file
    (function,) = (hook for name, hook in names.items() if name.startswith("harness_"))
    return function
