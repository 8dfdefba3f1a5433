"""Commands on one study: is it right, what would run, run it, report it, look at it."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

import click

from harness.cli import options
from harness.errors import HarnessError


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.JOBS
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


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.JSON
@options.foreseen
def plan(
    study: Path, *, out: Path, seeds: int | None, as_json: bool, foreseen: options.Foreseen
) -> None:
    """Say what STUDY will do and can show, before it does. Trains nothing.

    Every run and, for one that does not exist, why: new; changed option NAME; changed code of
    PLUGIN; changed corpus; interrupted; failed. What each variant changes, what that drags along,
    and what it shares with the baseline. The smallest effect that these seeds can show.

    Effects are in the unit of the primary metric, and --sd is of the differences between a variant
    and the baseline of the same seed. --probe writes nothing, and warns of a variant that changes
    nothing; `harness run` does that too.
    """
    from harness import pipeline, preregistration

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    wish = preregistration.Wish(effect=foreseen.effect, sd=foreseen.sd)
    found = pipeline.plan_study(opened, wish=wish, probe_jobs=foreseen.probe_jobs)
    click.echo(preregistration.as_json(found) if as_json else preregistration.as_text(found))


@click.command()
@options.STUDY
@options.JSON
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


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
def report(study: Path, *, out: Path, seeds: int | None) -> None:
    """Write the report of STUDY again, from what is in the ledger. Trains nothing."""
    from harness import pipeline

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(f"{study}: nothing has been run yet; harness run {study}")
    click.echo(pipeline.write_report(opened).text)


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
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


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
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
