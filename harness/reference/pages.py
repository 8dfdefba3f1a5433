"""The reference pages, written from the code: ``python -m harness.reference docs/reference``.

Hooks come from their specifications, components from what this distribution's plugins offer,
techniques from those and their tests and studies, commands from the command line itself.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import NamedTuple

import click

from harness import cli, hookspecs
from harness.cli.exit_status import MEANINGS
from harness.cli.new_plugin import component_file
from harness.components import SLOTS, Component
from harness.reference.answers_page import SOURCE, answer_sections
from harness.reference.contracts import contracts_page, links
from harness.reference.page_text import page, prose, unquoted
from harness.reference.study_keys import study_page
from harness.reference.techniques import core_table, tables
from harness.registry.catalog import Catalog, CatalogRow
from harness.registry.discovery import discover
from harness.registry.option_types import slot_noun, with_article
from harness.testing import CHECKS

DISTRIBUTION = "transformer-harness"
_WIDTH = 100
_HOOKS = (
    "A plugin is a module with functions marked `@hookimpl`: an installed one, found by its entry "
    "point in the group `harness`, or a file that a study names. A function may take fewer "
    "arguments than its hook gives; what it takes, it takes by name."
)
_TABLE = "docstrings (papers), `tests/` (their oracles) and `studies/`"
_SPECIFICATIONS = "`harness/hookspecs/`"
_ALL_HOOKS = "[hooks](../hooks.md)"


def pages() -> Mapping[str, str]:
    """Every page by the name of its file."""
    by_hook = {base.hook: base for base in SLOTS.values()}
    return {
        "hooks.md": hooks(),
        **{
            f"hooks/{hook.name}.md": _hook(hook, base=by_hook.get(hook.name))
            for hook in every_hook()
        },
        "components.md": components(),
        "techniques.md": page(
            "Techniques",
            source=_TABLE,
            sections=[*tables(_ours()), "## measured by the core", core_table()],
        ),
        "study.md": study_page(_ours()),
        "contracts.md": contracts_page(),
        "commands.md": commands(),
        "json.md": page("Answers in JSON", source=SOURCE, sections=answer_sections()),
    }


# --- hooks --------------------------------------------------------------------------------------


class Hook(NamedTuple):
    """One hook as its specification has it, in the module of its phase."""

    name: str
    phase: ModuleType
    signature: str
    text: str
    example: str
    first_result: bool

    @property
    def program(self) -> str:
        """The example as a whole file: what it imports first, and the marker of hooks."""
        imports, mark, rest = self.example.strip().partition("@hookimpl")
        marker = "from harness.hookspecs import hookimpl"
        return "\n\n".join([*filter(None, [imports.strip()]), marker, f"\n{mark}{rest}"])


def every_hook() -> Iterator[Hook]:
    """Every hook, in the order of the specifications."""
    for phase in hookspecs.PHASES:
        for node in ast.parse(inspect.getsource(phase)).body:
            if isinstance(node, ast.FunctionDef):
                yield _specification(node, phase=phase)


def _specification(node: ast.FunctionDef, *, phase: ModuleType) -> Hook:
    """A hook, read from the source and not from the function, whose annotations are resolved."""
    text, _, example = (ast.get_docstring(node) or "").partition("Example::")
    returns = ast.unparse(node.returns) if node.returns else "None"
    signature = f"def {node.name}({ast.unparse(node.args)}) -> {returns}"
    first_result = any("firstresult" in ast.unparse(mark) for mark in node.decorator_list)
    example = dedent(example.strip("\n"))
    return Hook(node.name, phase, signature, text.strip(), example, first_result)


def hooks() -> str:
    """The page of all hooks, by phase: each with its first line and a link to its own page."""
    sections = [_HOOKS]
    for phase, group in groupby(every_hook(), key=lambda hook: hook.phase):
        rows = [
            f"| [{hook.name}](hooks/{hook.name}.md) | {prose(hook.text.splitlines()[0])} |"
            for hook in group
        ]
        heading, paragraphs = _phase_text(phase)
        sections += [f"## {heading}", *paragraphs]
        sections.append("\n".join(["| hook | |", "|---|---|", *rows]))
    return page("Hooks", source=_SPECIFICATIONS, sections=sections)


def _hook(hook: Hook, *, base: type[Component] | None) -> str:
    """A hook's own page: its signature, its contract and an example."""
    sections = [f"```python\n{hook.signature}\n```", prose(hook.text)]
    if base is None:
        sections += _phase_text(hook.phase)[1]
        sections += links(hook.signature, to="../contracts.md")
    else:
        sections += _supply(base)
    if hook.first_result:
        sections.append("The first implementation that answers ends the call.")
    sections += ["## Example", *(_whole(base) if base else [f"```python\n{hook.program}\n```"])]
    sections.append(f"All of them: {_ALL_HOOKS}.")
    return page(hook.name, source=_SPECIFICATIONS, sections=sections)


