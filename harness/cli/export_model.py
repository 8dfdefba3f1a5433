"""``harness export --weights``: a trained model as a folder that other programs can load."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.cli import options, output, run_argument
from harness.errors import HarnessError


def or_model(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a model's export; with `--weights` it takes the place of the command."""

    @click.option(
        "--weights",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Write a trained model to a folder of its own instead; STUDY may be any RUN.",
    )
    @run_argument.VARIANT
    @click.option("--seed", type=int, help="With --weights: the seed; the first by default.")
    @wraps(command)
    def wrapper(*, weights: Path | None, variant: str, seed: int | None, **table: Any) -> None:
        if weights is None:
            if seed is not None or variant != run_argument.BASELINE:
                raise HarnessError("--variant and --seed go with --weights")
            command(**table)
            return
        if table["rows"] != "findings" or table["seeds"]:
            raise HarnessError("--runs, --curves and --seeds do not go with --weights")
        name, out = str(table["study"]), table["out"]
        run = run_argument.RunArgument(
            name=name, variant=variant, seed=seed, generation=None, out=out
        )
        _export(run, to=weights)

    return wrapper


def _export(run: run_argument.RunArgument, *, to: Path) -> None:
    """Write the model of a run with its card, whose verdict counts as an inspection."""
    from harness import pipeline
    from harness.exchange.model_card import Card
    from harness.exchange.model_export import exported_files, write_folder
    from harness.loading.model_folder import CARD
    from harness.runs import records
    from harness.runs.records import RunIdentity
    from harness.runs.reuse import Reuse

    folder, planned = run.find()
    finished = run.load()
    identity = records.require(folder / "run.json", kind=RunIdentity)
    files = exported_files(finished, identity=identity)
    report = None
    if planned:
        opened = pipeline.open_study(
            Path(run.name), out=run.out, seeds=None, reuse=Reuse.SAME_STUDY
        )
        report = pipeline.inspect_results(opened)
    card = Card(run=finished, identity=identity, files=[*files], variant=run.variant, report=report)
    files[CARD] = card.text().encode()
    written = write_folder(to, files=files)
    if options.in_json():
        output.say_object({"folder": str(to), "run": folder.name, "written": bool(written)})
    else:
        output.say(f"{to}: {'run' if written else 'is there already: run'} {finished.name}")
