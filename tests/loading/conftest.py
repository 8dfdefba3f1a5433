"""A valid study, and fixtures that change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import third_party

from harness.errors import StudyError
from harness.loading import load
from harness.study.values import Study

STUDY = (Path(__file__).parent / "study.yaml").read_text(encoding="utf-8")

Write = Callable[..., Path]
Load = Callable[..., Study]
Faults = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the valid study to the working directory, some of its text replaced."""
    monkeypatch.chdir(tmp_path)

    def write(*changes: tuple[str, str], text: str = STUDY) -> Path:
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = Path("study.yaml")
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def loaded(write: Write) -> Load:
    """Load the changed study."""

    def loaded(*changes: tuple[str, str], text: str = STUDY, seeds: int | None = None) -> Study:
        study, _ = load(write(*changes, text=text), seeds=seeds, plugins=third_party.plugins())
        return study

    return loaded


@pytest.fixture
def faults(loaded: Load) -> Faults:
    """The lines of the error that the changed study raises."""

    def faults(*changes: tuple[str, str], text: str = STUDY) -> list[str]:
        with pytest.raises(StudyError) as error:
            loaded(*changes, text=text)
        assert str(error.value) == "\n".join(map(str, error.value.faults))
        return str(error.value).splitlines()

    return faults
