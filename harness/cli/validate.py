"""``harness validate``: every fault in a study, at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options, output
from harness.notices import warn


@click.command()
@options.STUDY
@options.PLUGINS
@options.JSON
def validate(study: Path, *, plugin_files: bool, as_json: bool) -> None:
    """Check STUDY: every name, type, range and file, all faults at once. Writes nothing.

    Each fault is one line, FILE:LINE:COLUMN: MESSAGE. The exit status is 2 if there is any. Choices
    that are valid and cannot do together what they are there for, as a warmup that outlasts the
    budget, are warnings, which leave the exit status alone. --json prints an object, faults: a list
    of objects with place, message, severity ("fault" or "warning").

    The plugin files that STUDY names are Python, and are executed; not with --no-plugins.
    """
    from harness import pipeline

    found = pipeline.validate(study, plugin_files=plugin_files)
    faults = [fault for fault in found if fault.severity == "fault"]
    if as_json:
        output.say_object(output.faults_object(found))
    else:
        for warning in found if not faults else ():
            warn(warning)
        output.say(output.faults_text(faults, path=study), err=bool(faults))
    sys.exit(2 if faults else 0)
