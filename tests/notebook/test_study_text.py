from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_study import TINY

import harness
from harness import HarnessError
from harness.loading import StudyKeys, load
from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import plain_data
from harness.notebook.notebook_study import Keys
from harness.notebook.study_text import study_text
from harness.planning.plan import plan
from harness.runs.ledger import Ledger

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, DATA, min_size=1, max_size=3))
def test_plain_data_reads_back_as_it_was(keys: dict[str, Any]) -> None:
    root = yaml.compose(study_text(keys), Loader=yaml.SafeLoader)
    assert root
    assert plain_data(root) == keys


@pytest.mark.parametrize(
    "text", ["off", "1e-3", "1:30", "", "~", "true", "0x1F", ".5", "no", "a: b"]
)
def test_text_stays_text_whatever_it_looks_like(text: str) -> None:
    root = yaml.compose(study_text({"value": text}), Loader=yaml.SafeLoader)
    assert root
    assert plain_data(root) == {"value": text}


def test_numbers_of_numpy_and_tuples_are_plain_data() -> None:
    keys = {"a": numpy.float32(0.5), "b": numpy.array([1, 2]), "c": (1, None), "d": math.inf}
    assert study_text(keys) == "a: 0.5\nb: [1, 2]\nc: [1, null]\nd: .inf\n"


def test_what_is_no_plain_data_is_named_with_its_place() -> None:
    fault = r"^baseline\.layers\[1\]: '\{1\}' is no plain data; use numbers, text"
    with pytest.raises(HarnessError, match=fault):
        study_text({"baseline": {"layers": [1, {1}]}})


def test_a_study_from_python_is_the_study_of_its_yaml(tmp_path: Path) -> None:
    written = tmp_path / "tiny.yaml"
    written.write_text(TINY, encoding="utf-8")
    keys = plain_data(read_yaml(written))
    defined = harness.define("same", folder=tmp_path, **keys)
    for path, name in ((written, "tiny"), (defined.path, "same")):
        study, plugins = load(path)
        assert study.name == name
        ledger = Ledger(tmp_path / "results" / "runs")
        runs = plan(study, plugins=plugins, ledger=ledger, previous={})
        digests = [(run.variant, run.seed, run.digest, run.evaluation) for run in runs]
        first = digests if path == written else first
    assert digests == first
    assert len({digest for _, _, digest, _ in digests}) == 4


def test_its_faults_are_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as error:
        harness.define("x", folder=tmp_path, question="Q?", baseline={"loss": "cross"}, seeds=0)
    lines = str(error.value).splitlines()
    path = tmp_path / "x.yaml"
    assert f"{path}:2:1: a study needs 'variants', 'grid' or 'factors'" in lines
    assert any(line.startswith(f"{path}:4:9: no loss named 'cross'") for line in lines)
    assert any(line.startswith(f"{path}:5:8: seeds must be") for line in lines)


def test_a_file_that_somebody_wrote_is_not_replaced(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"question": "Q?", "baseline": {}, "seeds": 1}
    for _ in range(2):  # what is written from Python may be replaced
        with pytest.raises(HarnessError, match="baseline"):
            harness.define("mine", folder=tmp_path, **keys)
        keys["question"] = "Another?"
    assert "question: Another?" in (tmp_path / "mine.yaml").read_text()
    (tmp_path / "mine.yaml").write_text("# my notes\n" + TINY, encoding="utf-8")
    with pytest.raises(HarnessError, match="was not written from Python; choose another name"):
        harness.define("mine", folder=tmp_path, **keys)
    assert (tmp_path / "mine.yaml").read_text().startswith("# my notes")


def test_the_typed_keys_are_those_of_a_study() -> None:
    assert {*Keys.__annotations__} == {field.name for field in fields(StudyKeys)}
