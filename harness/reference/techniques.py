"""The table of techniques: paper, component, oracle and studies, read from the checkout.

Nothing here is written down twice. A paper is what a component's docstring cites, an oracle the
first line of the test file that mirrors it (``Held against ...``), a study one that names it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from harness.components import SLOTS, Component
from harness.registry.catalog import Catalog

ROOT = Path(__file__).parents[2]
# What only looks at runs, or carries them out, has no equation to be held against.
_APART = ("executor", "figures", "trackers")
_NAME = r"[A-Z][^\W\d_A-Z]+(?:-[A-Z]\w+)?"
_PAPER = re.compile(
    rf"({_NAME}(?:, {_NAME})*(?: (?:and|&) {_NAME}| et al\.)?),? \(?((?:19|20)\d\d)"
)
_HELD = "Held against "
_OPTIONS = {"steps": "decay"}  # options that are named otherwise than their slot
_MOST = 2  # studies in a row of the table


class Technique(NamedTuple):
    """One component and where it comes from; files are relative to the checkout."""

    component: type[Component]
    papers: Sequence[str]
    oracle: str
    test: Path | None
    studies: Sequence[Path]


def techniques(catalog: Catalog) -> Iterator[Technique]:
    """Every technique that the catalog offers, by slot and name."""
    for slot, names in catalog.offers.items():
        for name in sorted(names) if slot not in _APART else ():
            component = names[name][0].component
            test, oracle = _oracle(component)
            yield Technique(component, papers(component), oracle, test, _studies(slot, name=name))


def tables(catalog: Catalog) -> Iterator[str]:
    """A heading and a table for each slot, in Markdown, for a page in ``docs/reference``."""
    slot = None
    lines: list[str] = []
    for technique in techniques(catalog):
        if technique.component.slot != slot:
            yield from ["\n".join(lines)] if lines else []
            slot = technique.component.slot
            yield f"## {slot}"
            lines = ["| technique | what it does | paper | held against | study |"]
            lines.append("|---|---|---|---|---|")
        lines.append(_line(technique))
    yield "\n".join(lines)


def papers(component: type[Component]) -> Sequence[str]:
    """What a component's docstring cites, in its order, such as ``Vaswani et al. 2017``."""
    text = " ".join((component.__dict__.get("__doc__") or "").split())
    found = [f"{authors} {year}" for authors, year in _PAPER.findall(text)]
    return list(dict.fromkeys(each.replace("&", "and") for each in found))


def _line(technique: Technique) -> str:
    component = technique.component
    source = Path(inspect.getfile(component)).relative_to(ROOT)
    summary = inspect.cleandoc(component.__doc__ or "").partition("\n")[0]
    oracle = _link(technique.oracle, to=technique.test) if technique.test else ""
    cells = [
        _link(f"`{component.name}`", to=source),
        summary.replace("``", "`"),
        "; ".join(technique.papers),
        oracle,
        ", ".join(_link(each.stem, to=each) for each in technique.studies),
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _link(text: str, *, to: Path) -> str:
    return f"[{text}](../../{to.as_posix()})"


# --- tests --------------------------------------------------------------------------------------


def _oracle(component: type[Component]) -> tuple[Path | None, str]:
    """The test file that mirrors a component, or else names its class, and what it says."""
    package = component.__module__.split(".")[0].removeprefix("harness_")
    own = f"test_{component.name}.py"
    files = sorted((ROOT / "tests" / "plugins" / package).rglob("test_*.py"))
    for path in sorted(files, key=lambda path: path.name != own):
        text = path.read_text(encoding="utf-8")
        said = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        if said.startswith(_HELD) and re.search(rf"\b{component.__name__}\b", text):
            return path.relative_to(ROOT), said.removeprefix(_HELD).removesuffix(".")
    return None, ""


# --- studies ------------------------------------------------------------------------------------


def _studies(slot: str, *, name: str) -> Sequence[Path]:
    """A few studies that name a choice: those that vary it first."""
    varied = [path for path, (_, variants) in _named().items() if (slot, name) in variants]
    used = [path for path, (baseline, _) in _named().items() if (slot, name) in baseline]
    return list(dict.fromkeys([*varied, *used]))[:_MOST]


@cache
def _named() -> Mapping[Path, tuple[set[tuple[str, str]], set[tuple[str, str]]]]:
    """The choices that each study names: in its baseline, and elsewhere."""
    found = {}
    for path in sorted((ROOT / "studies").rglob("*.yaml")):
        study = yaml.safe_load(path.read_text(encoding="utf-8"))
        baseline = set(_choices(study.pop("baseline")))
        found[path.relative_to(ROOT)] = baseline, set(_choices(study))
    return found


def _choices(node: object) -> Iterator[tuple[str, str]]:
    """Every slot with a name in it, however deep; `grid` writes both with a dot between."""
    if isinstance(node, list):
        for each in node:
            yield from _choices(each)
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        first, *rest = str(key).split(".")
        slot = _OPTIONS.get(first, first)
        if slot in SLOTS:
            named = rest[:1] or (value if isinstance(value, list | Mapping) else [value])
            for each in named:
                yield from (
                    (slot, str(name)) for name in (each if isinstance(each, Mapping) else [each])
                )
        yield from _choices(value)
