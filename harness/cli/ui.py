"""``harness ui``: a study's runs in MLflow's page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from harness.cli import options, output
from harness.runs.reuse import Reuse

_BEGINNING = "reading the results and copying them to the tracker; the link follows"


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.reuse(Reuse.SAME_STUDY)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port to serve on; any free one by default."
)
@click.option("--open/--no-open", "browse", default=True, help="Open the link in a browser.")
@options.JSON
def ui(study: Path, *, port: int | None, browse: bool, as_json: bool, **opening: Any) -> None:
    """Serve STUDY in MLflow, on this machine only, until Ctrl-C.

    The link opens its runs grouped by variant: final scores as bars, learning curves as lines.

    The results are recorded as inspected. No report is written.
    """
    from harness import pipeline

    def ready(link: str) -> None:
        if as_json:
            output.say_object({"link": link})
        else:
            output.say(link)
        if browse:
            click.launch(link)

    with suppress(KeyboardInterrupt):  # the ordinary way to end it
        opened = pipeline.open_study(study, **opening)
        output.say(_BEGINNING, err=True)  # what follows takes up to half a minute
        pipeline.say_found_elsewhere(opened)
        pipeline.show(opened, port=port, ready=ready)
