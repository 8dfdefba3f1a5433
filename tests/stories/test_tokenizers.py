"""Variants with different tokenizers, compared by bits per byte of one raw text."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from support.tiny_study import TINY, Harness

WORDS = ("eine", "kleine", "Möwe", "fliegt", "über", "das", "Meer", "heute")


def _line(number: int) -> str:
    return " ".join(WORDS[(number * 3 + place * place) % 8] for place in range(3 + number % 4))


def test_tokenizers_are_compared_by_bits_per_byte(tmp_path: Path, harness: Harness) -> None:
    lines = [_line(number) for number in range(60)]
    (tmp_path / "train.txt").write_text("\n".join(lines))
    (tmp_path / "test.txt").write_text("\n\n".join(lines[:15]))
    split = {"train": "train", "validation": "test", "test": "test"}
    files = ", ".join(f"{name}: {{files: [{file}.txt]}}" for name, file in split.items())
    text = TINY.replace(
        "toy_german: {train: 60, validation: 20, test: 20}", f"text: {{{files}, prompt: 1}}"
    )
    text = text.replace("tokenizer: word", "tokenizer: char").replace("{primary: nll}", "{}")
    text = text.replace(
        "no-dropout: {regularizers: {dropout: off}}",
        "bpe: {tokenizer: {bpe: 40}}\n  word: {tokenizer: word}\n"
        "  lower: {tokenizer: {word: {lowercase: true}}}",
    )
    (tmp_path / "tiny.yaml").write_text(text)
    done = harness("run", "tiny.yaml", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    assert "nll depends on tokens" in done.stderr
    results = tmp_path / "results"
    found = json.loads((results / "tiny" / "findings.json").read_text())
    counted = {(finding["variant"], finding["metric"]): finding["n"] for finding in found}
    for variant, pairs in (("bpe", 2), ("word", 2), ("lower", 0)):
        assert counted[variant, "bits_per_byte"] == pairs
        assert counted[variant, "nll"] == 0
        assert counted[variant, "bleu"] == 2
    page = (results / "tiny" / "report.md").read_text()
    assert "No bits_per_byte of lower: its tokenizer does not give back" in page
    _check_scores(results / "runs", references=[line.split(" ", 1)[1] for line in lines[:15]])
    written = harness("generate", "tiny.yaml", "--variant", "word", "--seed", "1", "kleine", "")
    assert written.returncode == 0, written.stderr
    assert len(written.stdout.splitlines()) == 2


def _check_scores(runs: Path, *, references: list[str]) -> None:
    """Every score is the run's nats, in bits, over the bytes of the file."""
    size = sum(len(line.encode()) for line in references)
    folders = [path.parent for path in runs.glob("*/evaluations/*/outcome.json")]
    assert len(folders) == 8
    for folder in folders:
        outcome = json.loads((folder / "outcome.json").read_text())
        nats = json.loads((folder / "by_sentence.json").read_text())["nats"]
        score = outcome["scores"].get("bits_per_byte")
        assert (score is None) == (outcome["altered"] > 0)
        if score is not None:
            assert score == pytest.approx(sum(nats) / math.log(2) / size, rel=1e-12)
