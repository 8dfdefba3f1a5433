"""``harness schema``: a JSON schema of studies, for editors."""

from __future__ import annotations

from pathlib import Path

import click


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
    from harness import pipeline
    from harness.cli import output
    from harness.loading.schema import schema as schema_of

    click.echo(output.schema_json(schema_of(pipeline.catalog(study))))
