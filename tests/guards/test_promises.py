"""Every promise of the pages on security and reliability has its test."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
}
# A test by its name, or by its file and its name.
TEST = re.compile(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`")


@pytest.mark.parametrize("page", ["reliability", "security"])
def test_it_names_tests_that_exist(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    named = TEST.findall(text)
    assert len(named) > 10
    everything = "\n".join(SOURCES.values())
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (SOURCES.get(path, "") if path else everything)
    ]
    assert missing == []


@pytest.mark.parametrize("page", ["reliability", "security"])
def test_each_row_of_its_tables_names_one(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    heads = {line for line, below in pairwise(rows) if below.startswith("|---")}
    without = [row for row in rows if not TEST.search(row) and row not in heads]
    assert len(without) == text.count("\n|---"), without
