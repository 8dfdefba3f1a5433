"""``harness plugins``: all components that a study can name."""

from __future__ import annotations

import click

from harness.cli import options, output
from harness.errors import HarnessError


@click.command()
@click.argument("slots", metavar="[SLOT]...", nargs=-1)
@options.JSON
def plugins(slots: tuple[str, ...], *, as_json: bool) -> None:
    """List all components that a study can name: slot, name, plugin, summary, options.

    With SLOT, as `loss` or `metric`, those of these slots alone.
    """
    from harness import pipeline
    from harness.registry.option_types import shown, suggestion

    catalog = pipeline.catalog()
    for slot in slots:
        if slot not in catalog.offers:
            rest = suggestion(slot, among=catalog.offers, otherwise="there are")
            raise HarnessError(f"no slot named {shown(slot)}; {rest}")
    rows = [row for row in catalog.rows() if not slots or row.slot in slots]
    if as_json:
        output.say_object(output.plugins_object(rows, complaints=catalog.complaints))
    else:
        output.say(output.plugins_text(rows, complaints=catalog.complaints))
