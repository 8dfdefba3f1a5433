"""What the site needs beyond the pages: hooks that `mkdocs.yml` names.

Pages are written for a git host, with links to any file of the project. Pages outside ``docs``
become pages of the site, and so do studies and the notebook; links to other files lead to the
repository if `mkdocs.yml` names it in ``repo_url``, and are plain text otherwise.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# Pages of the project outside its documentation, by the place that they get on the site.
PROJECT = {
    "CHANGELOG.md": "project/changes.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "studies/LOG.md": "project/log.md",
    **{
        f"benchmarks/{page.name}": f"project/benchmarks/{page.name}"
        for page in sorted((ROOT / "benchmarks").glob("*.md"))
    },
}
# A study is a page with its file.
STUDIES = {
    path.relative_to(ROOT).as_posix(): f"project/{path.relative_to(ROOT).with_suffix('.md')}"
    for path in sorted((ROOT / "studies").rglob("*.yaml"))
}
NOTEBOOK = "tutorials/notebook"
_FRAME = '<table border="1" class="dataframe">'  # of pandas; the site has its own style
_FENCE = re.compile(r"^(```\w+) (\S+)")
# A block of code, in which nothing is a link, or a link to a file of the project.
_BLOCK_OR_LINK = re.compile(
    r"(?P<block>^ *```.*?^ *```$)"
    r"|\[(?P<text>(?:[^][]|\[[^][]*\])*)\]\((?P<name>[^)#:\s]+)(?P<anchor>#[^)]*)?\)",
    re.DOTALL | re.MULTILINE,
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace each folder in the navigation by its pages, so that a new page needs no entry."""
    sources = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    pages = sorted([*(path.as_posix() for path in sources), *PROJECT.values(), *STUDIES.values()])
    _fill(config.nav, pages=sorted(pages, key=lambda page: not page.endswith("README.md")))
    return config


def _fill(entries: Any, *, pages: Sequence[str]) -> None:
    for entry in entries:
        for title, content in entry.items() if isinstance(entry, dict) else ():
            if isinstance(content, list):
                _fill(content, pages=pages)
            elif content.endswith("/"):
                entry[title] = [page for page in pages if posixpath.dirname(page) == content[:-1]]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the project's other pages, and the notebook as a page."""
    for path, place in PROJECT.items():
        files.append(File.generated(config, place, content=(ROOT / path).read_text("utf-8")))
    for path, place in STUDIES.items():
        content = f"# {path}\n\n```yaml\n{(ROOT / path).read_text('utf-8')}```\n"
        files.append(File.generated(config, place, content=content))
    cells = json.loads((ROOT / "docs" / f"{NOTEBOOK}.ipynb").read_text("utf-8"))["cells"]
    content = "\n\n".join(part for cell in cells for part in _cell(cell))
    files.append(File.generated(config, f"{NOTEBOOK}.md", content=content))
    return files


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    """A cell of a notebook as Markdown, with the richest form of what it shows."""
    source = "".join(cell["source"])
    yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
    for output in cell.get("outputs", ()):
        forms = output.get("data", {"text/plain": output.get("text", "")})
        rich = forms.get("image/svg+xml") or forms.get("text/html")
        # No blank line inside: it would end the HTML for Markdown.
        lines = "".join(rich or "").replace(_FRAME, "<table>").splitlines()
        shown = "\n".join(line for line in lines if line.strip() and not line.startswith("<?xml"))
        plain = f"<pre><code>{escape(''.join(forms['text/plain']))}</code></pre>"
        yield f'<div class="output">\n{shown or plain}\n</div>'


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that leave ``docs`` to where the site has them, and show the names of blocks."""
    source = next((path for path, at in PROJECT.items() if at == page.file.src_uri), None)
    here = posixpath.dirname(source or f"docs/{page.file.src_uri}")
    start = posixpath.dirname(page.file.src_uri) or "."

    def turned(match: re.Match[str]) -> str:
        if match["block"]:
            return _FENCE.sub(r'\1 title="\2"', match["block"])
        path = posixpath.normpath(posixpath.join(here, match["name"]))
        target = _on_site(path)
        if target:
            return f"[{match['text']}]({posixpath.relpath(target, start)}{match['anchor'] or ''})"
        if config.repo_url:
            return f"[{match['text']}]({config.repo_url.rstrip('/')}/blob/main/{path})"
        return match["text"]

    return _BLOCK_OR_LINK.sub(turned, markdown)


def _on_site(path: str) -> str | None:
    """Where the site has a file of the project, relative to its sources; None if it has not."""
    if path == "README.md":
        return "README.md"
    if path in PROJECT or path in STUDIES:
        return {**PROJECT, **STUDIES}[path]
    if path == f"docs/{NOTEBOOK}.ipynb":
        return f"{NOTEBOOK}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else None
