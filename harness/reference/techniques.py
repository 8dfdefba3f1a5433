"""The table of techniques: paper, component, oracle and studies, read from the checkout.

Nothing here is written down twice. A paper is one that a component's docstring cites, an oracle the
first line of the test file that mirrors it (``Held against ...``), a study one that names it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from harness.components import SLOTS, Component
from harness.components.cost_metric import CostMetric
from harness.registry.catalog import Catalog
from harness.registry.option_types import members, option_types, plain

ROOT = Path(__file__).parents[2]
_NAME = r"[A-Z][^\W\d_A-Z]+(?:-[A-Z]\w+)?"
_PAPER = re.compile(
    rf"({_NAME}(?:, {_NAME})*(?: (?:and|&) {_NAME}| et al\.)?),? \(?((?:19|20)\d\d)"
)
_HELD = "Held against "
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
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
    studies = _studies(_slots(catalog))
    for slot, names in catalog.offers.items():
        for name in sorted(names) if SLOTS[slot].changes_results else ():
            component = names[name][0].component
            if issubclass(component, CostMetric):
                continue  # the core's own measures are no techniques
            test, oracle = _oracle(component)
            few = _few(studies, choice=(slot, name))
            yield Technique(component, papers(component), oracle, test, few)


def tables(catalog: Catalog) -> Iterator[str]:
    """A heading and a table for each slot, in Markdown, for a page in ``docs/reference``."""
    slot = None
    lines: list[str] = []
    for technique in techniques(catalog):
        if technique.component.slot != slot:
            yield from ["\n".join(lines)] if lines else []
            slot = technique.component.slot
            yield f"## {slot}"
            lines = ["| technique | what it does | paper | oracle | study |"]
            lines.append("|---|---|---|---|---|")
        lines.append(_line(technique))
    yield "\n".join(lines)


def core_table() -> str:
    """A table of the modules of the core whose tests name an oracle.

    Papers are those that a docstring of the module cites.
    """
    lines = ["| module | what it is | paper | oracle |", "|---|---|---|---|"]
    for test in sorted((ROOT / "tests").glob("*/test_*.py")):
        module = ROOT / "harness" / test.parent.name / f"{test.stem.removeprefix('test_')}.py"
        oracle = _named_oracle(test)
        if oracle and module.is_file():
            tree = ast.parse(module.read_text(encoding="utf-8"))
            nodes = [node for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)]
            texts = [ast.get_docstring(node) or "" for node in nodes]
            link = _link(f"`{module.stem}`", to=module.relative_to(ROOT))
            cited = "; ".join(_cited(" ".join(texts)))
            held = _link(oracle, to=test.relative_to(ROOT))
            lines.append(f"| {link} | {texts[0].partition(chr(10))[0]} | {cited} | {held} |")
    return "\n".join(lines)


def papers(component: type[Component]) -> Sequence[str]:
    """The papers that a docstring cites, in its order, such as ``Vaswani et al. 2017``."""
    return _cited(component.__dict__.get("__doc__") or "")


def _cited(text: str) -> list[str]:
    cited = [f"{authors} {year}" for authors, year in _PAPER.findall(" ".join(text.split()))]
    return list(dict.fromkeys(paper.replace("&", "and") for paper in cited))


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
        ", ".join(_link(study.stem, to=study) for study in technique.studies),
    ]
    # chr(92) is a backslash, which an f-string's expressions cannot have in Python 3.11.
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _link(text: str, *, to: Path) -> str:
    return f"[{text}](../../{to.as_posix()})"


# --- tests --------------------------------------------------------------------------------------


def _oracle(component: type[Component]) -> tuple[Path | None, str]:
    """The test file that mirrors a component, or else names its class, and the oracle it names."""
    # Not that of its module: the defaults of a model's parts lie in the core.
    package = component.hook.removeprefix("harness_")
    own = f"test_{component.name}.py"
    files = sorted((ROOT / "tests" / "plugins" / package).rglob("test_*.py"))
    for path in sorted(files, key=lambda path: path.name != own):
        oracle = _named_oracle(path)
        text = path.read_text(encoding="utf-8")
        if oracle and re.search(rf"\b{component.__name__}\b", text):
            return path.relative_to(ROOT), oracle
    return None, ""


def _named_oracle(test: Path) -> str:
    """The oracle that the first line of a test file names; empty without one."""
    text = test.read_text(encoding="utf-8")
    title = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return title.removeprefix(_HELD).removesuffix(".") if title.startswith(_HELD) else ""


# --- studies ------------------------------------------------------------------------------------

_Choice = tuple[str, str]  # slot, name


class _Study(NamedTuple):
    """The choices that a study names: in its baseline, and in the rest of the file."""

    path: Path
    baseline: set[_Choice]
    rest: set[_Choice]


def _few(studies: Sequence[_Study], *, choice: _Choice) -> Sequence[Path]:
    """A few studies that name a choice: those that vary it first."""
    varied = [study.path for study in studies if choice in study.rest]
    used = [study.path for study in studies if choice in study.baseline]
    return list(dict.fromkeys([*varied, *used]))[:_MOST]


def _studies(slots: Mapping[str, str]) -> Sequence[_Study]:
    """Every study of the checkout, with the choices that it names."""
    studies = []
    for path in sorted((ROOT / "studies").rglob("*.yaml")):
        study = yaml.safe_load(path.read_text(encoding="utf-8"))
        baseline = set(_choices(study.pop("baseline", None), slots=slots))
        rest = set(_choices(study, slots=slots))
        studies.append(_Study(path.relative_to(ROOT), baseline, rest))
    return studies


def _slots(catalog: Catalog) -> Mapping[str, str]:
    """The slot of every key under which a study names components: slots, and options of theirs."""
    slots = {slot: slot for slot in SLOTS}
    for names in catalog.offers.values():
        for offer, *_ in names.values():
            for option, hint in option_types(offer.component).items():
                for base in map(plain, members(hint)):
                    if isinstance(base, type) and issubclass(base, Component):
                        slots[option] = base.slot
    return slots


def _choices(node: object, *, slots: Mapping[str, str]) -> Iterator[_Choice]:
    """Every slot with a name in it, however deep; `grid` writes both with a dot between."""
    if isinstance(node, list):
        for item in node:
            yield from _choices(item, slots=slots)
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        option, *names = str(key).split(".")
        if option in slots:
            named = names[:1] or (value if isinstance(value, list | Mapping) else [value])
            for name in named:
                # A list may have mappings in it: [bleu, {chrf: {...}}].
                for bare in name if isinstance(name, Mapping) else [name]:
                    yield slots[option], str(bare)
        yield from _choices(value, slots=slots)
