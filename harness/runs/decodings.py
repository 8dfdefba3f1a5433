"""The decodings requested of a run, by one study or by several: a fault of one stops no other."""

from __future__ import annotations

import hashlib
import json
import math
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.contracts import Evaluation
from harness.errors import HarnessError
from harness.files import file_digests
from harness.registry.attribution import naming_plugins
from harness.runs import records
from harness.runs.identity import digest, evaluation_identity
from harness.runs.ledger import Hypothesis, Ledger, write_hypotheses
from harness.runs.pretrained import CHANGED, RunLoader
from harness.runs.records import RunLocation, SentenceSums
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly
from harness.training.decoding_tally import Tally
from harness.training.evaluation import teacher_forced, translate


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """A requested decoding, and the loader with the files and plugins of its study."""

    training: str
    evaluation: str
    experiment: Experiment
    split: str
    runs: RunLoader

    @property
    def ledger(self) -> Ledger:
        """The ledger of its run."""
        return self.runs.ledger

    @property
    def done(self) -> bool:
        """True once its result is complete."""
        return self.ledger.evaluated(self.training, evaluation=self.evaluation) is not None


@dataclass
class Decodings:
    """The decodings that a run lacked when they were `loaded`, and the faults of some."""

    loaded: Sequence[Decoding]
    faults: list[Exception] = field(default_factory=list)

    @property
    def waiting(self) -> list[Decoding]:
        """Those without a complete result."""
        return [decoding for decoding in self.loaded if not decoding.done]

    def carry_out(self, parts: Assembly) -> None:
        """Decode with a trained model what is waiting, and keep the faults."""
        for decoding in self.waiting:
            try:
                with naming_plugins(decoding.runs.plugins):
                    _decode(parts, decoding=decoding)
            except Exception as fault:  # noqa: BLE001 - whatever a plugin raises
                self.faults.append(fault)

    def refuse_faults(self) -> None:
        """Raise the first fault, which is of the study that asked last where it has one."""
        # Into the run's log, as only one can be raised.
        for fault in self.faults[1:]:
            traceback.print_exception(fault)
        if self.faults:
            raise self.faults[0]


def load_decodings(path: Path, *, runs: RunLoader, location: RunLocation) -> Decodings:
    """The decodings that the run in this folder lacks.

    One is at fault if its digest, with today's code, is not the name of its folder.
    """
    faults: list[Exception] = []
    return Decodings([*_loaded(path, runs=runs, location=location, faults=faults)], faults)


def _loaded(
    path: Path, *, runs: RunLoader, location: RunLocation, faults: list[Exception]
) -> Iterator[Decoding]:
    ledger = runs.ledger
    for name in ledger.requested(path.name):
        if ledger.evaluated(path.name, evaluation=name):
            continue
        try:
            own = ledger.decoding_location(path.name, evaluation=name)
            yield _load(path, name=name, runs=runs.of(own, loaded=location.plugins))
        except HarnessError as fault:
            faults.append(fault)


def _load(path: Path, *, name: str, runs: RunLoader) -> Decoding:
    requested = runs.ledger.decoding(path.name, evaluation=name)
    experiment = runs.experiment(path.name, generation=requested.generation)
    now = evaluation_identity(experiment, training=path.name, split=requested.split)
    if digest(now) != name:
        raise HarnessError(CHANGED)
    return Decoding(
        training=path.name,
        evaluation=name,
        experiment=experiment,
        split=requested.split,
        runs=runs,
    )


def _decode(parts: Assembly, *, decoding: Decoding) -> None:
    """Score the trained model on the split, and store its hypotheses."""
    started = time.perf_counter()
    # A draft model may need files or plugins that only the study of this decoding names.
    trained = decoding.runs.trained(decoding.experiment)
    parts = replace(parts, setting=replace(parts.setting, trained=trained))
    folder = decoding.ledger.evaluation(decoding.training, evaluation=decoding.evaluation)
    encoded, pairs = (getattr(of, decoding.split) for of in (parts.task, parts.task.corpus))
    tally = Tally()
    texts = translate(parts, pairs=encoded, of=decoding.experiment.generation, tally=tally)
    hypotheses = [
        Hypothesis(pair.source, pair.target, text) for pair, text in zip(pairs, texts, strict=True)
    ]
    write_hypotheses(folder, hypotheses=hypotheses)
    scored, written = teacher_forced(parts, pairs=encoded), ["hypotheses.jsonl"]
    # JSON has no infinities, and sums with one give no score to resample.
    if math.isfinite(scored.nll):
        nats, right, tokens = map(tuple, scored.by_sentence)
        sizes = tuple(encoded.sizes) if scored.bytes else None
        sums = SentenceSums(nats=nats, right=right, tokens=tokens, bytes=sizes)
        records.write_rows(folder / "by_sentence.json", record=sums)
        written.append("by_sentence.json")
    # Written last: without it, a decoding counts as not done, and is made again.
    outcome = Evaluation(
        scores=scored.by_name(),
        sentences=len(hypotheses),
        tokens=_digest([target.tolist() for target in encoded.targets]),
        references=_digest([[pair.source, pair.target] for pair in pairs]),
        altered=encoded.altered,
        seconds=round(time.perf_counter() - started, 3),
        decoding=tally.cost(),
        files=file_digests(folder, names=written),
    )
    records.write_record(folder / "outcome.json", record=outcome)


def _digest(rows: Sequence[Sequence[object]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
