"""``harness schema``: a JSON schema of studies, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output


@click.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
@options.PLUGINS
def schema(*, study: Path | None, plugin_files: bool) -> None:
    r"""Print the JSON schema of studies, with which editors complete and check them.

    It has all components of the installed plugins and, with STUDY, those of the plugin files that
    the study names, which are executed. Save it beside your studies, and name it in the first line
    of each:

    \b
      harness schema > studies/study.schema.json
      # yaml-language-server: $schema=study.schema.json
    """
    from harness import pipeline
    from harness.loading.schema import schema as schema_of

    catalog = pipeline.catalog(study, plugin_files=plugin_files)
    output.say_json(output.schema_json(schema_of(catalog)))
