"""One column of plain text, held against files that the real library wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from harness.components.options import TextFile
from harness.contracts import Pair
from harness.errors import HarnessError
from harness_datasets.hugging_face import HuggingFace, Local

datasets = pytest.importorskip(
    "datasets", reason="Hugging Face's datasets is not installed: pip install datasets"
)
ROWS = ("a b\nc d e", "", " \n", "f g", "h")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Local:
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    path = tmp_path / "rows.parquet"
    datasets.Dataset.from_list([{"text": row} for row in ROWS]).to_parquet(path)
    return Local(**{split: (TextFile(path),) for split in ("train", "validation", "test")})


def test_rows_are_texts_of_one_column(files: Local) -> None:
    corpus = HuggingFace(target="text", files=files).build()
    whole = [Pair("", "a b c d e"), Pair("", "f g"), Pair("", "h")]
    assert [corpus.train, corpus.validation, corpus.test] == [whole] * 3
    assert corpus.continues


def test_they_are_cut_into_blocks_with_prompts_as_text_in_files_is(files: Local) -> None:
    dataset = HuggingFace(target="text", files=files, block=2, prompt=1)
    assert dataset.build().test == [
        Pair("a", "b"),
        Pair("c", "d"),
        Pair("", "e"),
        Pair("f", "g"),
        Pair("", "h"),
    ]
    assert dataset.test_documents() == ["1", "1", "1", "4", "5"]


def test_sentence_pairs_are_not_cut(files: Local) -> None:
    dataset = HuggingFace(source="text", target="text", files=files, block=2, prompt=1)
    test = dataset.build().test
    assert (len(test), test[0]) == (len(ROWS), Pair("a b c d e", "a b c d e"))
    assert not dataset.build().continues
    assert dataset.test_documents() == ()
    faults = [*dataset.ignored()]
    assert [fault.split(" ")[0] for fault in faults] == ["block", "prompt"]


def test_a_missing_column_is_named(files: Local) -> None:
    with pytest.raises(HarnessError, match="row 1 of validation has no 'body'; available: text"):
        HuggingFace(target="body", files=files).build()


def test_a_source_is_optional_in_a_study() -> None:
    hub = f'{{"name": "some/corpus", "revision": "{"0" * 40}"}}'
    text = f'{{"target": "text", "hub": {hub}, "block": 8, "prompt": 0.5}}'
    read = TypeAdapter(HuggingFace).validate_json(text)
    assert (read.source, read.block, read.prompt) == (None, 8, 0.5)
