"""A study with the plan of its runs: the steps that read its results, and those that write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness.contracts import StudyView
from harness.notices import warn
from harness.planning.plan import plan
from harness.planning.seed_stopping import runs_due
from harness.planning.tuned_values import tuning_results
from harness.planning.tuning import (
    awaiting_trials,
    tuning_runs,
    with_trials_first,
    with_tuned_options,
)
from harness.registry.attribution import fault_line
from harness.registry.discovery import Plugins, observe
from harness.report import Report, TuningSummary, draw, inspection_log, write
from harness.report.build import build_report
from harness.runs import study_folder
from harness.runs.inspections import PlanEntry
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous
from harness.runs.reuse import Reuse
from harness.study.values import BASELINE, Study
from harness.tracking.views import study_view


@dataclass(frozen=True, kw_only=True)
class PlannedStudy:
    """A study, the runs that it needs next, and the folders that hold its results.

    `plan_next`, `evaluate`, `view` and `is_inspected` read. `remember_plan`, `freeze_plan`,
    `record_inspection` and `write_report` write, each one thing, for the commands that call
    them. `command` is what to type to carry the study out again, `as_filed` the plan of the study's
    file, without what is corrected for since. `reuse` says which runs are taken for planned ones.
    """

    study: Study
    plugins: Plugins
    ledger: Ledger
    folder: Path
    command: str
    as_filed: PlanEntry
    reuse: Reuse = Reuse.IDENTICAL
    plan: tuple[PlannedRun, ...] = ()
    tuning: TuningSummary | None = None

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        """The runs that are compared: no pretraining and no trials."""
        return tuple(run for run in self.plan if not run.start)

    @property
    def out(self) -> Path:
        """The folder of all results."""
        return self.folder.parent

    @property
    def in_stages(self) -> bool:
        """True where the results of some runs decide which runs come next."""
        return bool(self.study.design.looks or self.study.tuning)

    def plan_next(self, *, previous: Previous) -> PlannedStudy:
        """The same study with the runs that it needs next: its own, and the trials before them."""
        study, plugins, ledger, reuse = self.study, self.plugins, self.ledger, self.reuse
        trials = tuning_runs(study, plugins=plugins, ledger=ledger, previous=previous, reuse=reuse)
        tuning = tuning_results(study, trials=trials, ledger=ledger)
        study = with_tuned_options(study, trials=tuning)
        runs = plan(study, plugins=plugins, ledger=ledger, previous=previous, reuse=reuse)
        due = runs_due(study, runs=awaiting_trials(study, runs=runs), ledger=ledger)
        # As long as trials are missing, they are the plan: the study's own runs follow from them.
        due = with_trials_first(study, due=due, trials=trials)
        return replace(self, study=study, tuning=tuning, plan=due)

    def evaluate(self) -> Report:
        """The results in the ledger, scored and compared; nothing is recorded or written."""
        report = build_report(
            self.study,
            runs=self.runs,
            ledger=self.ledger,
            plugins=self.plugins,
            command=self.command,
        )
        # Read again: this very plan may have been frozen since the study was opened.
        report = inspection_log.with_deviations(
            report, plan=self.as_filed, runs=self.runs, out=self.out
        )
        return replace(report, tuning=self.tuning)

    def view(self, report: Report | None = None) -> StudyView:
        """The study as observers see it, with findings and scores where a report is given."""
        return self._view(report) if report else self._view_under_way

    @cached_property
    def _view_under_way(self) -> StudyView:
        # Asked for whenever a run ends, of what may be thousands, and the same until the next plan.
        return self._view(None)

    def _view(self, report: Report | None) -> StudyView:
        return study_view(
            self.study, runs=self.runs, ledger=self.ledger, folder=self.folder, report=report
        )

    def is_inspected(self, report: Report) -> bool:
        """True if an inspection of exactly these results has been recorded."""
        return inspection_log.is_recorded(
            report, plan=self.as_filed, runs=self.runs, folder=self.folder
        )

    def remember_plan(self) -> None:
        """Keep the plan in the study's folder, so that the next plan can say what changed."""
        study_folder.remember(self.study, runs=self.plan, folder=self.folder)

    def freeze_plan(self) -> PlanEntry:
        """Record what is planned, beside the runs; a plan from after runs is marked as such."""
        late = any(run.exists for run in self.runs if run.variant != BASELINE)
        try:
            return inspection_log.freeze(self.as_filed, out=self.out, late=late)
        except OSError as fault:  # who may only read can plan
            warn(f"the plan is not frozen: {fault}")
            return self.as_filed

    def record_inspection(self, report: Report) -> Report:
        """Record that somebody saw these results; the report, with the history of inspections."""
        return inspection_log.record_inspection(
            report, plan=self.as_filed, runs=self.runs, folder=self.folder
        )

    def write_report(self, report: Report) -> None:
        """Draw the figures and write the pages; a figure that raises is a warning."""
        drawings = [*draw(self.study.figures, view=report.view, folder=self.folder / "figures")]
        for drawing in drawings:
            if drawing.fault:
                fault = fault_line(self.plugins, error=drawing.fault)
                warn(fault)
        write(report, folder=self.folder, drawings=drawings)

    def notify(self, hook: str, **facts: object) -> None:
        """Call an observers' hook; an observer that raises is a warning and changes nothing."""
        arguments = {"study": self.view(), "ledger": self.ledger, **facts}
        for fault in observe(self.plugins, hook=hook, arguments=arguments):
            warn(fault)
