"""``harness plugins``: all components that a study can name."""

from __future__ import annotations

import click

from harness.cli import options, output


@click.command()
@options.JSON
def plugins(*, as_json: bool) -> None:
    """List all components that a study can name: slot, name, plugin, summary, options."""
    from harness import pipeline

    catalog = pipeline.catalog()
    if as_json:
        output.say_json(output.plugins_json(catalog.rows()))
    else:
        output.say(output.plugins_text(catalog.rows(), complaints=catalog.complaints))
