"""Which finished run a command is about: the words for it, and the run itself, live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.runs.planned_run import PlannedRun
    from harness.runs.restored import RestoredRun
    from harness.study.values import Study

_BASELINE = "baseline"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A run as the command line names it: a study's, by variant and seed, or by itself."""

    name: str
    variant: str
    seed: int | None
    generation: str | None
    out: Path

    def load(self) -> RestoredRun:
        """The run, live; what has changed since it was trained is said on standard error.

        Raises `HarnessError` where there is no such run, more than one, or one without an end.
        """
        from harness.runs.ledger import Ledger
        from harness.runs.restored import find_run, restore_run
        from harness.training.checkpoint import settle

        folder, decoding = None, None
        if Path(self.name).suffix in (".yaml", ".yml"):
            planned = self._planned(Path(self.name))
            folder = self.out / "runs" / planned.digest
            decoding = None if planned.start else planned.evaluation
        folder = folder or find_run(self.name, ledger=Ledger(self.out / "runs"))
        run = restore_run(folder, decoding=decoding, generation=self.generation)
        settle(run.parts.experiment.budget)
        if run.changed:
            said = f"warning: run {run.name}: {run.changed} since it was trained"
            click.echo(f"{said}; it may write something else now", err=True)
        return run

    def _planned(self, path: Path) -> PlannedRun:
        """The run of a study, from its folder of results; raises where it is not trained."""
        from harness.loading import load
        from harness.planning.plan import plan
        from harness.runs import study_folder
        from harness.runs.ledger import Ledger

        study, plugins = load(path)
        refuse_unknown(self.variant, study=study)
        one = replace(study, seeds=(study.seeds[0] if self.seed is None else self.seed,))
        previous = study_folder.previous_plan(study_folder.study_folder(study, out=self.out))
        ledger = Ledger(self.out / "runs")
        runs = plan(one, plugins=plugins, ledger=ledger, previous=previous)
        planned = next(run for run in runs if run.variant == self.variant)
        if not planned.exists:
            place = f"{path}, {self.variant}, seed {planned.seed}"
            seeds = ", ".join(map(str, study.seeds))
            out = (
                f"its seeds are {seeds}"
                if planned.seed not in study.seeds
                else f"harness run {path}"
            )
            raise HarnessError(f"{place} is not trained here ({planned.why}); {out}")
        return planned


VARIANT = click.option(
    "--variant", default=_BASELINE, show_default=True, help="Of a study: which variant."
)
_WORDS = (
    click.argument("name", metavar="RUN"),
    VARIANT,
    click.option("--seed", type=int, help="Of a study: which seed; its first, unless said."),
    click.option(
        "--generation", help="Write in another way, in a study's words: {beam: {size: 8}}."
    ),
)


def chosen(*, results: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """RUN and what goes with it, as the command's one parameter `run`.

    `results` is the option for the folder of all results.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(*, name: str, out: Path, generation: str | None, **words: Any) -> None:
            variant, seed = words.pop("variant"), words.pop("seed")
            run = Chosen(name=name, variant=variant, seed=seed, generation=generation, out=out)
            command(run=run, **words)

        for word in reversed((*_WORDS, options.results(results))):
            called = word(called)
        return called

    return decorate


def refuse_unknown(variant: str, *, study: Study) -> None:
    """Raise `HarnessError` for a variant that a study does not have."""
    from harness.registry.option_types import shown, suggestion

    if variant not in study.experiments:
        rest = suggestion(variant, among=study.experiments, otherwise="there are")
        raise HarnessError(f"{study.path}: no variant named {shown(variant)}; {rest}")
