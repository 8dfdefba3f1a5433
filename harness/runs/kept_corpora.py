"""Tokenized corpora in a results folder: whole or damaged, and the runs that were made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files import sha256
from harness.runs import records
from harness.runs.identity import digest
from harness.runs.records import RunIdentity

FOLDER = "tokenized"
RECORD = "corpus.json"


@dataclass(frozen=True, kw_only=True)
class KeptCorpus:
    """A tokenized corpus (corpus.json): what decides it, its pairs, and the digests of its files.

    `altered` has the references of each split that tokens do not give back.
    """

    identity: Mapping[str, Any]
    pairs: Mapping[str, int]
    altered: Mapping[str, int]
    continues: bool
    files: Mapping[str, str]


def corpus_folders(results: Path) -> Iterator[Path]:
    """The folders of tokenized corpora in a results folder, without unfinished ones."""
    for folder in sorted((results / FOLDER).glob("*")):
        if folder.is_dir() and not folder.name.startswith("."):
            yield folder


def damage(folder: Path) -> str | None:
    """The first fault of a kept corpus: the name of a file and a word; None if it is whole."""
    record = records.read_valid(folder / RECORD, kind=KeptCorpus)
    if record is None or digest(record.identity) != folder.name:
        return f"{RECORD} damaged" if (folder / RECORD).exists() else f"{RECORD} gone"
    for name, content in record.files.items():
        now = sha256(folder / name)
        if now != content:
            return f"{name} damaged" if now else f"{name} gone"
    return None


def is_of(run: RunIdentity, *, corpus: KeptCorpus) -> bool:
    """True if a run was made of a corpus: of its dataset, by its tokenizer, with its code."""
    choices, code = corpus.identity, corpus.identity["code"]
    return (
        all(run.experiment.get(slot) == choices[slot] for slot in ("dataset", "tokenizer"))
        and code.items() <= run.code.items()
    )
