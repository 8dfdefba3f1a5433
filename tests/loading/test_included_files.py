from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import StudyError
from harness.loading.faults import Faults
from harness.loading.included_files import DEEPEST, MOST_FILES, read_files

Order = Callable[[str], list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with files to include."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib").mkdir()
    (tmp_path / "base.yaml").write_text("seeds: 3\n")
    (tmp_path / "lib" / "deep.yaml").write_text("include: [near.yaml, ../base.yaml]\n")
    (tmp_path / "lib" / "near.yaml").write_text("include:\n")
    return tmp_path


@pytest.fixture
def order(folder: Path) -> Order:
    """The files of a study with this `include`, in the order in which they count."""

    def order(include: str) -> list[str]:
        path = Path("study.yaml")
        (folder / path).write_text(f"include: {include}\n")
        return [*map(str, read_files(path, faults=Faults(path)))]

    return order


@pytest.mark.parametrize(
    ("include", "files"),
    [
        ("null", []),
        ("base.yaml", ["base.yaml"]),
        ("./lib/../base.yaml", ["base.yaml"]),
        ("[lib/near.yaml, base.yaml]", ["lib/near.yaml", "base.yaml"]),
        ("lib/deep.yaml", ["lib/near.yaml", "base.yaml", "lib/deep.yaml"]),
        # Once, where it comes first: what changed it is not undone.
        ("[base.yaml, lib/deep.yaml, base.yaml]", ["base.yaml", "lib/near.yaml", "lib/deep.yaml"]),
    ],
)
def test_what_is_included_comes_before_what_includes_it(
    include: str, files: list[str], order: Order
) -> None:
    assert order(include) == [*files, "study.yaml"]


@pytest.mark.parametrize(
    ("include", "fault"),
    [
        ("bass.yaml", "10: include bass.yaml: no such study; did you mean 'base.yaml'?"),
        ("[base.yaml, lib]", "22: include lib: cannot be read: Is a directory"),
        ("empty.yaml", "10: include empty.yaml: the study is empty"),
        ("study.yaml", "10: files include each other: study.yaml includes study.yaml"),
        ("round.yaml", None),
        ("[3]", "11: include needs a path relative to this file's folder, got 3"),
        ("{a: b}", "10: include needs a path relative to this file's folder, got {a: 'b'}"),
        ("''", "10: include needs a path relative to this file's folder, got ''"),
        ('"a\\0"', "10: include needs a path relative to this file's folder, got 'a\\x00'"),
        ("/etc/passwd", "10: include needs a path relative to this file's folder, got '/etc/passw"),
    ],
)
def test_what_cannot_be_included_is_a_fault_where_it_is_named(
    include: str, fault: str | None, order: Order, folder: Path
) -> None:
    (folder / "empty.yaml").write_text("")
    (folder / "round.yaml").write_text("seeds: 1\ninclude: [study.yaml]\n")
    with pytest.raises(StudyError) as error:
        order(include)
    place = f"study.yaml:1:{fault}"
    if fault is None:
        chain = "study.yaml includes round.yaml includes study.yaml"
        place = f"round.yaml:2:11: files include each other: {chain}"
    assert str(error.value).startswith(place)


def test_all_of_them_are_named_at_once(order: Order) -> None:
    with pytest.raises(StudyError) as error:
        order("[no.yaml, base.yaml, lib]")
    assert [fault.place for fault in error.value.faults] == ["study.yaml:1:11", "study.yaml:1:31"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: [", "base.yaml:1:5: not YAML"),
        (b"a: 1\nb: \xff", "base.yaml:2: not UTF-8 text"),
        (b"- 1", "base.yaml:1:1: a study must be a mapping, got [1]"),
        (b"a: !b c", "base.yaml:1:4: tags such as"),
    ],
)
def test_a_fault_within_an_included_file_has_its_place_there(
    content: bytes, place: str, order: Order, folder: Path
) -> None:
    (folder / "base.yaml").write_bytes(content)
    with pytest.raises(StudyError) as error:
        order("base.yaml")
    assert str(error.value).startswith(place)


def test_links_are_followed_within_the_folder_and_not_out_of_it(order: Order, folder: Path) -> None:
    (folder / "same.yaml").symlink_to("lib/near.yaml")
    assert order("same.yaml") == ["same.yaml", "study.yaml"]
    (folder / "lib" / "out.yaml").symlink_to("../base.yaml")
    (folder / "lib" / "deep.yaml").write_text("include: out.yaml\n")
    with pytest.raises(StudyError) as error:
        order("lib/deep.yaml")
    assert str(error.value) == (
        f"lib/deep.yaml:1:10: include out.yaml: a link that leads to {folder / 'base.yaml'}; "
        "name that file, by a relative path"
    )
    (folder / "away").symlink_to("lib/..")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    for include in ("away/../base.yaml", "loop.yaml"):
        with pytest.raises(StudyError, match=rf"^study\.yaml:1:10: include {include}: "):
            order(include)


def test_a_folder_that_is_a_link_is_the_user_s(folder: Path) -> None:
    (folder / "far").mkdir()
    (folder / "far" / "link").symlink_to("../lib")
    path = Path("far/link/deep.yaml")
    files = [*read_files(path, faults=Faults(path))]
    assert files == [Path("far/link/near.yaml"), folder / "base.yaml", path]


def test_depth_and_number_are_limited(order: Order, folder: Path) -> None:
    for number in range(1, 7):
        text = f"include: {number + 1}.yaml\n" if number < 6 else "seeds: 1\n"
        (folder / f"{number}.yaml").write_text(text)
    assert len(order("2.yaml")) == DEEPEST + 1
    with pytest.raises(StudyError, match=rf"^5\.yaml:1:10: more than {DEEPEST} files, each"):
        order("1.yaml")
    names = [f"n{number}.yaml" for number in range(MOST_FILES + 1)]
    for name in names:
        (folder / name).write_text("seeds: 1\n")
    assert len(order(f"[{', '.join(names[1:])}]")) == MOST_FILES + 1
    with pytest.raises(StudyError, match=f"more than {MOST_FILES} files are included"):
        order(f"[{', '.join(names)}]")
