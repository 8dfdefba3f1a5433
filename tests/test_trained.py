from __future__ import annotations

import json

import pytest
import torch
from starting import carried_out

from harness.assembly import digest
from harness.pipeline import Opened, open_study
from harness.planning import PlannedRun
from harness.trained import Runs


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """The study, carried out."""
    opened, ended = carried_out(tmp_path_factory.mktemp("study") / "adapting.yaml")
    assert [each.reason for each in ended] == [None] * 4
    return opened


def run_of(opened: Opened, name: str) -> PlannedRun:
    (found,) = (run for run in opened.plan if run.variant == name)
    return found


def outcome(opened: Opened, name: str) -> dict[str, object]:
    return json.loads((opened.ledger.run(run_of(opened, name).digest) / "outcome.json").read_text())


def test_variants_begin_with_the_final_averaged_weights_of_their_start(opened: Opened) -> None:
    weights = torch.load(opened.ledger.weights(run_of(opened, "general").digest), weights_only=True)
    expected = {name: digest(each) for name, each in weights.items()}
    for variant in ("baseline", "no-dropout", "slower"):
        assert outcome(opened, variant)["initial_weights"] == expected
    assert outcome(opened, "general")["initial_weights"] != expected


def test_a_start_is_trained_once_for_all_its_variants_and_not_decoded(opened: Opened) -> None:
    start = run_of(opened, "general")
    assert len(list(opened.ledger.root.iterdir())) == 4
    assert {run.needs for run in opened.runs} == {(start.digest,)}
    assert not (opened.ledger.run(start.digest) / "evaluations").exists()
    assert opened.ledger.measurements(start.digest)


def test_the_vocabulary_is_that_of_the_start(opened: Opened) -> None:
    parts = []
    for name in ("general", "slower"):
        run = run_of(opened, name)
        runs = Runs.beside(opened.ledger.run(run.digest))
        choices = runs.experiment(run.digest, generation=run.decoding["generation"])
        parts.append(runs.assemble(choices, seed=1))
    theirs, ours = (each.task for each in parts)
    line = "1 2 3 4 5 6 7 8 9 10"
    assert ours.codecs.source.encode(line) == theirs.codecs.source.encode(line)
    assert ours.codecs.target.size == theirs.codecs.target.size
    words = {word for pair in ours.corpus.train for word in pair.source.split()}
    assert len(words) < len(theirs.codecs.source.encode(line))
    assert len(ours.corpus.train) == 8


def test_what_is_planned_again_exists(opened: Opened) -> None:
    again = open_study(opened.study.path, out=opened.out, seeds=None)
    assert {run.why for run in again.plan} == {"exists"}
