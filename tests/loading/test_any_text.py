"""Any content of a file gives either a study or its faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support import third_party

from harness.errors import Fault, StudyError
from harness.loading import load
from harness.loading.validation import experiment_from
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment

STUDY = (Path(__file__).parent / "study.yaml").read_text()
PLUGINS = third_party.plugins()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def check(content: bytes, *, folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_bytes(content)
    faults: Sequence[Fault] = ()
    variants: Mapping[str, Experiment] = {}
    try:
        variants = load(path, plugins=PLUGINS)[0].variants
    except StudyError as error:
        faults = error.faults
    assert bool(faults) is not bool(variants)
    for fault in faults:
        assert fault.place.startswith(str(path))
        assert len(str(fault).splitlines()) == 1
    for experiment in variants.values():
        written = resolved_experiment(experiment)
        assert experiment_from(written, catalog=CATALOG) == experiment


CATALOG = third_party.catalog()
WORDS = sorted(
    {*STUDY.replace("{", " ").replace("}", " ").replace(":", " ").split(), "off", "r_drop"}
)
SCALARS = (
    st.sampled_from(WORDS)
    | st.none()
    | st.booleans()
    | st.integers(-2, 2**70)
    | st.floats()
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.binary(max_size=60))
def test_any_bytes(folder: Path, content: bytes) -> None:
    check(content, folder=folder)


@given(st.text(alphabet="abc:-[]{}&*!|>'\"#%@`?,<= \t\n\\0123.~", max_size=40))
def test_any_punctuation(folder: Path, text: str) -> None:
    check(text.encode(), folder=folder)


@given(st.integers(0, len(STUDY)), st.integers(0, 12), st.text(max_size=6))
def test_any_typing_error(folder: Path, start: int, length: int, text: str) -> None:
    edited = STUDY[:start] + text + STUDY[start + length :]
    check(edited.encode(errors="surrogatepass"), folder=folder)


@settings(max_examples=60)
@given(st.data())
def test_any_value_in_any_place(folder: Path, data: st.DataObject) -> None:
    study = yaml.safe_load(STUDY)
    node = study
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(VALUES)
    check(yaml.safe_dump(study, allow_unicode=True).encode(errors="replace"), folder=folder)


@given(
    st.dictionaries(
        st.sampled_from(["question", "baseline", "variants", "seeds", "plugins"]), VALUES
    )
)
def test_any_mapping(folder: Path, data: dict[str, object]) -> None:
    check(yaml.safe_dump(data).encode(errors="replace"), folder=folder)
