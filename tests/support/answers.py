"""What a command answers with ``--json``, held against the schema that describes it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from harness.cli.answer_schema import answer_schema


def answer(command: str, *, printed: str) -> Any:
    """The object that a command printed, which must have the shape that is documented."""
    content = json.loads(printed)
    jsonschema.Draft202012Validator(answer_schema(command)).validate(content)
    return content
