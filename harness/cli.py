"""The command line: thin words around the pipeline.

What is heavy is imported by the command that needs it, so that help comes at once.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from harness.deferred import defer
from harness.errors import HarnessError

_STUDY = click.argument("study", type=click.Path(path_type=Path))
_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="The folder that keeps every run and report.",
)
_SEEDS = click.option(
    "--seeds", type=click.IntRange(min=1), help="Use seeds 1 to N, whatever the study says."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


class _Commands(click.Group):
    """Says what a user got wrong in one line each, and exits with 2; bugs keep their traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except HarnessError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except OSError as error:  # a folder that cannot be made, a disk that is full
            click.echo(f"{error.filename}: {error.strerror}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on where it was", err=True)
            sys.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="transformer-harness", prog_name="harness")
def main() -> None:
    r"""Find out which of a Transformer's training choices earn their keep.

    Write a study (a question, a baseline, variants, seeds) in YAML, then:

    \b
      harness validate studies/ablation.yaml    is it right?
      harness plan studies/ablation.yaml        what would be trained, and why?
      harness run studies/ablation.yaml         train, compare, report

    A run that exists is never trained twice, and an interrupted one goes on where it was.
    Exit status: 0 done, 1 some runs failed, 2 the study, a plugin or an option is wrong.
    """
    defer("torch")


@main.command()
@_STUDY
@_OUT
@_SEEDS
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=len(os.sched_getaffinity(0)),
    show_default="the cores",
    help="How many runs to train at once; never changes a result.",
)
def run(study: Path, *, out: Path, seeds: int | None, jobs: int) -> None:
    """Train what is missing of STUDY, compare, and write its report.

    A diverged run is an outcome: it is counted, and its seed has no pair. A failed one is named,
    the others go on, and the exit status is 1; the next `run` tries it again from its checkpoint.
    """
    from harness import pipeline

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    summary = pipeline.run_study(study, out=out, seeds=seeds, jobs=jobs)
    click.echo(summary.text)
    sys.exit(1 if summary.failed else 0)


@main.command()
@_STUDY
@_OUT
@_SEEDS
@_JSON
def plan(study: Path, *, out: Path, seeds: int | None, as_json: bool) -> None:
    """List every run of STUDY: what exists, and why the rest does not. Trains nothing.

    Reasons: new; changed option NAME; changed code of PLUGIN; changed corpus; interrupted; failed.
    """
    from harness import describing, pipeline

    runs = pipeline.open_study(study, out=out, seeds=seeds).runs
    click.echo(describing.plan_json(runs) if as_json else describing.plan_text(runs))


@main.command()
@_STUDY
@_JSON
def validate(study: Path, *, as_json: bool) -> None:
    """Check STUDY: every name, type, range and file, all faults at once.

    Each fault is one line, FILE:LINE:COLUMN: what is wrong. Exit status 2 when there is any.
    """
    from harness import describing, pipeline

    faults = pipeline.validate(study)
    if as_json:
        click.echo(describing.faults_json(faults))
    else:
        click.echo(describing.faults_text(faults, path=study), err=bool(faults))
    sys.exit(2 if faults else 0)


@main.command()
@_STUDY
@_OUT
@_SEEDS
def report(study: Path, *, out: Path, seeds: int | None) -> None:
    """Write the report of STUDY again, from what is in the ledger. Trains nothing."""
    from harness import pipeline

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(f"{study}: nothing has been run yet; harness run {study}")
    click.echo(pipeline.write_report(opened).text)


@main.command()
@_STUDY
@_OUT
@_SEEDS
def sync(study: Path, *, out: Path, seeds: int | None) -> None:
    """Copy what is in the ledger of STUDY to its trackers, MLflow as a rule. Trains nothing.

    Safe to repeat: what is there already is left alone. `harness run` does it as it goes; this is
    for a server that was away, and for results that came from elsewhere.
    """
    from harness import pipeline

    faults = pipeline.sync(pipeline.open_study(study, out=out, seeds=seeds))
    for fault in faults:
        click.echo(fault, err=True)
    sys.exit(1 if faults else 0)


@main.command()
@_STUDY
@_OUT
@_SEEDS
@click.option("--port", type=click.IntRange(1, 65535), help="Serve here; else on any free port.")
@click.option("--open/--no-open", "browse", default=True, help="Open the link in a browser.")
def ui(study: Path, *, out: Path, seeds: int | None, port: int | None, browse: bool) -> None:
    """Look at STUDY in MLflow, on this machine only, until Ctrl-C.

    The link opens its runs grouped by variant: final scores as bars, learning curves as lines.
    """
    from harness import pipeline

    def ready(link: str) -> None:
        click.echo(link)
        if browse:
            click.launch(link)

    with suppress(KeyboardInterrupt):
        pipeline.show(pipeline.open_study(study, out=out, seeds=seeds), port=port, ready=ready)


@main.command()
@_JSON
def plugins(*, as_json: bool) -> None:
    """List all that a study can name: slot, name, plugin, what it is, and its options."""
    from harness import describing, pipeline

    catalog = pipeline.catalog()
    if as_json:
        click.echo(describing.plugins_json(catalog.rows()))
    else:
        click.echo(describing.plugins_text(catalog.rows(), complaints=catalog.complaints))


@main.command()
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


@main.group()
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


if __name__ == "__main__":
    main()
