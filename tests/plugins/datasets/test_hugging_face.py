"""Held against datasets that the real library wrote to disk."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import experiment

from harness.components.options import TextFile
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError
from harness.registry.discovery import discover
from harness.runs.identity import digest, training_identity
from harness_datasets.hugging_face import Hub, HuggingFace, Local

datasets = pytest.importorskip(
    "datasets", reason="Hugging Face's datasets is not installed: pip install datasets"
)
Splits = Mapping[str, Sequence[tuple[str, str]]]
SPLITS: Splits = {
    "train": [("ein Hund", "a dog"), ("zwei Hunde", "two dogs"), (" ", "nothing")],
    "validation": [("drei, vier", "three, four"), ("", "")],
    "test": [("fünf\n „sechs“", "five 'six'")],
}
CORPUS = Corpus(
    train=[Pair("ein Hund", "a dog"), Pair("zwei Hunde", "two dogs")],
    validation=[Pair("drei, vier", "three, four"), Pair("", "")],
    test=[Pair("fünf  „sechs“", "five 'six'")],
)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No progress bars, no network, and a temporary cache."""
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", value=True)


def _saved(folder: Path, kind: str, *, nested: bool, splits: Splits = SPLITS) -> Local:
    """The splits, written by the library to files of one kind."""
    files = {}
    for split, pairs in splits.items():
        rows = [{"de": german, "en": english} for german, english in pairs]
        dataset = datasets.Dataset.from_list(
            [{"translation": row} for row in rows] if nested else rows
        )
        path = folder / f"{split}.{kind}"
        if kind == "arrow":
            dataset.save_to_disk(folder / split, num_shards=len(rows))
            files[split] = tuple(map(TextFile, sorted((folder / split).glob("*.arrow"))))
            continue
        write = {"csv": dataset.to_csv, "json": dataset.to_json, "jsonl": dataset.to_json}
        write.get(kind, dataset.to_parquet)(path)
        files[split] = (TextFile(path),)
    return Local(**files)


@pytest.mark.parametrize("kind", ["arrow", "json", "jsonl", "parquet"])
def test_nested_translations_are_read_from_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    files = _saved(tmp_path, kind, nested=True)
    dataset = HuggingFace(source="translation.de", target="translation.en", files=files)
    assert dataset.build() == CORPUS


def test_files_of_save_to_disk_are_read_like_load_from_disk(tmp_path: Path) -> None:
    files = _saved(tmp_path, "arrow", nested=False)
    assert all(len(getattr(files, split)) == len(SPLITS[split]) for split in SPLITS)  # shards
    theirs = [(row["de"], row["en"]) for row in datasets.load_from_disk(tmp_path / "validation")]
    assert HuggingFace(source="de", target="en", files=files).build().validation == theirs


def test_columns_are_read_from_tables(tmp_path: Path) -> None:
    files = _saved(tmp_path, "parquet", nested=False)
    assert HuggingFace(source="de", target="en", files=files).build() == CORPUS
    backward = HuggingFace(source="en", target="de", files=files).build()
    assert [pair.source for pair in backward.train] == ["a dog", "two dogs"]


def _csv(folder: Path, text: str) -> HuggingFace:
    path = folder / "corpus.csv"
    path.write_text(text, encoding="utf-8")
    files = (TextFile(path),)
    return HuggingFace(
        source="de", target="en", files=Local(train=files, validation=files, test=files)
    )


def test_csv_is_read_like_every_other_kind_of_file(tmp_path: Path) -> None:
    files = _saved(tmp_path, "csv", nested=False)
    assert HuggingFace(source="de", target="en", files=files).build() == CORPUS


@pytest.mark.parametrize(
    "words",
    [
        ["null", "NA", "n/a", "NaN", "None", "nan", "NULL", "<NA>", "#N/A", "-nan", "N/A"],
        ["007", "1.50", "1e3", "-0", "12"],
        ["True", "False", "true"],
        ["2020-01-01", "2020-01-02 10:00"],
        [" a ", "a  b", "'a'", "a;b", "#a", "\\N"],
    ],
)
def test_a_cell_of_csv_is_text_as_it_is_written(words: list[str], tmp_path: Path) -> None:
    rows = "".join(f"{word},{word}\n" for word in words)
    corpus = _csv(tmp_path, f"de,en\n{rows}").build()
    assert corpus.test == corpus.train == [Pair(word, word) for word in words]


