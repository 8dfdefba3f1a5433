"""Links of all pages, as a git host shows them: a file that exists, a heading that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "studies/**/*.md", "benchmarks/*.md")
    for page in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
BLOCK = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as git hosts make them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_somewhere(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    for name, anchor in LINK.findall(BLOCK.sub("", page)):
        target = path.parent / name if name else path
        assert target.exists(), name
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name}#{anchor}"


def test_the_pages_outside_the_documentation_are_among_them() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in PAGES}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "studies/LOG.md"} <= names


def test_the_anchor_of_a_heading_is_that_of_a_git_host() -> None:
    page = "# 2026-11-28: article/x_y.yaml\n```text\n# not a heading\n```\n## What `it` cost\n"
    assert anchors(page) == {"2026-11-28-articlex_yyaml", "what-it-cost"}
