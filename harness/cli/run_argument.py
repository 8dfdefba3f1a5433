"""The argument RUN: the finished run that a command reads, and its live parts."""

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

# Written out, since `harness.study` would make the help of every command wait for its imports.
BASELINE = "baseline"


@dataclass(frozen=True, kw_only=True)
class RunArgument:
    """A run as the command line names it: a study with variant and seed, a digest, or a folder."""

    name: str
    variant: str
    seed: int | None
    generation: str | None
    out: Path

    def load(self) -> RestoredRun:
        """The run with its live parts; warns of changes since it was trained.

        Raises `HarnessError` where no run, several runs, or an unfinished one has this name.
        """
        from harness.runs.restored import open_run

        folder, planned = self.find()
        return open_run(folder, planned=planned, generation=self.generation)

    def find(self) -> tuple[Path, PlannedRun | None]:
        """The folder of the run, and its plan if it is named by its study.

        Raises `HarnessError` where no run, or several, have this name.
        """
        from harness.files import refuse_links_out
        from harness.runs.ledger import Ledger
        from harness.runs.restored import find_run

        refuse_links_out(self.out, whole=["runs"])
        if Path(self.name).suffix in (".yaml", ".yml"):
            planned = self._planned(Path(self.name))
            return self.out / "runs" / planned.digest, planned
        return find_run(self.name, ledger=Ledger(self.out / "runs")), None

    def _planned(self, path: Path) -> PlannedRun:
        """The run of a study, from its folder of results; raises `HarnessError` without one."""
        from harness import pipeline
        from harness.loading import load
        from harness.planning.plan import plan
        from harness.runs import study_folder
        from harness.runs.ledger import Ledger
        from harness.runs.reuse import Reuse

        study, plugins = load(path)
        refuse_unknown(self.variant, study=study)
        if study.tuning:  # whose results decide what its variants are
            study = pipeline.open_study(path, out=self.out, seeds=None).study
        seed = study.seeds[0] if self.seed is None else self.seed
        one_seed = replace(study, seeds=(seed,))
        previous = study_folder.previous_plan(study_folder.study_folder(study, out=self.out))
        ledger = Ledger(self.out / "runs")
        runs = plan(
            one_seed, plugins=plugins, ledger=ledger, previous=previous, reuse=Reuse.SAME_STUDY
        )
        planned = next(run for run in runs if run.variant == self.variant)
        if not planned.exists:
            place = f"{path}, {self.variant}, seed {planned.seed}"
            seeds = ", ".join(map(str, study.seeds))
            known = planned.seed in study.seeds
            way_out = f"harness run {path}" if known else f"its seeds are {seeds}"
            raise HarnessError(f"{place} is not trained here ({planned.why}); {way_out}")
        return planned


VARIANT = click.option(
    "--variant", default=BASELINE, show_default=True, help="The variant, if RUN is a study."
)
_NAMES = (
    click.argument("name", metavar="RUN"),
    VARIANT,
    click.option("--seed", type=int, help="The seed, if RUN is a study; its first by default."),
)
_GENERATION = click.option(
    "--generation", help="Generate otherwise, written as in a study: {beam: {size: 8}}."
)


def takes_run(
    *, results: str, generates: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """RUN and its options, as the command's one parameter `run`.

    `results` is the option for the folder of all results; a command that `generates` may do so
    otherwise than the study.
    """
    parameters = (*_NAMES, *([_GENERATION] if generates else []), options.results(results))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def wrapper(*, name: str, out: Path, **others: Any) -> None:
            variant, seed = others.pop("variant"), others.pop("seed")
            generation = others.pop("generation", None)
            run = RunArgument(name=name, variant=variant, seed=seed, generation=generation, out=out)
            command(run=run, **others)

        # As with decorators, of which the last is applied first.
        for parameter in reversed(parameters):
            wrapper = parameter(wrapper)
        return wrapper

    return decorate


def refuse_unknown(variant: str, *, study: Study) -> None:
    """Raise `HarnessError` for a variant that a study does not have."""
    from harness.registry.option_types import shown, suggestion

    if variant not in study.experiments:
        rest = suggestion(variant, among=study.experiments, otherwise="there are")
        raise HarnessError(f"{study.path}: no variant named {shown(variant)}; {rest}")
