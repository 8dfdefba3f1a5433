"""Values of a figure that a page shows when the pointer is over them."""

from __future__ import annotations

import re
from collections.abc import Sequence

# An artist's `gid`; XML's writers choose the quotes that the text does not contain.
_MARKED = re.compile(r"""<g id=(["'])hover: (.*?)\1>""", re.DOTALL)
_TITLE = re.compile(r"<g><title>([^<]*)</title>")


def with_titles(svg: str) -> str:
    """An SVG whose groups with an id ``hover: TEXT`` have that text as their title.

    What is escaped in an attribute is escaped as an element's content, too.
    """
    return _MARKED.sub(r"<g><title>\g<2></title>", svg)


def titles(svg: str) -> Sequence[str]:
    """The texts of these titles, still escaped, none twice."""
    return [*dict.fromkeys(_TITLE.findall(svg))]
