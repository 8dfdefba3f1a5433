"""One component parsed from text, such as an argument on the command line."""

from __future__ import annotations

from typing import Any

import yaml

from harness.errors import HarnessError
from harness.loading.validation import Checker
from harness.loading.validation_errors import InvalidData
from harness.loading.yaml_nodes import plain_data
from harness.registry.catalog import Catalog


def parse_component(text: str, *, slot: str, catalog: Catalog) -> Any:
    """The component of a slot that a text names, such as ``noam`` or ``{noam: {warmup: 400}}``.

    Raises `HarnessError` for text that is not YAML, and for an unknown name or an invalid option.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        fault = " ".join(str(error).split())
        raise HarnessError(f"{text!r} is not YAML: {fault}") from None
    try:
        return Checker(catalog).component(plain_data(node) if node else None, slot=slot)
    except InvalidData as invalid:
        lines = [f"{text!r}: {fault.message}" for fault in invalid.faults]
        raise HarnessError("\n".join(lines)) from None