def _supply(base: type[Component]) -> Iterator[str]:
    """The sections of a hook that offers components: the call, and the contract of its slot."""
    build = vars(base)["build"]
    check = CHECKS[base.slot]
    yield (
        "When: once, as the catalog is made, in the coordinator and in every worker. Who answers: "
        "every plugin with something to offer. "
        f"Returns: a list of subclasses of `harness.components.{base.__name__}`, frozen "
        "dataclasses, each with a `name` of its own. Must not: build or read anything."
    )
    yield f"## What {with_article(slot_noun(base))} keeps to"
    yield prose(inspect.getdoc(base) or "")
    yield f"```python\ndef build{unquoted(inspect.signature(build))}\n```"
    yield prose(inspect.getdoc(build) or "")
    more = [*_more(base)]
    named = f"{inspect.signature(build)} {inspect.getdoc(base)} {inspect.getdoc(build)}"
    yield from links(" ".join([named, *more]), to="../contracts.md")
    if more:
        yield "It may define these as well:"
        yield from more
    claim = (inspect.getdoc(check) or "").partition("\n")[0]
    yield f"`harness.testing.{check.__name__}(component)` tests one against it. {claim}"
    yield f"Ours, with their options: [{base.slot}](../components.md#{base.slot})."


def _more(base: type[Component]) -> Iterator[str]:
    """The methods that a component of a slot need not define, each with its contract."""
    for name, member in vars(base).items():
        method = member.fget if isinstance(member, property) else member
        optional = not getattr(method, "__isabstractmethod__", False)
        if inspect.isfunction(method) and optional and not name.startswith("_"):
            mark = "@property\n" if isinstance(member, property) else ""
            signature = unquoted(inspect.signature(method))
            yield f"```python\n{mark}def {name}{signature}\n```"
            yield prose(inspect.getdoc(method) or "")


def _whole(base: type[Component]) -> Iterator[str]:
    """A whole component of a slot, as ``harness new plugin`` writes it."""
    kind = CHECKS[base.slot].__name__.removeprefix("check_")
    command = f"harness new plugin mine --kind {kind}"
    yield (
        f"`{command}` writes this file into a package, with a study that uses it and its test. "
        "A study can also name the file itself: `plugins: [./mine.py]`."
    )
    yield f"```python mine.py\n{component_file('mine', kind=kind)}```"


def _phase_text(phase: ModuleType) -> tuple[str, list[str]]:
    """The heading of a phase, and the paragraphs on all of its hooks."""
    heading, *rest = (inspect.getdoc(phase) or "").split("\n\n")
    return heading.removesuffix("."), [prose(" ".join(text.split())) for text in rest]


# --- components ---------------------------------------------------------------------------------


def components() -> str:
    """The page of components: each slot's contract, and every choice with its options."""
    catalog = _ours()
    sections = []
    for slot, names in catalog.offers.items():
        base = SLOTS[slot]
        sections += [f"## {slot}", prose(inspect.getdoc(base) or "")]
        sections.append(f"Hook: [{base.hook}](hooks/{base.hook}.md).")
        build = inspect.getdoc(vars(base)["build"]) or ""
        signature = inspect.signature(vars(base)["build"])
        sections.append(f"```python\ndef build{unquoted(signature)}\n```")
        sections.append(prose(build))
        rows = {row.name: row for row in catalog.rows() if row.slot == slot}
        for name in sorted(names):
            sections += _component(names[name][0].component, row=rows[name])
    return page("Components", source="the components", sections=sections)


def _ours() -> Catalog:
    """The components of this distribution's own plugins, whatever else is installed."""
    points = entry_points(group="harness")
    names = {point.value for point in points if point.dist and point.dist.name == DISTRIBUTION}
    plugins = discover()
    for name, plugin in plugins.registry.list_name_plugin():
        if plugin is not None and name not in names:
            plugins.registry.unregister(plugin)
    return Catalog.of(plugins)


def _component(component: type[Component], *, row: CatalogRow) -> Iterator[str]:
    yield f"### {row.name}"
    yield prose(inspect.cleandoc(component.__doc__ or ""))
    lines = [
        f"| `{option.name}` | {option.allows} | {_default(option.default)} |".replace("\n", " ")
        for option in row.options
    ]
    if lines:
        yield "\n".join(["| option | allows | default |", "|---|---|---|", *lines])


def _default(default: str | None) -> str:
    return "required" if default is None else f"`{default}`"


# --- commands -----------------------------------------------------------------------------------


def commands() -> str:
    """The page of commands: the meaning of their exit status, and the ``--help`` of each."""
    inherited = cli.main.context_settings["help_option_names"]
    rows = [f"| {status} | {meaning} |" for status, meaning in MEANINGS.items()]
    sections = ["## Exit status", "\n".join(["| status | meaning |", "|---|---|", *rows])]
    sections.append(
        "A bug of the program, or of a plugin, ends with a traceback and status 1. With `--json`, "
        "every command prints one object: [answers in JSON](json.md)."
    )
    for name, command in _tree(cli.main, name="harness"):
        context = click.Context(
            command,
            info_name=name,
            terminal_width=_WIDTH,  # not that of the terminal in which the page is written
            max_content_width=_WIDTH,
            help_option_names=inherited,
        )
        sections += [f"## {name}", f"```text\n{command.get_help(context)}\n```"]
    return page("Commands", source="the command line", sections=sections)


def _tree(command: click.Command, *, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from _tree(command.commands[child], name=f"{name} {child}")


def main() -> None:
    """Write every page into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in pages().items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(content, encoding="utf-8")
