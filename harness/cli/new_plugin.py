"""``harness new plugin``: an installable package with a component, an entry point and a test."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TEMPLATES = Path(__file__).parent / "plugin_template"
_COMPONENT = ".py.j2"
# A study would not read these as text.
_OF_YAML = frozenset({"on", "off", "yes", "no", "true", "false", "null"})

# The slots, each by the noun for its components; there is a template for every one.
KINDS = tuple(
    sorted(
        path.name.removesuffix(_COMPONENT)
        for path in (_TEMPLATES / "components").glob(f"*{_COMPONENT}")
    )
)


@click.group()
def new() -> None:
    """Start a study, or a plugin of your own."""


@new.command("plugin")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="loss",
    show_default=True,
    metavar="KIND",
    help=f"What it offers, one of: {', '.join(KINDS)}.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to create it in; the current one by default.",
)
@options.JSON
def plugin(name: str, *, kind: str, folder: Path, as_json: bool) -> None:
    """Write an installable package NAME: a component, its entry point, a study, and a test."""
    say_written(write_plugin(name, kind=kind, folder=folder), as_json=as_json)


def say_written(paths: Sequence[Path], *, as_json: bool) -> None:
    """Print the paths of new files."""
    if as_json:
        output.say_object({"files": [*map(str, paths)]})
    else:
        output.say("\n".join(map(str, paths)))


def write_plugin(name: str, *, kind: str, folder: Path) -> list[Path]:
    """Write a package called `name` into a folder of that name; returns the paths of its files.

    Raises `HarnessError` for a name that no package can have, and for a folder that exists.
    """
    from harness.registry.option_types import shown

    if not _NAME.fullmatch(name):
        fault = "small letters and digits, with hyphens between words, such as focal-loss"
        raise HarnessError(f"{shown(name)} cannot be a plugin's name: {fault}")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in _OF_YAML or find_spec(module):
        fault = "Python or YAML has the word, or a package is called so; choose another"
        raise HarnessError(f"{shown(name)} cannot be a plugin's name: {fault}")
    root = folder / name
    if root.exists():
        raise HarnessError(f"{root} exists already; choose another name or another folder")
    written = {root / path: text for path, text in _files(module, kind=kind).items()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(written)


def component_file(module: str, *, kind: str) -> str:
    """The text of the file with the component, as the package `module` of this kind has it."""
    return _files(module, kind=kind)[f"{module}/__init__.py"]


def _files(module: str, *, kind: str) -> Mapping[str, str]:
    """The text of each file, by its path within the package's folder."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is Python, and the name is checked
        keep_trailing_newline=True,
    )
    words = _words(module, kind=kind)
    places = {
        "pyproject.toml": "pyproject.toml.j2",
        f"{module}/__init__.py": f"components/{kind}{_COMPONENT}",
        f"tests/test_{module}.py": "test.py.j2",
        "study.yaml": "study.yaml.j2",
    }
    texts = {
        path: environment.get_template(template).render(words) for path, template in places.items()
    }
    return {**texts, f"{module}/py.typed": ""}


def _words(module: str, *, kind: str) -> Mapping[str, str]:
    """The words of the templates."""
    from harness.components import SLOTS
    from harness.registry.option_types import slot_noun

    by_kind = {slot_noun(base).replace(" ", "_"): base for base in SLOTS.values()}
    return {
        "distribution": module.replace("_", "-"),  # as package indexes normalize names
        "module": module,
        "name": "".join(word.capitalize() for word in module.split("_")),
        "kind": kind,
        "slot": by_kind[kind].slot,
        "hook": by_kind[kind].hook,
        # A model is checked in a small size; everything else by its defaults.
        "options": "d_model=16, d_ff=32, heads=2, layers=2" if kind == "model" else "",
    }
