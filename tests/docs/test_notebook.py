"""The notebook of the tutorials, executed cell by cell as a person does."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorials" / "notebook.ipynb"
FORMS = {"text/html": "_repr_html_", "image/svg+xml": "_repr_svg_"}


def execute(source: str, *, names: dict[str, Any]) -> Mapping[str, str]:
    """Execute a cell; how a notebook shows its last expression, by MIME type."""
    *statements, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        statements.append(last)
    exec(compile(ast.Module(statements, []), "cell", "exec"), names)  # noqa: S102 - of the project
    value = eval(ast.unparse(last.value), names) if isinstance(last, ast.Expr) else None  # noqa: S307 - as above
    if value is None:
        return {}
    rich = {mime: getattr(value, form)() for mime, form in FORMS.items() if hasattr(value, form)}
    return {**rich, "text/plain": repr(value)}


def test_every_cell_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "cells"}
    for cell in cells:
        if cell["cell_type"] == "code":
            shown = execute("".join(cell["source"]), names=names)
            stored = cell["outputs"][0]["data"] if cell["outputs"] else {}
            assert {*shown} == {*stored}, cell["source"]
    assert (tmp_path / "learning_rate.yaml").is_file()
    assert [*names["results"].verdicts["verdict"]] == ["worse", "worse"]
