"""The measures of the code: lengths, parameters, docstrings and waivers over everything that ships.

How they are counted, and what is exempt: docs/decisions/0001-how-the-measures-count.md.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("harness", "plugins") for path in (ROOT / top).rglob("*.py"))
CHECKED = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}

# Callables that a seam names by their type alone, by the parameters that they are called with.
CALLED = {
    ("hypotheses", "references"),  # contracts.ScoreText
    ("logits", "targets"),  # contracts.Loss
    ("name", "parameter", "generator_of"),  # contracts.Initialize
    ("value", "site", "noise"),  # contracts.Effect
}

# Where else a second parameter is positional, and why.
POSITIONAL = {
    "harness/components/options.py:TextFile._find": "pydantic passes the value and its context",
    "harness/components/options.py:TrainedRun._find": "as `TextFile._find`",
    "harness/files.py:no_link": "`open` passes the path and its flags",
    "harness/introspection/draw_sites.py:_RecordingNoise.keep": "as `Noise.keep`",
    "harness/loading/yaml_file.py:_Composer.compose_node": "yaml's own signature",
    "harness/streams.py:Noise.keep": "read at every site: which, how large, how much",
    "harness/streams.py:Noise.uniform": "as `Noise.keep`",
    "harness/testing/claims.py:Claims.that": "a claim reads together with its fault",
    "harness/testing/claims.py:same": "equality has two sides",
    "harness/streams.py:generator": "a key is the sequence of its parts",
    "harness/streams.py:key": "a key is the sequence of its parts",
}

WAIVER = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?"
    r"|type:\s*ignore(?:\[[\w, -]*\])?"
    r"|pragma:\s*no (?:cover|branch)"
    r"|ruff:\s*\S+"
    r"|fmt:\s*\S+)"
)

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Definition(NamedTuple):
    """A function or a class, and those around it, the innermost last."""

    node: Scope
    path: Path
    around: tuple[Scope, ...]

    @property
    def place(self) -> str:
        names = ".".join(scope.name for scope in (*self.around, self.node))
        return f"{self.path.relative_to(ROOT)}:{names}"

    @property
    def method(self) -> bool:
        return bool(self.around) and isinstance(self.around[-1], ast.ClassDef)

    @property
    def public(self) -> bool:
        """True if it can be reached without an underscore or a call."""
        reachable = all(isinstance(scope, ast.ClassDef) for scope in self.around)
        return reachable and not any(s.name.startswith("_") for s in (*self.around, self.node))

    @property
    def implicit(self) -> bool:
        """True if Python makes its calls; `forward` is torch's name for ``__call__``."""
        return self.node.name.startswith("__") or self.node.name == "forward"

    @property
    def decorators(self) -> set[str]:
        """The last words of its decorators: ``hookimpl`` for ``@hookimpl(wrapper=True)``."""
        listed = self.node.decorator_list
        bare = (item.func if isinstance(item, ast.Call) else item for item in listed)
        return {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in bare}

    @property
    def length(self) -> int:
        assert self.node.end_lineno is not None
        return self.node.end_lineno - self.node.lineno + 1

    @property
    def positional(self) -> tuple[str, ...]:
        """The parameters that can be passed by position, `self` and `cls` left out."""
        assert not isinstance(self.node, ast.ClassDef)
        names = [argument.arg for argument in (*self.node.args.posonlyargs, *self.node.args.args)]
        bound = self.method and "staticmethod" not in self.decorators
        return tuple(names[1:] if bound else names)

    @property
    def parameters(self) -> int:
        assert not isinstance(self.node, ast.ClassDef)
        return len(self.positional) + len(self.node.args.kwonlyargs)

    @property
    def seam(self) -> bool:
        """True for a hook's specification, and for a method of a slot's base or of a protocol."""
        module = ".".join(self.path.relative_to(ROOT).with_suffix("").parts[:2])
        promises = module in ("harness.components", "harness.contracts") and self.method
        return promises or "hookspec" in self.decorators


