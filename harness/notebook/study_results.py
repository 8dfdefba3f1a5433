"""Results of a study: curves, scores and trained models, beside its verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.notebook.verdict_table import VerdictTable
from harness.planned_study import PlannedStudy
from harness.registry.catalog import Catalog
from harness.registry.option_types import shown, suggestion
from harness.report.export import CurvePoint, curve_points
from harness.runs.planned_run import PlannedRun, without_results
from harness.study.values import BASELINE

if TYPE_CHECKING:
    import pandas

    from harness.introspection.translation import Translation
    from harness.runs.restored import RestoredRun


@dataclass(frozen=True, kw_only=True, repr=False)
class StudyResults(VerdictTable):
    """The results of a study, evaluated; a notebook shows its question, answer and verdicts.

    `failed` has a message for each run or metric that failed when the study was run.
    """

    opened: PlannedStudy
    failed: Sequence[str] = ()

    @property
    def page(self) -> Path:
        """The report, `report.html`, once the study was run or its report written."""
        return self.opened.folder / "report.html"

    @cached_property
    def scores(self) -> pandas.DataFrame:
        """A row for each final score: variant, seed, outcome, metric, value, and the run's digest.

        A run without any score has one row.
        """
        scores = super().scores.copy()
        keys = zip(scores["variant"], scores["seed"], strict=True)
        digests = {(run.variant, run.seed): run.digest for run in self.opened.runs}
        scores["run"] = [digests[key] for key in keys]
        return scores

    @cached_property
    def curves(self) -> pandas.DataFrame:
        """A row for each number measured in training: variant, seed, update, split, metric, value.

        The update 0 is before training.
        """
        import pandas

        points = curve_points(self.opened.runs, ledger=self.opened.ledger)
        return pandas.DataFrame(points, columns=[*CurvePoint._fields])

    def model(
        self, variant: str = BASELINE, *, seed: int | None = None, generation: str | None = None
    ) -> TrainedModel:
        """The trained model of a variant, by default of the study's first seed.

        It decodes as in the study, or by `generation`, written as there: ``{beam: {size: 8}}``.
        Raises `HarnessError` for an unknown variant or seed, and for a run that is not trained.
        """
        from harness.runs.restored import open_run

        planned = self._planned(variant, seed=self.opened.study.seeds[0] if seed is None else seed)
        with _torch_settings_kept():
            folder = self.opened.ledger.run(planned.digest)
            return TrainedModel(run=open_run(folder, planned=planned, generation=generation))

    def _planned(self, variant: str, *, seed: int) -> PlannedRun:
        study, path = self.opened.study, self.opened.study.path
        if variant not in study.variants:
            rest = suggestion(variant, among=study.variants, otherwise="there are")
            raise HarnessError(f"{path}: no variant named {shown(variant)}; {rest}")
        runs = {run.seed: run for run in self.opened.runs if run.variant == variant}
        if seed not in runs:
            seeds = ", ".join(map(str, runs))
            raise HarnessError(f"{path}: {variant} has no seed {seed}; its seeds are {seeds}")
        if not runs[seed].exists:
            raise HarnessError(without_results(runs[seed].title, path=path, runs=[runs[seed]]))
        return runs[seed]

    def _notes(self) -> Sequence[str]:
        return [*super()._notes(), *(f"failed: {reason}" for reason in self.failed)]

    def _catalog(self) -> Catalog:
        return Catalog.of(self.opened.plugins)


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A trained model; its torch module is `run.model`."""

    run: RestoredRun = field(repr=False)

    def translate(self, text: str) -> str:
        """The translation of a sentence."""
        return self.translate_all([text])[0]

    def translate_all(self, texts: Sequence[str]) -> list[str]:
        """The translation of each sentence."""
        return [line.text for line in self._translated(texts)]

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a sentence that are not in the vocabulary."""
        return self._translated([text])[0].unknown

    def _translated(self, lines: Sequence[str]) -> Sequence[Translation]:
        from harness.introspection.translation import translations
        from harness.training.checkpoint import settle

        with _torch_settings_kept():
            settle(self.run.parts.experiment.budget)
            return translations(self.run, lines=list(lines))


@contextmanager
def _torch_settings_kept() -> Iterator[None]:
    """Give torch its settings back, as those of training would slow down a notebook's own work."""
    import torch

    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(mode)
