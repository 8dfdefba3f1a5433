"""Held against files written by hand, and against the words of a real corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.components.options import TextFile
from harness.contracts import Pair
from harness.errors import HarnessError
from harness_datasets.text import Text, TextFiles, Unit


def dataset(folder: Path, content: str | bytes, **options: object) -> Text:
    path = folder / "some.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    files = TextFiles(files=(TextFile(path),))
    return Text(train=files, validation=files, test=files, **options)


def targets(text: Text) -> list[str]:
    return [pair.target for pair in text.build().test]


@pytest.mark.parametrize(
    ("unit", "block", "blocks"),
    [
        ("line", 2, ["a b", "c", "d", "e f", "g"]),
        ("line", None, ["a b c", "d", "e f g"]),
        ("document", 2, ["a b", "c d", "e f", "g"]),
        ("document", None, ["a b c d", "e f g"]),
        ("document", 3, ["a b c", "d", "e f g"]),
    ],
)
def test_no_block_crosses_a_line_or_a_document(
    tmp_path: Path, unit: Unit, block: int | None, blocks: list[str]
) -> None:
    text = dataset(tmp_path, "\n a  b\tc\nd\r\n \n\n\ne f g", unit=unit, block=block)
    assert targets(text) == blocks
    assert text.build().continues
    assert {pair.source for pair in text.build().train} == {""}


@pytest.mark.parametrize(
    ("prompt", "pairs"),
    [
        (0, [("", "a b c d"), ("", "e f"), ("", "g")]),
        (1, [("a", "b c d"), ("e", "f"), ("", "g")]),
        (9, [("a b c", "d"), ("e", "f"), ("", "g")]),
        (0.5, [("a b", "c d"), ("e", "f"), ("", "g")]),
        (0.49, [("a", "b c d"), ("", "e f"), ("", "g")]),
    ],
)
def test_a_block_begins_with_its_prompt_and_leaves_a_word_to_write(
    tmp_path: Path, prompt: float, pairs: list[tuple[str, str]]
) -> None:
    text = dataset(tmp_path, "a b c d e f\ng\n", block=4, prompt=prompt)
    corpus = text.build()
    assert corpus.test == [Pair(*pair) for pair in pairs]
    assert corpus.texts == ["a b c d", "e f", "g"]


def test_files_follow_each_other_and_a_limit_counts_texts(tmp_path: Path) -> None:
    for name, lines in (("a", "1 2\n3\n"), ("b", "\n4 5\n6\n")):
        (tmp_path / name).write_text(lines)
    files = tuple(TextFile(tmp_path / name) for name in "ab")
    assert TextFiles(files=files).texts("line") == ["1 2", "3", "4 5", "6"]
    assert TextFiles(files=files).texts("document") == ["1 2 3", "4 5 6"]
    assert TextFiles(files=files, limit=3).texts("line") == ["1 2", "3", "4 5"]


def test_blocks_of_one_text_are_one_document_of_the_test_split(tmp_path: Path) -> None:
    text = "a b c\nd\n\ne f g h\n"
    assert dataset(tmp_path, text, block=2).test_documents() == ["1", "1", "2", "3", "3"]
    by_document = dataset(tmp_path, text, unit="document", block=2).test_documents()
    assert by_document == ["1", "1", "2", "2"]
    assert dataset(tmp_path, text, block=4).test_documents() == ()
    for options in ({"block": 2}, {"unit": "document", "block": 3}):
        some = dataset(tmp_path, text, **options)
        assert len(some.test_documents()) == len(some.build().test)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "empty; it needs text"),
        ("\n \n", "no text to read; every line is blank"),
        (b"a\n\xff\n", ":2: not UTF-8"),
    ],
)
def test_a_file_without_text_is_refused(tmp_path: Path, content: str | bytes, fault: str) -> None:
    with pytest.raises(HarnessError, match="some.txt") as error:
        dataset(tmp_path, content).build()
    assert fault in str(error.value)


@pytest.mark.parametrize("prompt", [-1, 1.0, 1.5, "many"])
def test_a_prompt_is_a_number_of_words_or_a_share_below_one(prompt: object) -> None:
    splits = {split: {"files": ["a"]} for split in ("train", "validation", "test")}
    read = TypeAdapter(Text).validate_json
    assert read(json.dumps({**splits, "prompt": 0.99})).prompt == 0.99
    with pytest.raises(ValidationError) as refused:
        read(json.dumps({**splits, "prompt": prompt}))
    assert {error["loc"][0] for error in refused.value.errors()} == {"prompt"}


def test_a_real_corpus_loses_no_word(multi30k: Path) -> None:
    path = multi30k / "val.en"
    files = TextFiles(files=(TextFile(path),))
    text = Text(train=files, validation=files, test=files, block=7, prompt=0.3)
    words = " ".join(f"{pair.source} {pair.target}" for pair in text.build().test).split()
    assert words == path.read_text(encoding="utf-8").split()
    assert max(len(f"{a} {b}".split()) for a, b in text.build().test) == 7
