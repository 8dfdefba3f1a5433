"""A study's frozen plan carried out again with seeds that were never used, and its verdicts.

The plan is that of the study's file: baseline, variants, primary metric, margin and method. Seeds
that stop themselves become as many as were used, as the question is no longer how many it takes.
Options that were tuned are tuned by the same trials, which gives them the same values.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import pipeline
from harness.errors import HarnessError
from harness.exchange.agreement import agreement
from harness.exchange.archive import unpack_new
from harness.exchange.environment import choice_changes, environment_changes
from harness.exchange.packing import MANIFEST, unpack
from harness.notices import warn
from harness.planned_study import PlannedStudy
from harness.report import terminal
from harness.report.tables import verdict_text
from harness.report.write import as_json
from harness.runs import study_folder
from harness.runs.ledger import Ledger
from harness.runs.planned_run import Previous
from harness.runs.reuse import Reuse
from harness.runs.supervision import Pace
from harness.study.values import BASELINE

_UNPACKED, _RESULTS = "archive", "results"
_UNDECIDED = ("inconclusive", "no_inference")


@dataclass(frozen=True, kw_only=True)
class Challenged:
    """A study with its findings, and the run of every variant and seed that it has planned."""

    path: Path
    findings: Sequence[Mapping[str, Any]]
    runs: Previous
    ledger: Ledger

    @property
    def seeds(self) -> list[int]:
        """The seeds that its variants were compared by."""
        return sorted(seed for variant, seed in self.runs if variant == BASELINE)

    def fresh_seeds(self, count: int | None) -> tuple[int, ...]:
        """Seeds that no run has used, by default as many as were compared."""
        used = {seed for _, seed in self.runs}
        free = (seed for seed in itertools.count(1 + self.seeds[-1]) if seed not in used)
        return tuple(itertools.islice(free, count or len(self.seeds)))


@dataclass(frozen=True, kw_only=True)
class Held:
    """The verdict on a variant, then and with fresh seeds; None where there is none.

    `agreement` compares the differences themselves.
    """

    label: str
    then: str
    now: str | None
    reason: str
    agreement: str = ""

    @property
    def held(self) -> bool:
        """True if the verdict is the same."""
        return self.then == self.now

    def __str__(self) -> str:
        word = "held" if self.held else "not held"
        if self.then in _UNDECIDED:  # which claims nothing that could hold
            word = "undecided again" if self.held else "undecided before"
        then, now = verdict_text(self.then), verdict_text(self.now or "no verdict")
        fate = f"{self.label}: {word}: {then}, now {now} ({self.reason})"
        return f"{fate}; {self.agreement}" if self.agreement else fate


def challenged_study(path: Path, *, out: Path) -> Challenged:
    """A study of a results folder; raises `HarnessError` unless it has been carried out as it is.

    Results that were found with other code or in another environment are taken, and said to be, as
    the fresh seeds are trained with today's. They are recorded as inspected.
    """
    opened = pipeline.open_study(path, out=out, seeds=None, reuse=Reuse.SAME_STUDY)
    pipeline.say_found_elsewhere(opened)
    for run in opened.plan:
        if not run.exists:
            fault = f"its plan is not carried out: {run.title} is {run.why}"
            raise HarnessError(f"{path}: {fault}; harness run {path}")
    findings = json.loads(as_json(pipeline.inspect_results(opened).findings))
    runs = study_folder.previous_plan(opened.folder)
    return Challenged(path=path, findings=findings, runs=runs, ledger=opened.ledger)


def challenged_archive(path: Path, *, into: Path) -> Challenged:
    """The study of an archive, unpacked into a folder that is new, or has it already."""
    folder = into / _UNPACKED
    if not folder.exists():
        unpack_new(path, into=folder)
    with TemporaryDirectory() as checked:
        manifest = unpack(path, into=Path(checked))
        if (Path(checked) / MANIFEST).read_bytes() != (folder / MANIFEST).read_bytes():
            raise HarnessError(f"{folder}: of another archive; choose another --into")
    results = folder / "results"
    return Challenged(
        path=folder / manifest.study,
        findings=_findings(results / manifest.name),
        runs=study_folder.previous_plan(results / manifest.name),
        ledger=Ledger(results / "runs"),
    )


def challenge(
    study: Challenged, *, seeds: int | None, into: Path, jobs: int | None, pace: Pace
) -> tuple[terminal.Summary, list[Held]]:
    """Carry out a study's plan with fresh seeds; its summary, and the fate of each verdict.

    Raises `HarnessError` if an option or a corpus is not what the verdicts are about.
    """
    if not study.runs:
        raise HarnessError(f"{study.path}: no plan of it is recorded; harness run {study.path}")
    out, fresh = into / _RESULTS, study.fresh_seeds(seeds)
    opened = pipeline.open_study(study.path, out=out, seeds=fresh)
    for change in _environment(opened, study=study):
        warn(f"the environment is another than that of the verdicts: {change}")
    summary = pipeline.run_study(study.path, out=out, seeds=fresh, jobs=jobs, pace=pace)
    return summary, [*_held(study.findings, now=_findings(opened.folder))]


def _environment(opened: PlannedStudy, *, study: Challenged) -> list[str]:
    """The changes of the environment; raises `HarnessError` for one of a choice or a corpus."""
    then = {variant: study.ledger.identity(run) for (variant, _), run in study.runs.items()}
    changes: dict[str, None] = {}
    for run in opened.plan:
        if identity := then.get(run.variant):
            for change in choice_changes(identity, now=run.identity):
                raise HarnessError(f"{study.path}: {run.variant} is not what it was: {change}")
            changes |= dict.fromkeys(environment_changes(identity, now=run.identity))
    return [*changes]


def _findings(folder: Path) -> Sequence[Mapping[str, Any]]:
    findings: Sequence[Mapping[str, Any]] = json.loads((folder / "findings.json").read_bytes())
    return findings


def _held(then: Sequence[Mapping[str, Any]], *, now: Sequence[Mapping[str, Any]]) -> Iterator[Held]:
    primary = {_name(finding): finding for finding in now if finding["role"] == "primary"}
    for finding in then:
        if finding["role"] == "primary":
            again = primary.get(_name(finding), {})
            yield Held(
                label=_name(finding),
                then=finding["verdict"],
                now=again.get("verdict"),
                reason=again.get("reason", ""),
                agreement=agreement(finding, now=again),
            )


def _name(finding: Mapping[str, Any]) -> str:
    """The label of a finding, as `Finding.label`."""
    pair = finding["kind"] == "pair"
    return f"{finding['variant']} against {finding['against']}" if pair else finding["variant"]
