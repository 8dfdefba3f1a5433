"""``harness validate``: every fault in a study, at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options, output


@click.command()
@options.STUDY
@options.PLUGINS
@options.JSON
def validate(study: Path, *, plugin_files: bool, as_json: bool) -> None:
    """Check STUDY: every name, type, range and file, all faults at once. Writes nothing.

    Each fault is one line, FILE:LINE:COLUMN: MESSAGE. The exit status is 2 if there is any.

    The plugin files that STUDY names are Python, and are executed; not with --no-plugins.
    """
    from harness import pipeline

    faults = pipeline.validate(study, plugin_files=plugin_files)
    if as_json:
        output.say_json(output.faults_json(faults))
    else:
        output.say(output.faults_text(faults, path=study), err=bool(faults))
    sys.exit(2 if faults else 0)
