"""``harness schema``: a JSON schema of studies, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
def schema(*, study: Path | None) -> None:
    r"""Print the JSON schema of studies, with which editors complete and check them.

    It has all components of the installed plugins and, with STUDY, those of the plugin files that
    the study names. Save it beside your studies, and name it in the first line of each:

    \b
      harness schema > studies/study.schema.json
      # yaml-language-server: $schema=study.schema.json
    """
    from harness import pipeline
    from harness.cli import output
    from harness.loading.schema import schema as schema_of

    output.say_json(output.schema_json(schema_of(pipeline.catalog(study))))
