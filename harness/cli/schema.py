"""``harness schema``: a JSON schema of studies, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError


@click.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
@options.PLUGINS
@click.option(
    "--of",
    "command",
    metavar="COMMAND",
    help="Print the schema of what COMMAND prints with --json instead, as of `run` or `new study`.",
)
@click.option("--json", is_flag=True, expose_value=False, help="Changes nothing: a schema is JSON.")
def schema(*, study: Path | None, plugin_files: bool, command: str | None) -> None:
    r"""Print the JSON schema of studies, with which editors complete and check them.

    It has all components of the installed plugins and, with STUDY, those of the plugin files that
    the study names, which are executed. Save it beside your studies, and name it in the first line
    of each:

    \b
      harness schema > studies/study.schema.json
      # yaml-language-server: $schema=study.schema.json
    """
    from harness import pipeline
    from harness.cli.answer_schema import answer_schema
    from harness.loading.schema import schema as schema_of

    if command is not None:
        if study is not None:
            raise HarnessError("--of goes without a STUDY")
        output.say_json(output.schema_json(answer_schema(command)))
        return
    catalog = pipeline.catalog(study, plugin_files=plugin_files)
    output.say_json(output.schema_json(schema_of(catalog)))
