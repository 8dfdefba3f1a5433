"""The English of the code: docstrings that state, names that name, and no words of our own."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("harness", "plugins") for path in (ROOT / top).rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# A docstring that opens so names its subject by a question; a noun or a verb says it at once.
QUESTION = re.compile(r"(What|Whose|Who|Whether|How|Where|Which)\b")
MOST_QUESTIONS = 0.03  # of all docstrings

# Names of a loop variable that say nothing about the thing.
VAGUE = ("each", "found")
MOST_VAGUE = 3  # per 1,000 identifiers

# Words that only this project used, as patterns of whole words, and the words to use instead.
GONE = {
    r"attending": "attention",
    r"blaming": "attribution",
    r"came to nothing": "failed",
    r"drag(s|ged)? along": "change as a side effect",
    r"fairness": "comparability",
    r"for want of": "for lack of, or: possibly out of",
    r"foresight": "prediction",
    r"foresee[ns]?": "predict",
    r"had from": "from, or: get ... from",
    r"hangs? on": "depends on",
    r"specimens?": "sample",
    r"(stand|stands|stood) beside": "be combined with, or: next to",
    r"strangers?": "third-party plugin",
}


def nodes(path: Path) -> list[ast.AST]:
    """Everything in a file's syntax tree."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


NODES = {path: nodes(path) for path in SOURCES}


def docstrings(tree: list[ast.AST]) -> Iterator[str]:
    """The docstrings of a module and of everything that it defines."""
    for node in tree:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text


def identifiers(tree: list[ast.AST]) -> Iterator[str]:
    """Every use of a variable, and every parameter."""
    for node in tree:
        match node:
            case ast.Name():
                yield node.id
            case ast.arg():
                yield node.arg


def named(tree: list[ast.AST]) -> Iterator[str]:
    """Every identifier, attribute, function and class, its words separated by spaces."""
    for node in tree:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                name = node.name
            case ast.Attribute():
                name = node.attr
            case ast.Name():
                name = node.id
            case ast.arg() | ast.keyword(arg=str()):
                name = str(node.arg)
            case _:
                continue
        yield re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name)


def strings(tree: list[ast.AST]) -> Iterator[str]:
    """Every string, docstrings and the constant parts of f-strings included."""
    for node in tree:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def gone(texts: Iterator[str]) -> dict[str, str]:
    """The words in some texts that are no longer used, each with the one to use."""
    # One text, one search: lines joined, since a phrase may be broken across two.
    text = " ".join(" | ".join(texts).split())
    hits = re.finditer(rf"\b({'|'.join(GONE)})\b", text, re.IGNORECASE)
    words = {hit[0].lower() for hit in hits}
    return {
        word: new for word in sorted(words) for old, new in GONE.items() if re.fullmatch(old, word)
    }


def test_docstrings_do_not_open_with_a_question_word() -> None:
    texts = [(path, text) for path, tree in NODES.items() for text in docstrings(tree)]
    faults = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path, text in texts
        if QUESTION.match(text)
    ]
    assert len(faults) <= MOST_QUESTIONS * len(texts), "\n".join(faults)


@pytest.mark.parametrize("name", VAGUE)
def test_variables_name_the_thing(name: str) -> None:
    counts = {path: Counter(identifiers(tree)) for path, tree in NODES.items()}
    faults = {
        str(path.relative_to(ROOT)): count[name] for path, count in counts.items() if count[name]
    }
    total = sum(count.total() for count in counts.values())
    assert sum(faults.values()) * 1000 <= MOST_VAGUE * total, faults


def test_code_uses_no_words_of_our_own() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: '{old}'; use: {new}"
        for path, tree in NODES.items()
        for old, new in gone(iter([path.stem, *named(tree), *strings(tree)])).items()
    ]
    assert not faults, "\n".join(faults)


def test_pages_use_no_words_of_our_own() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: '{old}'; use: {new}"
        for path in PAGES
        for old, new in gone(iter([path.read_text(encoding="utf-8")])).items()
    ]
    assert not faults, "\n".join(faults)


def test_a_word_of_our_own_is_seen_in_names_and_across_lines() -> None:
    source = 'class Fairness:\n    """A loss\n    had\n    from\n    elsewhere."""\n'
    tree = list(ast.walk(ast.parse(source)))
    texts = iter([*named(tree), *strings(tree)])
    assert gone(texts) == {"fairness": "comparability", "had from": "from, or: get ... from"}
