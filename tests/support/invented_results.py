"""Studies whose runs are invented: finished in a moment, with a score for each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from harness import pipeline
from harness.contracts import Evaluation, TrainingOutcome
from harness.planned_study import PlannedStudy
from harness.report import Report
from harness.runs import records
from harness.runs.ledger import Ledger, write_hypotheses
from harness.runs.planned_run import PlannedRun
from harness.runs.records import RunLocation
from support.tiny_study import TINY

WARM = "  warm: {schedule: {noam: {warmup: 5}}}\n"
PLAIN = "  plain: {loss: cross_entropy}\n"
VARIANTS = TINY.replace("variants:\n", f"variants:\n{WARM}{PLAIN}").replace("metrics: [bleu]\n", "")


def study_of(seeds: object, *changes: tuple[str, str]) -> str:
    """A study of three variants, with texts of its file changed to others."""
    text = VARIANTS.replace("seeds: 2", f"seeds: {seeds}")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def opened(text: str, *, folder: Path, name: str = "tiny") -> PlannedStudy:
    """The study in a file of this name, with the plan of its runs."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return pipeline.open_study(path, out=folder / "results", seeds=None)


def carry_out(study: PlannedStudy, *, effects: Mapping[str, float] | None = None) -> PlannedStudy:
    """Invent the results of all runs, as `harness run` would train them, and freeze the plan."""
    study.remember_plan()
    study.freeze_plan()
    while waiting := [run for run in study.plan if not run.exists]:
        for run in waiting:
            _finish(run, ledger=study.ledger, effect=(effects or {}).get(run.variant, 0.0))
        study = study.plan_next(previous={})
    return study


def seen(text: str, *, folder: Path, name: str = "tiny") -> Report:
    """The report of a study that is carried out and shown, as `harness run` does."""
    study = carry_out(opened(text, folder=folder, name=name))
    return study.record_inspection(study.evaluate())


def _finish(run: PlannedRun, *, ledger: Ledger, effect: float) -> None:
    location = RunLocation(files=run.files, generation=run.decoding.generation)
    folder = ledger.request(
        run.digest,
        identity=run.identity,
        decodings={run.evaluation: run.decoding},
        location=location,
    )
    records.write_record(folder / "outcome.json", record=TrainingOutcome(status="finished"))
    decoding = ledger.evaluation(run.digest, evaluation=run.evaluation)
    write_hypotheses(decoding, hypotheses=[])
    chance = random.Random(f"{run.variant} {run.seed}")
    scores = {"nll": 4 + effect + chance.gauss(0, 0.1)}
    records.write_record(decoding / "outcome.json", record=Evaluation(scores=scores, sentences=0))
