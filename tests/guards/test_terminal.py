"""All text for a terminal goes through functions that make it printable."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("harness", "plugins") for path in (ROOT / top).rglob("*.py"))
WRITERS = ("click.echo", "click.secho", "print", "sys.stderr.write", "sys.stdout.write", "Console")
# Where those functions are, and where a console draws text that was made printable before.
ALLOWED = {
    "harness/cli/output.py": {"click.echo", "Console"},
    "harness/notices.py": {"sys.stderr.write"},
    "harness/cli/generate.py": {"Console"},
    "harness/runs/progress.py": {"Console"},
}


def test_nothing_writes_to_a_terminal_but_the_functions_for_it() -> None:
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        calls = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
        assert calls & {*WRITERS} == ALLOWED.get(name, set()), name
