from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import third_party
from support.third_party import ParallelText

from harness.errors import StudyError
from harness.loading import load
from harness.study.values import Study

SIDES = "{parallel_text: {train: {source: SOURCE, target: TARGET}}}"


@pytest.fixture
def opened(write: Callable[..., Path], tmp_path: Path) -> Callable[..., Study]:
    """Load a study whose baseline has a corpus in another folder, and a variant one beside it."""
    for name in ("a.txt", "b.txt", "lib/a.txt", "lib/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text\n")

    def opened(*, base: str, own: str) -> Study:
        path = write(
            ("question", "include: lib/base.yaml\nquestion"),
            ("  dataset: {proverbs: {train: 400}}\n", ""),
            ("{loss: cross_entropy}", f"{{dataset: {own}}}"),
        )
        (tmp_path / "lib" / "base.yaml").write_text(f"baseline: {{dataset: {base}}}\n")
        study, _ = load(path, plugins=third_party.plugins())
        return study

    return opened


def sides(source: str, target: str) -> str:
    return SIDES.replace("SOURCE", source).replace("TARGET", target)


def test_a_file_is_beside_the_file_that_names_it(
    opened: Callable[..., Study], tmp_path: Path
) -> None:
    study = opened(base=sides("a.txt", str(tmp_path / "b.txt")), own=sides("b.txt", "./a.txt"))
    corpora = [study.variants[name].dataset for name in ("baseline", "cross-entropy")]
    files = []
    for corpus in corpora:
        assert isinstance(corpus, ParallelText)
        files.append((corpus.train.source, corpus.train.target))
    root = str(tmp_path)
    assert files == [
        (f"{root}/lib/a.txt", f"{root}/b.txt"),
        (f"{root}/b.txt", f"{root}/a.txt"),
    ]


def test_a_name_that_means_two_files_is_refused(opened: Callable[..., Study]) -> None:
    with pytest.raises(StudyError) as error:
        opened(base=sides("a.txt", "./b.txt"), own=sides("b.txt", "a.txt"))
    fault = "a.txt is {} and {}; write one of them as ./a.txt"
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert all(line.endswith(fault.format("lib/a.txt", "a.txt")) for line in lines), lines


def test_a_file_that_is_missing_is_named_with_its_folder(opened: Callable[..., Study]) -> None:
    with pytest.raises(StudyError, match=r"^lib/base\.yaml:1:54: no such file: lib/c\.txt$"):
        opened(base=sides("c.txt", "b.txt"), own="proverbs")
