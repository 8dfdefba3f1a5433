"""Nothing is read in a way that executes it, and every promise about that has its test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("harness", "plugins") for path in (ROOT / top).rglob("*.py"))
UNPICKLING = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
# A component's `read` and `load` are no business of this.
LOADERS = re.compile(r"(torch|numpy|np)\.load|eval|exec|yaml\.\w*(load|compose|parse|scan)\w*")
EXECUTES = {"harness/registry/discovery.py": {"exec"}}  # plugin files, which a study names


def test_nothing_is_read_in_a_way_that_executes_it() -> None:
    for path in SOURCES:
        name, used = path.relative_to(ROOT).as_posix(), set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported = {alias.name.split(".")[0] for alias in node.names}
                assert not (imported | {getattr(node, "module", None)}) & UNPICKLING, name
            if isinstance(node, ast.Call) and LOADERS.fullmatch(called := ast.unparse(node.func)):
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                safe = called == "yaml.safe_load" or given.get("weights_only") == "True"
                if not safe and given.get("Loader") != "yaml.SafeLoader":
                    used.add(called)
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("yaml."):
                assert not node.attr.endswith("Loader") or node.attr == "SafeLoader", name
        assert used == EXECUTES.get(name, set()), name
