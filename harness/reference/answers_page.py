"""The page of what commands print with ``--json``, written from the shapes of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.cli.answer_schema import answer_schema
from harness.cli.answers import ANSWERS

SOURCE = "`harness/cli/answers.py` and `study_answers.py`"
_INTRODUCTION = (
    "Every command takes `--json` and then prints one JSON object on standard output, and nothing "
    "else there: progress, notices and warnings are lines on standard error. All fields of an "
    "object are always there; a later version may add some. `harness schema --of COMMAND` prints "
    "the JSON schema of what a command prints.\n\n"
    "A command that cannot do what was asked prints the object `faults` instead, as `harness "
    "validate` does, and its exit status is 2. One that is interrupted prints nothing. "
    "[Commands](commands.md#exit-status) has the meaning of every exit status."
)


def answer_sections() -> Iterator[str]:
    """The sections of the page: an introduction, each command's objects, and those within them."""
    yield _INTRODUCTION
    inner: dict[str, Any] = {}
    commands: dict[str, list[str]] = {}
    for command in ANSWERS:
        schema = answer_schema(command)
        inner |= schema["$defs"]
        shapes = schema.get("anyOf", [schema])
        text = "\n\n".join(part for shape in shapes for part in _shape(shape))
        commands.setdefault(text, []).append(f"harness {command}")
    for text, names in commands.items():
        yield f"## {', '.join(names)}"
        yield text
    yield "## Objects within"
    for name, shape in sorted(inner.items()):
        yield f"### {name}"
        yield from _shape(shape)


def _shape(schema: Mapping[str, Any]) -> Iterator[str]:
    yield schema["description"].replace("``", "`")
    rows = [f"| `{name}` | {_type(kind)} |" for name, kind in schema["properties"].items()]
    yield "\n".join(["| field | type |", "|---|---|", *rows])


def _type(schema: Mapping[str, Any]) -> str:
    """A field's type in words, with a link to an object's own section."""
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "prefixItems" in schema:
        return f"list: {', '.join(map(_type, schema['prefixItems']))}"
    inner = {"array": "items", "object": "additionalProperties"}.get(schema["type"])
    many = {"array": "list of ", "object": "object with values of "}.get(schema["type"], "")
    return f"{many}{_type(schema[inner])}" if inner else str(schema["type"])
