"""``harness new plugin``: an installable package with a component, an entry point and a test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TEMPLATES = Path(__file__).parent / "plugin_template"


@click.group()
def new() -> None:
    """Start a study, or a plugin of your own."""


@new.command("plugin")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to create it in; the current one by default.",
)
@options.JSON
def plugin(name: str, *, folder: Path, as_json: bool) -> None:
    """Write an installable package NAME: a loss, the entry point that offers it, and a test."""
    say_written(write_plugin(name, folder=folder), as_json=as_json)


def say_written(paths: Sequence[Path], *, as_json: bool) -> None:
    """Print the paths of new files."""
    if as_json:
        output.say_object({"files": [*map(str, paths)]})
    else:
        output.say("\n".join(map(str, paths)))


def write_plugin(name: str, *, folder: Path) -> list[Path]:
    """Write a package called `name` into a folder of that name; returns the paths of its files.

    Raises `HarnessError` for a name that no package can have, and for a folder that exists.
    """
    from harness.registry.option_types import shown

    if not _NAME.fullmatch(name):
        fault = "small letters and digits, with hyphens between words, such as focal-loss"
        raise HarnessError(f"{shown(name)} cannot be a plugin's name: {fault}")
    root = folder / name
    if root.exists():
        raise HarnessError(f"{root} exists already; choose another name or another folder")
    written = {root / path: text for path, text in _files(name).items()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(written)


def _files(name: str) -> Mapping[str, str]:
    """The text of each file, by its path within the package's folder."""
    import jinja2

    module = name.replace("-", "_")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is Python, and the name is checked
        keep_trailing_newline=True,
    )
    words = {
        "distribution": name.replace("_", "-"),  # as package indexes normalize names
        "module": module,
        "name": "".join(word.capitalize() for word in module.split("_")),
    }
    places = {
        "pyproject.toml": "pyproject.toml.j2",
        f"{module}/__init__.py": "component.py.j2",
        f"tests/test_{module}.py": "test.py.j2",
    }
    texts = {
        path: environment.get_template(template).render(words) for path, template in places.items()
    }
    return {**texts, f"{module}/py.typed": ""}
