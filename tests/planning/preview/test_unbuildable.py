"""What only data or building shows is refused before anything trains, with its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from support.tiny_study import TINY

from harness import pipeline
from harness.errors import StudyError
from harness.planning import preview

VARIANT = "no-dropout: {regularizers: {dropout: off}}"
CORPUS = (
    "parallel_text: {train: {source: a, target: b}, validation: {source: a, target: b}, "
    "test: {source: a, target: b}}"
)


def refusals(path: Path) -> list[tuple[int, str]]:
    """Line and message of every fault that `plan` and `run` find; they must agree."""
    faults = []
    for start in (
        lambda: pipeline.plan_study(
            pipeline.open_study(path, out=path.parent / "results", seeds=None),
            question=preview.PowerQuestion(),
        ),
        lambda: pipeline.run_study(path, out=path.parent / "results", seeds=None, jobs=1),
    ):
        with pytest.raises(StudyError) as refused:
            start()
        faults.append(
            [(int(fault.place.split(":")[1]), fault.message) for fault in refused.value.faults]
        )
    assert faults[0] == faults[1]
    assert not (path.parent / "results" / "runs").exists()
    return faults[0]


def study(folder: Path, old: str, new: str) -> Path:
    assert old in TINY
    path = folder / "tiny.yaml"
    path.write_text(TINY.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "line", "fault"),
    [
        (VARIANT, "a: {averaging: {swa: {every: 50}}}", "a: {", "nothing is averaged"),
        (VARIANT, "a: {averaging: {last_k: {every: 13}}}", "a: {", "no checkpoint is taken"),
        (VARIANT, "a: {regularizers: {reinitialize_top: 9}}", "a: {", "has 1 layers, not 9"),
        (
            VARIANT,
            "a: {regularizers: {dropout: {rates: {decoder.7.residual: 0.1}}}}",
            "a: {",
            "no site 'decoder.7.residual'",
        ),
        (
            VARIANT,
            "a: {regularizers: {reuse_attention: {layers: [3]}}}",
            "a: {",
            "has no layer 3, counted from 0",
        ),
        (VARIANT, "a: {model: {tie: all}}", "a: {", "one vocabulary for both sides"),
        (VARIANT, "a: {budget: {batch_tokens: 3}}", "a: {", "raise batch_tokens to at least"),
        ("batch_tokens: 200", "batch_tokens: 3", "budget: {", "raise batch_tokens to at least"),
        (
            "regularizers: {dropout: 0.1}",
            "regularizers: {reinitialize_top: {layers: 0, encoder_layers: 2}, dropout: 0.1}",
            "regularizers: {",
            "the encoder has 1 layers, not 2",
        ),
    ],
)
def test_a_choice_that_cannot_be_built_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: str, fault: str
) -> None:
    path = study(tmp_path, old, new)
    lines = path.read_text().splitlines()
    expected = next(number for number, text in enumerate(lines, start=1) if line in text)
    ((place, message),) = refusals(path)
    assert (place, fault in message) == (expected, True), message


@pytest.mark.parametrize(
    ("source", "target", "fault"),
    [
        (b"", b"ein\n", "empty; it needs one sentence per line"),
        (b"one\ntwo\n", b"eins\n", "has 2 lines and"),
        (b"one\n", b"gr\xfc\xdf\n", "not UTF-8"),
    ],
)
def test_a_corpus_that_cannot_be_read_is_refused_once_at_the_baseline(
    tmp_path: Path, source: bytes, target: bytes, fault: str
) -> None:
    (tmp_path / "a").write_bytes(source)
    (tmp_path / "b").write_bytes(target)
    path = study(tmp_path, "{toy_german: {train: 60, validation: 20, test: 20}}", f"{{{CORPUS}}}")
    ((place, message),) = refusals(path)
    assert (place, fault in message) == (4, True), message


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("x" * 100_000, "has 100000 tokens, more than the limit of 10000; split it"),
        # One is within that limit, but all that share its batch are padded to its length.
        ("e" + "\u0301" * 5_000, "is padded to its longest, of 5002 tokens, and has over 1e+09"),
    ],
)
def test_a_line_that_attention_cannot_hold_is_refused(
    tmp_path: Path, line: str, fault: str
) -> None:
    (tmp_path / "a").write_text("one\n" * 30 + f"{line}\n")
    (tmp_path / "b").write_text("eins\n" * 31)
    path = study(tmp_path, "{toy_german: {train: 60, validation: 20, test: 20}}", f"{{{CORPUS}}}")
    path.write_text(path.read_text().replace("tokenizer: word", "tokenizer: char"))
    start = time.process_time()
    ((_, message),) = refusals(path)
    assert fault in message
    assert time.process_time() - start < 6  # for `plan` and `run`


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device here")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = study(tmp_path, "evaluate_every: 4", "evaluate_every: 4, device: cuda")
    ((place, message),) = refusals(path)
    assert (place, "torch finds no GPU" in message) == (14, True), message
