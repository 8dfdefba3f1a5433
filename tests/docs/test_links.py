from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
LINK = re.compile(r"\]\(([^)#:]+)(?:#([^)]*))?\)")


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_a_link_leads_somewhere(path: Path) -> None:
    for name, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        target = path.parent / name
        assert target.exists(), name
        if anchor:
            heading = re.compile(rf"^#+ {re.escape(anchor)}$", re.MULTILINE)
            assert heading.search(target.read_text(encoding="utf-8")), f"{name}#{anchor}"
