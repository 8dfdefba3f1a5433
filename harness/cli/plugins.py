"""``harness plugins``: all components that a study can name."""

from __future__ import annotations

import click

from harness.cli import options


@click.command()
@options.JSON
def plugins(*, as_json: bool) -> None:
    """List all components that a study can name: slot, name, plugin, summary, options."""
    from harness import pipeline
    from harness.cli import output

    catalog = pipeline.catalog()
    if as_json:
        click.echo(output.plugins_json(catalog.rows()))
    else:
        click.echo(output.plugins_text(catalog.rows(), complaints=catalog.complaints))
