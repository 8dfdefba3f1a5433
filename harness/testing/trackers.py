"""The contract of trackers."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.components import Tracker
from harness.contracts import RunView, StudyView, Tracking
from harness.runs.ledger import Ledger
from harness.testing.claims import Claims, contract

_UPDATES = 6
_OUTCOMES = ("finished", "diverged", "failed")


@contract
def check_tracker(component: Tracker) -> None:
    """Check that it copies a study in progress, nothing twice, and leaves the ledger unchanged.

    It is built with a folder of its own. One that writes to a server must take the address from its
    options, or its tests write to the usual one.
    """
    claims = Claims(component, base=Tracker)
    with tempfile.TemporaryDirectory() as folder:
        study = _Study(Path(folder))
        tracking = component.build(out=study.out)
        claims.builds("a Tracking", built=tracking, expected=Tracking)
        tracking.sync(study.view(), study.ledger)  # nothing has started
        for until in (2, _UPDATES):
            study.go(until=until)
            tracking.sync(study.view(), study.ledger)
        study.end()
        before = _contents(study.out / "runs")
        tracking.sync(study.view(summary="**Why?** That is why."), study.ledger)
        untouched = _contents(study.out / "runs") == before
        claims.that(untouched, "changes the ledger, which is the truth; copy to another folder")
        once = _contents(study.out)
        # A new one too, as `harness sync` builds: what was copied must outlast the process.
        for again in (tracking, component.build(out=study.out)):
            again.sync(study.view(summary="**Why?** That is why."), study.ledger)
            changed = [
                name for name, digest in _contents(study.out).items() if once.get(name) != digest
            ]
            claims.that(not changed, f"copies twice: {changed}")


@dataclass(frozen=True)
class _Study:
    """A study of three runs: one finishes, one diverges, one fails."""

    out: Path

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.out / "runs")

    def view(self, summary: str = "") -> StudyView:
        folder = self.out / "contract"
        runs = [self._run(seed) for seed in range(1, 1 + len(_OUTCOMES))]
        return StudyView(name="contract", question="Why?", path=folder, runs=runs, summary=summary)

    def _run(self, seed: int) -> RunView:
        return RunView(
            variant="baseline",
            seed=seed,
            digest=f"{seed}",
            path=self.ledger.run(f"{seed}"),
            evaluation="e",
            experiment={"budget": {"updates": _UPDATES}, "dataset": {"proverbs": {"train": 10}}},
            options={"schedule": "noam"},
            dataset_digest="d" * 64,
        )

    def go(self, *, until: int) -> None:
        """Every run measures up to an update."""
        for run in self.view().runs:
            run.path.mkdir(parents=True, exist_ok=True)
            values = [["train", "loss", 2.0], ["validation", "nll", 3.0]]
            lines = [json.dumps([update, values]) + "\n" for update in range(until + 1)]
            (run.path / "measurements.jsonl").write_text("".join(lines))

    def end(self) -> None:
        """Each run ends in its own way."""
        for run, status in zip(self.view().runs, _OUTCOMES, strict=True):
            outcome = {"status": status, "seconds": 1.0, "reason": "because"}
            (run.path / "outcome.json").write_text(json.dumps(outcome))
            folder = run.path / "evaluations" / "e"
            folder.mkdir(parents=True)
            scored = {"scores": {"nll": 3.0}, "sentences": 0}
            if status == "finished":
                (folder / "outcome.json").write_text(json.dumps(scored))


def _contents(folder: Path) -> dict[str, str]:
    """The digest of every file in a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