def test_quoted_and_blank_cells_blank_lines_and_a_byte_order_mark_are_read(
    tmp_path: Path,
) -> None:
    text = '\ufeffde,nr,en\n"a, ""b""",1,"c\nd"\n\n,2,e\n'
    corpus = _csv(tmp_path, text).build()
    assert corpus.test == [Pair('a, "b"', "c d"), Pair("", "e")]
    assert corpus.train == [Pair('a, "b"', "c d")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("de,en\na,b\n\nshort\n", r"corpus.csv:4: 1 cells, and the header has 2"),
        ("de,en\n1,5,b\n", r"corpus.csv:2: 3 cells, and the header has 2"),
        ('de,en\na,b\n"c,d\n', r"corpus.csv:3: not a row of a table in UTF-8: unexpected end"),
        ("de,fr\na,b\n", r"row 1 of validation has no 'en'; available: de, fr"),
    ],
)
def test_a_broken_row_of_csv_is_an_error_with_its_line(
    text: str, fault: str, tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match=fault):
        _csv(tmp_path, text).build()


def test_a_name_is_passed_to_the_library_with_its_splits(tmp_path: Path) -> None:
    # A folder replaces the hub here: the library loads both by the same call.
    _saved(tmp_path / "corpus", "parquet", nested=False)
    hub = Hub(name=str(tmp_path / "corpus"), revision="0" * 40)
    assert HuggingFace(source="de", target="en", hub=hub).build() == CORPUS
    swapped = replace(hub, validation="test", test="validation")
    assert HuggingFace(source="de", target="en", hub=swapped).build().test == CORPUS.validation


def test_the_digest_depends_on_contents_and_not_on_paths(tmp_path: Path) -> None:
    def of(name: str, splits: Splits = SPLITS) -> str:
        (tmp_path / name).mkdir()
        files = _saved(tmp_path / name, "jsonl", nested=False, splits=splits)
        dataset = HuggingFace(source="de", target="en", files=files)
        return digest(training_identity(experiment(dataset=dataset), seed=1, plugins=discover()))

    assert of("one") == of("other") != of("changed", {**SPLITS, "test": [("sieben", "seven")]})


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fr", r"row 1 of validation has no 'fr'; available: de, en"),
        ("de.text", r"row 1 of validation has no 'de.text'; available: no columns"),
    ],
)
def test_a_missing_column_is_an_error_that_lists_the_others(
    source: str, message: str, tmp_path: Path
) -> None:
    files = _saved(tmp_path, "jsonl", nested=False)
    with pytest.raises(HarnessError, match=message):
        HuggingFace(source=source, target="en", files=files).build()


def test_a_column_without_text_is_an_error(tmp_path: Path) -> None:
    files = _saved(tmp_path, "jsonl", nested=True)
    with pytest.raises(HarnessError, match=r"'translation' in row 1 of validation is not text"):
        HuggingFace(source="translation", target="translation", files=files).build()


def test_unreadable_files_are_a_one_line_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"de": 1\n')
    files = Local(train=(TextFile(bad),), validation=(TextFile(bad),), test=(TextFile(bad),))
    with pytest.raises(HarnessError, match=r"validation cannot be read: JSON parse error") as error:
        HuggingFace(source="de", target="en", files=files).build()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("names", [(), ("a.jsonl", "b.csv"), ("a.docx",)])
def test_files_of_a_split_must_have_one_known_suffix(names: tuple[str, ...]) -> None:
    files = tuple(map(TextFile, names))
    with pytest.raises(HarnessError, match=r"validation needs files that all end in one of"):
        HuggingFace(
            source="a", target="b", files=Local(train=files, validation=files, test=files)
        ).build()


def test_an_unreachable_name_is_a_one_line_error() -> None:
    hub = Hub(name="nobody/nothing", revision="0" * 40)
    with pytest.raises(HarnessError, match=r"validation cannot be read: .*nobody/nothing"):
        HuggingFace(source="de", target="en", hub=hub).build()


def test_a_branch_is_not_a_commit() -> None:
    with pytest.raises(ValueError, match=r"a commit, 40 hexadecimal digits, got 'main'"):
        Hub(name="nobody/nothing", revision="main")


def test_files_and_hub_are_mutually_exclusive() -> None:
    hub, files = Hub(name="a/b", revision="0" * 40), Local(train=(), validation=(), test=())
    for options in ({}, {"hub": hub, "files": files}):
        with pytest.raises(ValueError, match="one of files and hub"):
            HuggingFace(source="a", target="b", **options)


def test_without_the_library_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    files = Local(train=(), validation=(), test=())
    with pytest.raises(HarnessError, match=r"pip install 'transformer-harness\[hugging-face\]'"):
        HuggingFace(source="a", target="b", files=files).build()
