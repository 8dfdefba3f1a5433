"""Held against files written by hand and the lines of the real corpus."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment

from harness.components.options import TextFile
from harness.contracts import Pair
from harness.errors import HarnessError
from harness.registry.discovery import discover
from harness.runs.identity import digest, training_identity
from harness_datasets.parallel_text import Files, HeldOut, ParallelText


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


PAIRS = [("eins", "one"), ('sagt "ja", dann', "says yes"), ("drei", "three")]
TABLES = {
    "c.tsv": "".join(f"{source}\t{target}\n" for source, target in PAIRS),
    "c.csv": 'de,en\neins,one\n"sagt ""ja"", dann",says yes\ndrei,three\n',
    "c.jsonl": "".join(json.dumps({"de": s, "en": t}) + "\n" for s, t in PAIRS),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_pairs_of_its_rows(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, TABLES[name])
    assert Files(file=file).read() == [Pair(*pair) for pair in PAIRS]
    assert Files(file=file, limit=2).read() == [Pair(*pair) for pair in PAIRS[:2]]


def test_columns_choose_source_and_target(tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", "id,en,de\n1,one,eins\n2,two,zwei\n")
    assert Files(file=file).read(columns=("de", "en")) == [Pair("eins", "one"), Pair("zwei", "two")]
    with pytest.raises(HarnessError, match=r"c\.csv: `columns` must name .*there are id, en, de"):
        Files(file=file).read()


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("c.tsv", "a\tb\nc\n", r"c\.tsv:2: 1 cells; a pair is two"),
        ("c.csv", "de,en\na,b\nc\n", r"c\.csv:3: no text in 'en'"),
        ("c.jsonl", '{"de": "a", "en": "b"}\n[1]\n', r"c\.jsonl:2: must be a JSON object"),
        ("c.jsonl", '{"de": "a", "en": 1}\n', r"c\.jsonl:1: no text in 'en'"),
        ("c.xlsx", "a", r"c\.xlsx: must end in \.tsv, \.csv or \.jsonl"),
    ],
)
def test_a_fault_of_a_table_has_its_line(tmp_path: Path, name: str, text: str, fault: str) -> None:
    with pytest.raises(HarnessError, match=fault):
        Files(file=write(tmp_path / name, text)).read()


def test_one_file_is_divided_and_no_sentence_is_in_two_splits(tmp_path: Path) -> None:
    rows = [(f"s{number % 40}", f"t{number}") for number in range(60)]
    rows.append(("", "blank"))
    text = "".join(f"{source}\t{target}\n" for source, target in rows)
    held = HeldOut(validation=5, test=7)
    divided = ParallelText(file=write(tmp_path / "a.tsv", text), split=held).build()
    assert (len(divided.validation), len(divided.test)) == (5, 7)
    splits = (divided.train, divided.validation, divided.test)
    sides = [{pair.source for pair in split} for split in splits]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 40
    assert {*divided.train} <= {Pair(*row) for row in rows[:-1]}
    # By the sentences alone, whatever their order in the file.
    shuffled = "".join(f"{source}\t{target}\n" for source, target in reversed(rows))
    again = ParallelText(file=write(tmp_path / "b.tsv", shuffled), split=held).build()
    assert {pair.source for pair in again.test} == {pair.source for pair in divided.test}
    # So are training files that the same pairs are in, one sentence a line.
    sides = ["".join(f"{side}\n" for side in column) for column in zip(*rows, strict=True)]
    two = Files(
        source=write(tmp_path / "a.de", sides[0]), target=write(tmp_path / "a.en", sides[1])
    )
    assert ParallelText(train=two, split=held).build() == divided
    # An independent oracle: the digests, sorted by hand.
    ranked = sorted({s for s, _ in rows[:-1]}, key=lambda s: hashlib.sha256(s.encode()).hexdigest())
    assert {pair.source for pair in divided.test} == {*ranked[:7]}


def test_more_cannot_be_held_out_than_there_is(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", "a\tb\nc\td\n")
    with pytest.raises(HarnessError, match="2 different sentences, and split holds out 2"):
        ParallelText(file=file, split=HeldOut(validation=1, test=1)).build()


def test_a_corpus_has_splits_or_one_file_with_its_split(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", "a\tb\n")
    split, held = Files(file=file), HeldOut(validation=1, test=1)
    needs = "needs 'train', 'validation' and 'test', or 'split' with 'file' or 'train'"
    for options in (
        {"train": split},
        {"file": file},
        {"split": held},
        {"train": split, "test": split, "split": held},
        {"file": file, "train": split, "split": held},
        {"file": file, "split": held, "test": split},
    ):
        with pytest.raises(ValueError, match=needs):
            ParallelText(**options)
    with pytest.raises(ValueError, match="needs 'source' and 'target', or 'file'"):
        Files(source=file)
    with pytest.raises(ValueError, match="remove one or the other"):
        Files(source=file, target=file, file=file)
