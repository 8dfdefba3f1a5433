"""Observe: a study in progress, in the coordinator.

Who answers: every plugin that implements the hook. What observers return is ignored, and one that
raises is named in a warning and changes nothing.
"""

from __future__ import annotations

from harness.contracts import LedgerView, RunView, StudyView
from harness.hookspecs.markers import hookspec


@hookspec
def harness_study_started(study: StudyView) -> None:
    """The plan is made and the first run is about to begin.

    When: once per study, also when every run exists already. Must not: block.

    Example::

        @hookimpl
        def harness_study_started(study):
            print(study.name, len(study.runs))
    """


@hookspec
def harness_sync(study: StudyView, ledger: LedgerView) -> None:
    """The ledger may have grown; copy what is new to wherever you keep it.

    When: every few seconds while runs go on, and once after the last. Must: be idempotent, since
    the same facts are shown again. Must not: wait for a server that is away.

    Example::

        import json
        from pathlib import Path

        @hookimpl
        def harness_sync(study, ledger):
            done = {f"{run.variant} {run.seed}": ledger.updates(run.digest) for run in study.runs}
            Path(f"{study.name}-progress.json").write_text(json.dumps(done))
    """


@hookspec
def harness_run_ended(run: RunView, ledger: LedgerView) -> None:
    """A run finished, diverged or failed: ``ledger.outcome(run.digest)`` tells which.

    When: once for every run that was carried out, as soon as its outcome is written.

    Example::

        @hookimpl
        def harness_run_ended(run, ledger):
            print(run.variant, run.seed, ledger.outcome(run.digest).status)
    """


@hookspec
def harness_study_ended(study: StudyView, ledger: LedgerView) -> None:
    """Every run has ended and the report is written.

    When: once per study, last of all.

    Example::

        import shutil

        @hookimpl
        def harness_study_ended(study, ledger):
            shutil.copy(study.path / "report.html", f"{study.name}.html")
    """
