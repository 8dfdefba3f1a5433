"""Commands for who writes studies and plugins."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options


@click.command()
@options.JSON
def plugins(*, as_json: bool) -> None:
    """List all that a study can name: slot, name, plugin, what it is, and its options."""
    from harness import describing, pipeline

    catalog = pipeline.catalog()
    if as_json:
        click.echo(describing.plugins_json(catalog.rows()))
    else:
        click.echo(describing.plugins_text(catalog.rows(), complaints=catalog.complaints))


@click.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
def schema(*, study: Path | None) -> None:
    r"""Print the JSON schema of studies, by which editors complete and check.

    It knows all that installed plugins offer, and with STUDY what the files offer that it names.
    Keep it beside your studies, and say so in the first line of each:

    \b
      harness schema > studies/study.schema.json
      # yaml-language-server: $schema=study.schema.json
    """
    from harness import describing, pipeline
    from harness.schema import schema as schema_of

    click.echo(describing.schema_json(schema_of(pipeline.catalog(study))))


@click.group()
def new() -> None:
    """Begin something of your own."""


@new.command("plugin")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to put it; here, unless said.",
)
def new_plugin(name: str, *, folder: Path) -> None:
    """Write an installable package NAME: a loss, the entry point that offers it, and a test."""
    from harness import scaffolding

    for path in scaffolding.new_plugin(name, folder=folder):
        click.echo(path)
