from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.pretraining_study import DRAFTED, carried_out

from harness.errors import HarnessError
from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.runs.planned_run import PlannedRun
from harness.runs.pretrained import RunLoader, read_weights
from harness.training.assembly import assemble
from harness.training.network import tensor_digest


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> PlannedStudy:
    """The study, carried out."""
    opened, ended = carried_out(tmp_path_factory.mktemp("study") / "adapting.yaml")
    assert [runs.reason for runs in ended] == [None] * 4
    return opened


def run_of(opened: PlannedStudy, name: str) -> PlannedRun:
    (planned,) = (run for run in opened.plan if run.variant == name)
    return planned


def outcome(opened: PlannedStudy, name: str) -> dict[str, object]:
    return json.loads((opened.ledger.run(run_of(opened, name).digest) / "outcome.json").read_text())


def test_variants_begin_with_the_final_averaged_weights_of_their_start(
    opened: PlannedStudy,
) -> None:
    weights = torch.load(opened.ledger.weights(run_of(opened, "general").digest), weights_only=True)
    expected = {name: tensor_digest(tensor) for name, tensor in weights.items()}
    for variant in ("baseline", "no-dropout", "slower"):
        assert outcome(opened, variant)["initial_weights"] == expected
    assert outcome(opened, "general")["initial_weights"] != expected


def test_a_start_is_trained_once_for_all_its_variants_and_not_decoded(opened: PlannedStudy) -> None:
    start = run_of(opened, "general")
    assert len(list(opened.ledger.root.iterdir())) == 4
    assert {run.needs for run in opened.runs} == {(start.digest,)}
    assert not (opened.ledger.run(start.digest) / "evaluations").exists()
    assert opened.ledger.measurements(start.digest)


def test_the_vocabulary_is_that_of_the_start(opened: PlannedStudy) -> None:
    parts = []
    for name in ("general", "slower"):
        run = run_of(opened, name)
        runs = RunLoader.beside(opened.ledger.run(run.digest))
        choices = runs.experiment(run.digest, generation=run.decoding.generation)
        parts.append(runs.assemble(choices, seed=1))
    theirs, ours = (assembly.task for assembly in parts)
    line = "1 2 3 4 5 6 7 8 9 10"
    assert ours.codecs.source.encode(line) == theirs.codecs.source.encode(line)
    assert ours.codecs.target.size == theirs.codecs.target.size
    words = {word for pair in ours.corpus.train for word in pair.source.split()}
    assert len(words) < len(theirs.codecs.source.encode(line))
    assert len(ours.corpus.train) == 8


def test_runs_that_are_planned_again_exist(opened: PlannedStudy) -> None:
    again = open_study(opened.study.path, out=opened.out, seeds=None)
    assert {run.why for run in again.plan} == {"exists"}


def test_a_run_drawn_on_is_a_frozen_model_with_its_final_weights(tmp_path: Path) -> None:
    opened, _ = carried_out(tmp_path / "adapting.yaml", text=DRAFTED)
    drafted, small = run_of(opened, "drafted"), run_of(opened, "small")
    runs = RunLoader.beside(opened.ledger.run(drafted.digest))
    choices = runs.experiment(drafted.digest, generation=drafted.decoding.generation)
    parts = runs.assemble(choices, seed=1)
    model = parts.setting.trained(choices.generation.draft)
    assert choices.generation.draft == small.digest
    weights = torch.load(opened.ledger.weights(small.digest), weights_only=True)
    named = dict(model.named_parameters())
    assert named.keys() == weights.keys()
    assert all(torch.equal(named[name], weights[name]) for name in weights)
    assert not any(parameter.requires_grad for parameter in named.values())
    assert named["target_embedding.weight"].shape == (parts.setting.classes, 4)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    opened, _ = carried_out(tmp_path / "adapting.yaml")
    slower, general = run_of(opened, "slower"), run_of(opened, "general")
    opened.ledger.weights(general.digest).unlink()
    runs = RunLoader.beside(opened.ledger.run(slower.digest))
    choices = runs.experiment(slower.digest, generation=slower.decoding.generation)
    with pytest.raises(HarnessError, match="no final weights; run again"):
        runs.assemble(choices, seed=1)


def test_damaged_weights_are_refused_in_one_line_with_the_way_out(tmp_path: Path) -> None:
    damaged = tmp_path / "run" / "weights.pt"
    damaged.parent.mkdir()
    damaged.write_bytes(b"half")
    with pytest.raises(HarnessError, match=r"weights.pt: damaged .*; remove the folder .*run and"):
        read_weights(damaged)


def test_a_start_with_other_parameters_is_refused(opened: PlannedStudy) -> None:
    slower = run_of(opened, "slower")
    runs = RunLoader.beside(opened.ledger.run(slower.digest))
    choices = runs.experiment(slower.digest, generation=slower.decoding.generation)
    start = runs._start(choices)
    fewer = {name: tensor for name, tensor in start.weights.items() if name != "projection.bias"}
    more = {**start.weights, "adapter": start.weights["projection.bias"]}
    for weights, fault in ((fewer, "the start has no projection"), (more, "only the start has")):
        with pytest.raises(HarnessError, match=f"cannot start from another model: {fault}"):
            assemble(choices, seed=1, start=replace(start, weights=weights))
