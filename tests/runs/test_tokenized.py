"""Kept corpora against the ones that are made anew: the same bits, whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_experiment import Counting, experiment

from harness.components import Tokenizer
from harness.contracts import Codecs, Corpus
from harness.registry.discovery import discover
from harness.runs import kept_corpora, tokenized
from harness.runs.check import faults, mend
from harness.runs.identity import training_identity
from harness.runs.records import RunIdentity
from harness.runs.tokenized import Corpora
from harness.training.assembly import assemble
from harness.training.batches import EncodedPairs
from harness.training.loop import train
from harness.training.task import Task, prepare
from harness_tokenizers import Bpe, Char, Unigram, Word

SPLITS = ("train", "validation", "test")
CHOICES = experiment(tokenizer=Bpe(largest=20, shared=True))


@pytest.fixture(autouse=True)
def _small_corpora_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenized, "_SMALL", 1)


def folder_in(results: Path) -> Path:
    (folder,) = kept_corpora.corpus_folders(results)
    return folder


def same(ours: Task, theirs: Task) -> bool:
    return all(_same_pairs(getattr(ours, name), getattr(theirs, name)) for name in SPLITS)


def _same_pairs(ours: EncodedPairs, theirs: EncodedPairs) -> bool:
    arrays = ((pairs.sources.tokens, pairs.targets.starts) for pairs in (ours, theirs))
    return all(map(np.array_equal, *arrays)) and (ours.sizes, ours.altered) == (
        theirs.sizes,
        theirs.altered,
    )


@pytest.mark.parametrize("tokenizer", [Bpe(largest=20), Unigram(largest=30), Word(), Char()])
def test_a_kept_corpus_is_the_one_that_is_made(tokenizer: Tokenizer, tmp_path: Path) -> None:
    chosen = experiment(tokenizer=tokenizer)
    made = prepare(chosen)
    first, second = (Corpora(tmp_path).prepare(chosen) for _ in range(2))
    assert same(made, first)
    assert same(made, second)
    assert (second.corpus.validation, second.corpus.test) == (
        made.corpus.validation,
        made.corpus.test,
    )
    assert [*second.corpus.train] == [*made.corpus.train]
    assert second.corpus.train[-2:] == made.corpus.train[-2:]
    lines = [pair.target for pair in made.corpus.train]
    assert [*map(second.codecs.target.encode, lines)] == [*map(made.codecs.target.encode, lines)]


def test_a_run_of_a_kept_corpus_has_the_bits_of_any_other(tmp_path: Path) -> None:
    Corpora(tmp_path).prepare(CHOICES)
    task = Corpora(tmp_path).prepare(CHOICES)
    assert isinstance(task.train.targets.tokens.base, np.memmap)
    ours, theirs = assemble(CHOICES, seed=1, task=task), assemble(CHOICES, seed=1)
    assert [update.measurements for update in train(ours)] == [
        update.measurements for update in train(theirs)
    ]
    weights = dict(theirs.model.named_parameters())
    assert all(torch.equal(weight, weights[name]) for name, weight in ours.model.named_parameters())


def test_one_vocabulary_of_both_sides_stays_one(tmp_path: Path) -> None:
    kept = [Corpora(tmp_path).prepare(CHOICES) for _ in range(2)][1]
    assert kept.codecs.source is kept.codecs.target


def test_what_was_kept_is_read_and_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Corpora(tmp_path).prepare(CHOICES)
    monkeypatch.delattr(Counting, "build")
    monkeypatch.delattr(Bpe, "build")
    assert Corpora(tmp_path).prepare(CHOICES).codecs.source.size > 4
    assert Corpora(tmp_path).vocabulary(CHOICES).source.size > 4


def test_another_vocabulary_or_option_is_another_corpus(tmp_path: Path) -> None:
    kept = Corpora(tmp_path)
    kept.prepare(CHOICES)
    kept.prepare(replace(CHOICES, dataset=Counting(train=41)))
    kept.prepare(replace(CHOICES, tokenizer=Bpe(largest=21, shared=True)))
    start = experiment(dataset=Counting(train=3), tokenizer=CHOICES.tokenizer)
    codecs = kept.vocabulary(start)
    foreign = [kept.prepare(CHOICES, codecs=codecs) for _ in range(2)][1]
    assert foreign.codecs is codecs
    assert same(foreign, prepare(CHOICES, codecs=codecs))
    assert len([*kept_corpora.corpus_folders(tmp_path)]) == 4


def test_the_seed_model_and_budget_share_a_corpus(tmp_path: Path) -> None:
    kept = Corpora(tmp_path)
    for chosen in (CHOICES, replace(CHOICES, replicate=2, regularizers={})):
        kept.prepare(chosen)
    folder_in(tmp_path)


@pytest.mark.parametrize(
    "name", ["corpus.json", "text.json", "train.source.tokens.npy", "test.target.starts.npy"]
)
@pytest.mark.parametrize("word", ["gone", "damaged"])
def test_what_is_damaged_is_said_and_made_again(
    name: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Corpora(tmp_path).prepare(CHOICES)
    path = folder_in(tmp_path) / name
    whole = path.read_bytes()
    if word == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    (fault,) = faults(tmp_path)
    assert (fault.path, fault.fault) == (path, word)
    assert same(Corpora(tmp_path).prepare(CHOICES), prepare(CHOICES))
    assert f"{name} {word}; tokenized again" in capsys.readouterr().err
    assert path.read_bytes() == whole
    assert [*faults(tmp_path)] == []


def test_repair_removes_a_damaged_corpus_and_what_a_killed_process_left(tmp_path: Path) -> None:
    Corpora(tmp_path).prepare(CHOICES)
    folder = folder_in(tmp_path)
    (folder / "text.json").write_text("{}")
    left = folder.with_name(f".{folder.name}.{2**22 + 1}")  # above any number of a process
    left.mkdir()
    for fault in [*faults(tmp_path)]:
        mend(fault)
    assert [*folder.parent.iterdir()] == []


def test_a_folder_that_cannot_be_written_costs_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / kept_corpora.FOLDER).write_text("a file in the place of the folder")
    assert same(Corpora(tmp_path).prepare(CHOICES), prepare(CHOICES))
    assert "every run tokenizes this corpus for itself" in capsys.readouterr().err


def test_unfinished_folders_of_killed_processes_go_when_one_is_written(tmp_path: Path) -> None:
    left = tmp_path / kept_corpora.FOLDER / f".{'0' * 64}.{2**22 + 1}"
    left.mkdir(parents=True)
    Corpora(tmp_path).prepare(CHOICES)
    assert [*left.parent.iterdir()] == [folder_in(tmp_path)]


def test_of_two_processes_the_first_one_s_corpus_stays(tmp_path: Path) -> None:
    made = prepare(CHOICES)
    Corpora(tmp_path).prepare(CHOICES)
    folder = folder_in(tmp_path)
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    identity = json.loads((folder / "corpus.json").read_text())["identity"]
    assert tokenized._write(folder, task=made, identity=identity)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in kept.iterdir()
    }


def test_small_corpora_and_vocabularies_that_cannot_be_stored_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Unstorable(Word):
        name = "unstorable"

        def build(self, corpus: Corpus) -> Codecs:
            codecs = super().build(corpus)
            for codec in codecs:
                object.__setattr__(codec, "stored", lambda: None)
            return codecs

    Corpora(tmp_path).prepare(experiment(tokenizer=Unstorable()))
    monkeypatch.setattr(tokenized, "_SMALL", 61)
    Corpora(tmp_path).prepare(CHOICES)  # of 60 pairs
    assert [*tmp_path.iterdir()] == []


def test_a_corpus_knows_the_runs_that_were_made_of_it(tmp_path: Path) -> None:
    Corpora(tmp_path).prepare(CHOICES)
    record = kept_corpora.records.require(
        folder_in(tmp_path) / "corpus.json", kind=kept_corpora.KeptCorpus
    )

    def run(**changes: object) -> RunIdentity:
        chosen = replace(CHOICES, **changes)
        identity = training_identity(chosen, seed=1, plugins=discover())
        return RunIdentity(**json.loads(json.dumps(identity)))

    assert kept_corpora.is_of(run(), corpus=record)
    assert kept_corpora.is_of(run(regularizers={}), corpus=record)
    assert not kept_corpora.is_of(run(dataset=Counting(train=41)), corpus=record)
    assert not kept_corpora.is_of(run(tokenizer=Word()), corpus=record)
