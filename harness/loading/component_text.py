"""One component from a text, written as in a study."""

from __future__ import annotations

from typing import Any

import yaml

from harness.errors import HarnessError
from harness.loading.validation import Checker
from harness.loading.validation_errors import Misfits
from harness.loading.yaml_nodes import plain
from harness.registry.catalog import Catalog


def component(text: str, *, slot: str, catalog: Catalog) -> Any:
    """The component of a slot that a text names, such as ``noam`` or ``{noam: {warmup: 400}}``.

    Raises `HarnessError` for what is no YAML, and for a name or an option that does not fit.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        fault = " ".join(str(error).split())
        raise HarnessError(f"{text!r} is not YAML: {fault}") from None
    try:
        return Checker(catalog).component(plain(node) if node else None, slot=slot)
    except Misfits as found:
        lines = [f"{text!r}: {each.message}" for each in found.misfits]
        raise HarnessError("\n".join(lines)) from None
