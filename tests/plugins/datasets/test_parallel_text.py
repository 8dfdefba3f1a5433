"""Held against files written by hand and the lines of the real corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment

from harness.components.options import TextFile
from harness.contracts import Pair
from harness.errors import HarnessError
from harness.registry.discovery import discover
from harness.runs.identity import digest, training_identity
from harness_datasets.parallel_text import Files, ParallelText


def write(path: Path, content: str | bytes) -> TextFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return TextFile(path)


@pytest.fixture
def files(tmp_path: Path):
    """Writes the two files of a split and returns the split."""

    def make(source: str | bytes, target: str | bytes, limit: int | None = None) -> Files:
        names = "a.de", "a.en"
        paths = [
            write(tmp_path / name, content)
            for name, content in zip(names, (source, target), strict=True)
        ]
        return Files(source=paths[0], target=paths[1], limit=limit)

    return make


def test_line_n_is_paired_with_line_n(files) -> None:
    pairs = files("eins\nzwei\n", "one\ntwo\n").read()
    assert pairs == [Pair("eins", "one"), Pair("zwei", "two")]


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_newline_is_optional(files, end: str) -> None:
    assert len(files("eins\nzwei" + end, "one\ntwo").read()) == 2


def test_lines_are_raw_except_for_their_ends(files) -> None:
    lines = ["  zwei  Räume\t", "kein\u2028Ende", "auch\x85nicht", "a\x0bb\x0cc", "\xa0", "a\rb"]
    pairs = files("\r\n".join(lines) + "\r\n", "\n".join(lines)).read()
    assert [pair.source for pair in pairs] == lines
    assert [pair.target for pair in pairs] == lines


def test_a_byte_order_mark_is_dropped(files) -> None:
    assert files(b"\xef\xbb\xbfeins", "one").read() == [Pair("eins", "one")]


def test_limit_takes_the_first_lines(files) -> None:
    assert files("a\nb\nc", "d\ne\nf", 2).read() == [Pair("a", "d"), Pair("b", "e")]
    assert len(files("a\nb\nc", "d\ne\nf", 9).read()) == 3


def test_blank_lines_are_dropped_from_train_and_kept_for_scoring(files) -> None:
    split = files("a\n \nc\n\nd", "e\nf\n\n\ng")
    corpus = ParallelText(train=split, validation=split, test=split).build()
    assert corpus.train == [Pair("a", "e"), Pair("d", "g")]
    assert corpus.validation == corpus.test == split.read()
    assert len(corpus.test) == 5


def test_limit_counts_lines_of_the_file_before_blank_ones_are_dropped(files) -> None:
    split = files("a\n\nc", "d\ne\nf", 2)
    assert ParallelText(train=split, validation=split, test=split).build().train == [Pair("a", "d")]


def test_files_of_different_lengths_are_an_error_with_both_counts(files) -> None:
    with pytest.raises(HarnessError, match=r"a\.de has 2 lines and .*a\.en has 3") as fault:
        files("a\nb\n", "a\nb\nc\n", 2).read()
    assert "\n" not in str(fault.value)


def test_an_empty_file_is_an_error(files) -> None:
    with pytest.raises(HarnessError, match=r"a\.en: empty"):
        files("a\n", "").read()


def test_a_file_of_blank_lines_cannot_be_trained_on(files) -> None:
    split = files("\n\n", "\n\n")
    with pytest.raises(HarnessError, match=r"a\.de and .*a\.en: no pair of sentences"):
        ParallelText(train=split, validation=split, test=split).build()


def test_bytes_that_are_not_utf_8_are_an_error_with_the_line(files) -> None:
    with pytest.raises(HarnessError, match=r"a\.de:2: not UTF-8"):
        files(b"eins\nzw\xf6lf\ndrei\n", "one\ntwelve\nthree\n").read()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    gone = TextFile(tmp_path / "gone")
    with pytest.raises(HarnessError, match=r"gone: No such file"):
        Files(source=gone, target=gone).read()


def test_options_within_a_split_are_strict_too() -> None:
    for fault in ('"limit": 0', '"limit": "3"', '"lines": 3'):
        split = f'{{"source": "a", "target": "b", {fault}}}'
        with pytest.raises(ValidationError):
            TypeAdapter(ParallelText).validate_json(
                f'{{"train": {split}, "validation": {split}, "test": {split}}}'
            )


def test_the_real_corpus_is_read_line_by_line(multi30k: Path) -> None:
    names = ("train", 29000), ("val", 1014), ("test_2016_flickr", 1000)
    splits = [
        Files(source=TextFile(multi30k / f"{name}.de"), target=TextFile(multi30k / f"{name}.en"))
        for name, _ in names
    ]
    corpus = ParallelText(train=splits[0], validation=splits[1], test=splits[2]).build()
    lengths = [len(split) for split in (corpus.train, corpus.validation, corpus.test)]
    assert lengths == [count for _, count in names]
    assert corpus.test[0].target == "A man in an orange hat starring at something."


def corpus(tmp_path: Path, *, documents: str | None, limit: int | None = None) -> ParallelText:
    """A corpus of three lines a split, with a file of documents if there is one."""
    source, target = write(tmp_path / "x.de", "a\nb\nc\n"), write(tmp_path / "x.en", "a\nb\nc\n")
    split = Files(source=source, target=target)
    named = None if documents is None else write(tmp_path / "documents", documents)
    test = Files(source=source, target=target, limit=limit)
    return ParallelText(train=split, validation=split, test=test, documents=named)


def test_documents_are_those_of_the_test_lines(tmp_path: Path) -> None:
    assert corpus(tmp_path, documents="d1\nd1\nd2\n").test_documents() == ["d1", "d1", "d2"]
    assert corpus(tmp_path, documents="d1\nd1\nd2\n", limit=2).test_documents() == ["d1", "d1"]
    assert corpus(tmp_path, documents=None).test_documents() == ()


def test_a_file_of_documents_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"documents has 2 lines and .*x\.de has 3; each line"):
        corpus(tmp_path, documents="d1\nd2\n").test_documents()


def test_documents_are_no_part_of_a_run(tmp_path: Path) -> None:
    digests = {
        digest(
            training_identity(
                experiment(dataset=corpus(tmp_path, documents=documents)),
                seed=1,
                plugins=discover(),
            )
        )
        for documents in (None, "d1\nd1\nd2\n")
    }
    assert len(digests) == 1
