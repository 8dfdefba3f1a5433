"""Corpora as token numbers in a results folder: made once, and mapped into memory by every run.

Below ``tokenized`` a corpus has a folder, named after the digest of all that decides its tokens. A
folder appears with all its files, which never change. What is damaged is made again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.lib.format import open_memmap

from harness.components import Dataset
from harness.contracts import Codecs, Corpus, Pair, StorableCodec
from harness.files import (
    abandoned,
    move_folder,
    replacing,
    sha256,
    unfinished,
    write_atomically,
)
from harness.notices import warn
from harness.runs import records
from harness.runs.identity import corpus_identity, digest
from harness.runs.kept_corpora import FOLDER, RECORD, KeptCorpus, damage
from harness.study.experiment import Experiment
from harness.training import guards
from harness.training.batches import EncodedPairs, reference_sizes
from harness.training.task import Task, prepare, vocabulary
from harness.training.token_rows import TokenRows

_TEXT = "text.json"
_SMALL = 10_000  # pairs, which are tokenized in less time than files are written and checked in
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Corpora:
    """The tokenized corpora of a results folder; without one, each is made anew."""

    results: Path | None = None

    def prepare(self, experiment: Experiment, *, codecs: Codecs | None = None) -> Task:
        """The data of a run as `training.task.prepare` makes it, with what is kept of it."""
        sides = stored_sides(codecs) if codecs else None
        if self.results is None or (codecs and sides is None):
            return prepare(experiment, codecs=codecs)
        identity = corpus_identity(experiment, sides=sides)
        folder = self.results / FOLDER / digest(identity)
        kept = _read(folder, experiment=experiment, codecs=codecs)
        if kept is None:
            made = prepare(experiment, codecs=codecs)
            if not _is_worth_keeping(made) or not _write(folder, task=made, identity=identity):
                return made
            # Not what was made, whose memory would stay with this process.
            kept = _read(folder, experiment=experiment, codecs=codecs) or made
        return kept

    def vocabulary(self, experiment: Experiment) -> Codecs:
        """The codecs that an experiment learns from its own corpus, or that are kept."""
        if self.results is not None:
            folder = self.results / FOLDER / digest(corpus_identity(experiment))
            if kept := _read(folder, experiment=experiment, codecs=None):
                return kept.codecs
        return vocabulary(experiment)


def stored_sides(codecs: Codecs) -> list[object] | None:
    """What a tokenizer restores codecs from, once if both sides share one; None if it cannot."""
    source, target = codecs
    sides = [source] if source is target else [source, target]
    stored = [side.stored() if isinstance(side, StorableCodec) else None for side in sides]
    return None if None in stored else stored


def _is_worth_keeping(task: Task) -> bool:
    pairs = sum(len(getattr(task, split).targets) for split in _SPLITS)
    return pairs >= _SMALL and stored_sides(task.codecs) is not None


def _read(folder: Path, *, experiment: Experiment, codecs: Codecs | None) -> Task | None:
    """The corpus in a folder; None if there is none, or if it is damaged, which is said."""
    if not folder.is_dir():
        return None
    if fault := damage(folder):
        warn(f"{folder}: {fault}; tokenized again")
        return None
    record = records.require(folder / RECORD, kind=KeptCorpus)
    text = json.loads((folder / _TEXT).read_bytes())
    scored = {split: [Pair(*pair) for pair in text[split]] for split in _SPLITS[1:]}
    train = _Unread(experiment.dataset, record.pairs["train"])
    splits = {
        split: EncodedPairs(
            _mapped(folder, name=f"{split}.source"),
            _mapped(folder, name=f"{split}.target"),
            reference_sizes(scored[split]) if split in scored else (),
            record.altered[split],
        )
        for split in _SPLITS
    }
    return Task(
        corpus=Corpus(train=train, **scored, continues=record.continues),
        codecs=codecs or guards.restored_tokenizer(experiment.tokenizer, sides=text["sides"]),
        **splits,
    )


def _mapped(folder: Path, *, name: str) -> TokenRows:
    tokens, starts = (open_memmap(folder / file, mode="r") for file in _files(name))
    # As plain arrays: each slice of the other kind costs ten times as much.
    return TokenRows(tokens.view(np.ndarray), starts.view(np.ndarray))


def _files(name: str) -> tuple[str, str]:
    return f"{name}.tokens.npy", f"{name}.starts.npy"


def _write(folder: Path, *, task: Task, identity: Mapping[str, Any]) -> bool:
    """Keep a corpus; False if there is no place for it, which is said."""
    partial = unfinished(folder)
    try:
        partial.mkdir(parents=True)
        for left in abandoned(folder.parent):
            shutil.rmtree(left, ignore_errors=True)
        _write_files(partial, task=task, identity=identity)
        shutil.rmtree(folder, ignore_errors=True)  # what is there is damaged
        move_folder(partial, to=folder)
    except OSError as error:
        if not (folder / RECORD).exists():  # another process may have been faster
            warn(f"{folder}: {error.strerror}; every run tokenizes this corpus for itself")
            return False
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def _write_files(folder: Path, *, task: Task, identity: Mapping[str, Any]) -> None:
    splits: Mapping[str, EncodedPairs] = {split: getattr(task, split) for split in _SPLITS}
    for split, pairs in splits.items():
        for side, rows in (("source", pairs.sources), ("target", pairs.targets)):
            for name, array in zip(
                _files(f"{split}.{side}"), (rows.tokens, rows.starts), strict=True
            ):
                with replacing(folder / name) as file:
                    np.save(file, array)
    scored = {split: [*map(list, getattr(task.corpus, split))] for split in _SPLITS[1:]}
    # By the standard library: half a surrogate pair, which text can have, is nothing to others.
    text = json.dumps({"sides": stored_sides(task.codecs), **scored})
    write_atomically(folder / _TEXT, content=text.encode())
    record = KeptCorpus(
        identity=identity,
        pairs={split: len(pairs.targets) for split, pairs in splits.items()},
        altered={split: pairs.altered for split, pairs in splits.items()},
        continues=task.corpus.continues,
        files={path.name: str(sha256(path)) for path in sorted(folder.iterdir())},
    )
    records.write_record(folder / RECORD, record=record)


@dataclass(frozen=True)
class _Unread(Sequence[Pair]):
    """The training pairs of a dataset, which few need once they are tokens: read when asked for."""

    dataset: Dataset
    pairs: int

    @cached_property
    def _read(self) -> Sequence[Pair]:
        return guards.dataset(self.dataset).train

    def __len__(self) -> int:
        return self.pairs

    @overload
    def __getitem__(self, row: int) -> Pair: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Pair]: ...
    def __getitem__(self, row: int | slice) -> Pair | Sequence[Pair]:
        return self._read[row]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._read)
