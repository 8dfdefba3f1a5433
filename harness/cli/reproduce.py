"""``harness reproduce``: a finished run, trained again and compared to the last digit."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from harness.cli import options, output, run_argument
from harness.cli.interruption import end_on_signals
from harness.notices import notify_user


@click.command()
@run_argument.takes_run(results="--out", generates=False)
@options.JSON
def reproduce(run: run_argument.RunArgument, *, as_json: bool) -> None:
    r"""Train and decode a finished RUN again, and compare every number to the last digit.

    RUN is a study, with --variant and --seed; or the first digits of a run's digest, which
    `harness plan` shows; or a run's folder. Runs that it starts from are not trained again. The
    new run is in a temporary folder; RUN is left as it is.

    Compared are the initial weights, the order of batches, every measurement, the final weights,
    scores and translations. A part that differs is shown by its first difference, then and now,
    and the exit status is 1. Differences in torch, libraries and code come first.

    \b
      harness reproduce studies/ablation.yaml --variant no-dropout --seed 2
    """
    from harness.exchange.differences import compare_parts
    from harness.exchange.reproduce import reproduce as train_again
    from harness.runs.ledger import Ledger
    from harness.runs.restored import located

    end_on_signals()
    folder, planned = run.find()
    ledger = Ledger(folder.parent)
    location = located(folder, planned=planned) or ledger.location(folder.name)
    notify_user(f"{folder.name[:12]}: trains {ledger.updates(folder.name)} updates again")
    with TemporaryDirectory() as into:
        reproduced = train_again(folder, location=location, into=Path(into))
        parts = list(compare_parts(reproduced))
    differ = [part.name for part in parts if part.difference]
    if as_json:
        output.say_object(
            {
                "run": folder.name,
                "environment": [*reproduced.environment],
                "parts": [asdict(part) for part in parts],
                "reproduced": not differ,
            }
        )
    else:
        changes = "; ".join(reproduced.environment)
        lines = [f"environment: {changes or 'the same'}", *map(str, parts)]
        verdict = f"differs in {', '.join(differ)}" if differ else "reproduced to the last digit"
        output.say("\n".join([*lines, f"{folder.name[:12]}: {verdict}"]))
    sys.exit(1 if differ else 0)