def definitions(path: Path, node: ast.AST, *around: Scope) -> Iterator[Definition]:
    """Every function and class in a file."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Scope):
            yield Definition(child, path, around)
            yield from definitions(path, child, *around, child)
        else:
            yield from definitions(path, child, *around)


DEFINITIONS = [definition for path, tree in TREES.items() for definition in definitions(path, tree)]
FUNCTIONS = [item for item in DEFINITIONS if not isinstance(item.node, ast.ClassDef)]
SEAMS = [function for function in FUNCTIONS if function.seam]
SHAPES = CALLED | {function.positional for function in SEAMS}
DOCUMENTED = {function.node.name for function in SEAMS if ast.get_docstring(function.node)}


def test_functions_are_short() -> None:
    lengths = sorted(function.length for function in FUNCTIONS)
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=20)[-1] <= 30
    assert [function.place for function in FUNCTIONS if function.length > 50] == []


def test_files_are_short() -> None:
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert {str(path.relative_to(ROOT)): n for path, n in lines.items() if n > 300} == {}


def test_parameters_are_few() -> None:
    assert [function.place for function in FUNCTIONS if function.parameters - 1 > 5] == []


def test_parameters_beyond_the_first_are_keyword_only() -> None:
    faults = [
        f"{function.place}({', '.join(function.positional)})"
        for function in FUNCTIONS
        if len(function.positional) > 1 and not function.implicit
        if function.positional not in SHAPES and function.place not in POSITIONAL
    ]
    assert faults == []


def test_exemptions_are_needed() -> None:
    crowded = {function.place for function in FUNCTIONS if len(function.positional) > 1}
    assert set(POSITIONAL) - crowded == set()


def inherits_docstring(definition: Definition) -> bool:
    """Check for a definition that a slot, a protocol, a hook or Python itself documents."""
    promised = definition.method and definition.node.name in DOCUMENTED
    return promised or definition.implicit or "hookimpl" in definition.decorators


def test_public_names_have_docstrings() -> None:
    public = [item for item in DEFINITIONS if item.public and not inherits_docstring(item)]
    assert [path for path, tree in TREES.items() if not ast.get_docstring(tree)] == []
    assert [item.place for item in public if not ast.get_docstring(item.node)] == []


def test_docstrings_are_claims() -> None:
    texts = {item.place: ast.get_docstring(item.node) or "" for item in DEFINITIONS}
    texts |= {str(path): ast.get_docstring(tree) or "" for path, tree in TREES.items()}
    evasive = re.compile(r"This (function|method|class|module|component)\b")
    assert [place for place, text in texts.items() if evasive.match(text)] == []


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Every comment and its line."""
    text = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def unexplained(comment: str) -> bool:
    """Check for a comment that waives a check without naming it or giving a reason."""
    waivers = WAIVER.findall(comment)
    if not waivers:
        return False
    blanket = any(re.fullmatch(r"#\s*(noqa|type:\s*ignore)", waiver) for waiver in waivers)
    return blanket or len(re.findall(r"[a-zA-Z]{2,}", WAIVER.sub("", comment))) < 2


def test_waivers_give_their_reason() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {comment}"
        for path in CHECKED
        for line, comment in comments(path)
        if unexplained(comment)
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# noqa", True),
        ("# noqa: BLE001", True),
        ("# type: ignore", True),
        ("# type: ignore[arg-type]", True),
        ("# type: ignore  # the stub is wrong", True),
        ("# noqa: BLE001  # a plugin may raise anything", False),
        ("# type: ignore[arg-type]  # the stub is wrong", False),
        ("# counts nothing", False),
    ],
)
def test_a_waiver_without_reason_is_seen(*, comment: str, fault: bool) -> None:
    assert unexplained(comment) is fault


def test_a_broken_measure_is_seen() -> None:
    source = (
        "class Open:\n  def close(self, one, two, *, three): ...\n  def _near(self, one): ...\n"
    )
    parsed = definitions(ROOT / "harness" / "door.py", ast.parse(source))
    close, near = (item for item in parsed if item.method)
    assert close.positional == ("one", "two")
    assert (close.parameters, close.length, close.public, near.public) == (3, 1, True, False)
