"""Trained models that leave: weights, choices, vocabulary and a card, in a folder of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.contracts import SPECIAL_TOKENS, Codec, Corpus, StorableCodec
from harness.errors import HarnessError
from harness.files import move_folder, unfinished, write_atomically
from harness.loading.model_folder import CARD, CONFIG, FORMAT, TENSORS, VOCABULARY
from harness.notices import warn
from harness.runs.records import RunIdentity
from harness.runs.restored import RestoredRun

_LONGEST = 60  # letters of a line that a warning shows


def tokenizer_names(run: RestoredRun) -> Mapping[str, str]:
    """The name of the file ``tokenizer.json`` of each side, one for both where they share it."""
    if run.codecs.source is run.codecs.target:
        return {"source": "tokenizer.json"}
    return {side: f"tokenizer.{side}.json" for side in ("source", "target")}


def exported_files(run: RestoredRun, *, identity: RunIdentity) -> dict[str, bytes]:
    """The files of a trained model by name, but for its card; the same bytes every time.

    Warns of a side without ``tokenizer.json``, which is then left out.
    """
    return {
        CONFIG: _json(_config(run, identity=identity)),
        TENSORS: _tensors(run),
        VOCABULARY: _json(_vocabulary(run)),
        **{name: _json(data) for name, data in _tokenizers(run)},
    }


def write_folder(path: Path, *, files: Mapping[str, bytes]) -> bool:
    """Write a folder of these files, all of it or nothing; False if this very model is there.

    Its card stays as it is then, as somebody may have added to it. Raises `HarnessError` for a
    folder that has anything else in it, which stays as it is too.
    """
    path = path.absolute()
    if path.is_dir() and any(path.iterdir()):
        if _without_card(_content(path)) == _without_card(files):
            return False
        raise HarnessError(f"{path}: has something else in it; name a folder that is not there yet")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = unfinished(path)
    try:
        partial.mkdir()
        for name, content in files.items():
            write_atomically(partial / name, content=content)
        move_folder(partial, to=path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def _content(path: Path) -> Mapping[str, bytes | None]:
    """What is in a folder by name; None for what is no file."""
    return {file.name: file.read_bytes() if file.is_file() else None for file in path.iterdir()}


def _without_card(files: Mapping[str, bytes | None]) -> Mapping[str, bytes | None]:
    return {name: content for name, content in files.items() if name != CARD}


def _config(run: RestoredRun, *, identity: RunIdentity) -> Mapping[str, Any]:
    # Without what exported it, so that the folder of a run has one digest wherever it is written.
    experiment = identity.experiment
    return {
        "format": FORMAT,
        "schema": 1,
        "model": experiment["model"],
        "tokenizer": experiment["tokenizer"],
        "precision": experiment["budget"]["precision"],
        "classes": {"source": run.codecs.source.size, "target": run.codecs.target.size},
        "special_tokens": {name: number for number, name in enumerate(SPECIAL_TOKENS)},
        "tied": dict(_ties(run)),
        "run": {
            "digest": run.digest,
            "seed": identity.seed,
            "experiment": experiment,
            "torch": identity.torch,
            "code": identity.code,
        },
    }


def _ties(run: RestoredRun) -> Iterator[tuple[str, str]]:
    """Each further name of a weight, with the one that it is stored under."""
    names = {weight: name for name, weight in run.model.named_parameters()}
    for name, weight in run.model.named_parameters(remove_duplicate=False):
        if names[weight] != name:
            yield name, names[weight]


def _tensors(run: RestoredRun) -> bytes:
    from safetensors.torch import save

    # Each once: the format refuses two names of one memory, and a tie is made by the model.
    weights = {
        name: weight.detach().cpu().contiguous() for name, weight in run.model.named_parameters()
    }
    return save(weights, metadata={"format": "pt"})


def _vocabulary(run: RestoredRun) -> Mapping[str, Any]:
    """What the run's tokenizer restores its codecs from or, if it cannot, the text of each id."""
    source, target = run.codecs
    sides = [source] if source is target else [source, target]
    stored = [codec.stored() if isinstance(codec, StorableCodec) else None for codec in sides]
    if all(side is not None for side in stored):
        return {"schema": 1, "sides": stored}
    texts = [[codec.decode([number]) for number in range(codec.size)] for codec in sides]
    return {"schema": 1, "sides": None, "tokens": texts}


def _tokenizers(run: RestoredRun) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each ``tokenizer.json`` that encodes the run's corpus as the run did."""
    for side, name in tokenizer_names(run).items():
        codec: Codec = getattr(run.codecs, side)
        data = codec.interchange() if isinstance(codec, StorableCodec) else None
        if data is None:
            reason = "that format cannot say what this tokenizer does"
        else:
            sides = ("source", "target") if len(tokenizer_names(run)) == 1 else (side,)
            lines = sorted(_lines(run.corpus, sides=sides))
            differing = _differing(codec, data=data, lines=lines)
            if differing is None:
                yield name, data
                continue
            reason = f"it would read {differing[:_LONGEST]!a} otherwise than the run did"
        warn(f"no {name}: {reason}; {VOCABULARY} has the ids")


def _lines(corpus: Corpus, *, sides: tuple[str, ...]) -> set[str]:
    splits = (corpus.train, corpus.validation, corpus.test)
    # Without empty ones: of those the library makes nothing, whatever it is told.
    return {getattr(pair, side) for split in splits for pair in split for side in sides} - {""}


def _differing(codec: Codec, *, data: Mapping[str, object], lines: list[str]) -> str | None:
    """The first line that the library encodes otherwise; None if there is none."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(data))
    return next((line for line in lines if tokenizer.encode(line).ids != codec.encode(line)), None)


def _json(data: object) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
