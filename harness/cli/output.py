"""The output of commands, as text or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import Fault, HarnessError
from harness.notices import discard
from harness.printable import printable, printable_json

if TYPE_CHECKING:
    from rich.text import Text

    from harness.registry.catalog import CatalogRow
    from harness.report.screen import Screen


def say(text: object, *, newline: bool = True, err: bool = False) -> None:
    """Print to standard output or error; a reader who has left, as `head` does, is no error.

    Raises `HarnessError` if standard output cannot be written, as to a disk that is full.
    """
    _write(printable(text), newline=newline, err=err)


def say_json(text: str, *, newline: bool = True) -> None:
    """Print JSON, the same for its readers and harmless on a terminal; raises as `say` does."""
    _write(printable_json(text), newline=newline)


def say_object(content: Mapping[str, object]) -> None:
    """Print the answer of a command to a program, one JSON object; raises as `say` does."""
    say_json(json.dumps(content, indent=2, ensure_ascii=False))


def say_data(text: str, *, newline: bool = True) -> None:
    """Print text for a file or a program to its last character, for a terminal as `say` does."""
    _write(printable(text) if sys.stdout.isatty() else text, newline=newline)


def say_styled(text: str) -> None:
    """Print text with the codes of its styles; all that is quoted in it is printable already."""
    _write(text)


def say_lines(draw: Callable[[Screen], Iterable[Text]]) -> None:
    """Print lines that are drawn for the terminal there is, or for a file or pipe."""
    from rich.console import Console

    from harness.report.screen import Screen

    # Without markup: a name's brackets are no style.
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        say("\n".join(line.plain for line in draw(Screen())))
        return
    with console.capture() as capture:
        for line in draw(Screen(console.width, console.encoding.lower().startswith("utf"))):
            # A line that is too long could not be broken, and is not cut.
            console.print(line, soft_wrap=True)
    say_styled(capture.get().rstrip("\n"))


def say_text(draw: Callable[..., str]) -> None:
    """Print what ``draw(columns=...)`` gives for the terminal's columns, or None for a file."""
    from rich.text import Text

    say_lines(
        lambda screen: map(Text, printable(draw(columns=screen.columns)).split("\n")),
    )


def _write(text: str, *, newline: bool = True, err: bool = False) -> None:
    try:
        # In color: otherwise click removes what looks like a color, from data too.
        click.echo(text, nl=newline, err=err, color=True)
    except OSError as error:
        discard(sys.stderr if err else sys.stdout)
        if not err and not isinstance(error, BrokenPipeError):
            raise HarnessError(f"standard output: {error.strerror}") from None


def faults_text(faults: Sequence[Fault], *, path: Path) -> str:
    """A line for each fault, or one that says there are none."""
    return "\n".join(map(str, faults)) if faults else f"{path}: no faults"


def faults_object(faults: Sequence[Fault]) -> Mapping[str, object]:
    """An object: faults, each with its place, message and severity."""
    objects = [{**fault._asdict(), "place": fault.place or None} for fault in faults]
    return {"faults": objects}


def plugins_text(rows: Iterable[CatalogRow], *, complaints: Iterable[object]) -> str:
    """Slot by slot, each component with its plugin, its summary, and its options."""
    lines: list[str] = []
    slot = None
    for row in rows:
        if row.slot != slot:
            lines += ["", row.slot] if lines else [row.slot]
            slot = row.slot
        lines.append(f"  {row.name}  ({row.plugin})")
        lines.append(f"      {row.summary}")
        for option in row.options:
            default = "required" if option.default is None else f"default {option.default}"
            lines.append(f"      {option.name}: {option.allows}; {default}")
    return "\n".join([*lines, *(f"warning: {complaint}" for complaint in complaints)])


def schema_json(schema: Mapping[str, object]) -> str:
    """A JSON schema, as it is written to a file."""
    return json.dumps(schema, indent=1, ensure_ascii=False)


def plugins_object(
    rows: Iterable[CatalogRow], *, complaints: Iterable[object]
) -> Mapping[str, object]:
    """An object: components (slot, name, plugin, summary, options), and plugins that are broken."""
    objects = [
        {**row._asdict(), "options": [option._asdict() for option in row.options]} for row in rows
    ]
    return {"components": objects, "warnings": [*map(str, complaints)]}
