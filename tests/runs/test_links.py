"""Links in a folder of results: what leads out of it is neither read nor written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.tiny_study import TINY

from harness.cli import main
from harness.errors import HarnessError
from harness.files import refuse_links_out
from harness.runs.lock import hold

DIGEST = "d" * 64


def linked(link: Path, *, to: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(to)


# What may be a link in a folder of results, below it.
PLACES = [
    "runs",
    f"runs/{DIGEST}",
    f"runs/{DIGEST}/outcome.json",
    f"runs/{DIGEST}/log.txt",
    f"runs/{DIGEST}/evaluations",
    f"runs/{DIGEST}/evaluations/e/hypotheses.jsonl",
    "tiny",
    "tiny/looks.jsonl",
    "tiny/figures/cost.svg",
    "mlflow.db",
    ".mlflow.lock",
]


def say(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_out_of_the_folder_is_refused(place: str, *, absolute: bool, tmp_path: Path) -> None:
    out, outside = tmp_path / "results", tmp_path / "outside"
    outside.mkdir()
    (out / "runs").mkdir(parents=True) if place != "runs" else out.mkdir()
    depth = place.count("/") + 1
    linked(out / place, to=outside if absolute else Path("../" * depth + "outside"))
    with pytest.raises(HarnessError) as refused:
        refuse_links_out(out, whole=["runs", "tiny"])
    assert str(refused.value).startswith(f"{out / place}: a link that leads out of {out}; ")


def test_a_link_to_nothing_one_in_a_circle_and_one_over_another_are_refused(tmp_path: Path) -> None:
    for number, to in enumerate((tmp_path / "nothing", Path("/"), Path(".."))):
        out = tmp_path / str(number)
        linked(out / "runs", to=to)
        with pytest.raises(HarnessError, match="leads out"):
            refuse_links_out(out, whole=["runs"])
    out = tmp_path / "two"
    linked(out / "one", to=Path("two"))
    linked(out / "two", to=tmp_path)
    with pytest.raises(HarnessError, match="leads out"):
        refuse_links_out(out)
    # One whose name begins like the folder's is outside of it.
    (tmp_path / "three-more").mkdir()
    linked(tmp_path / "three" / "runs", to=tmp_path / "three-more")
    with pytest.raises(HarnessError, match="leads out"):
        refuse_links_out(tmp_path / "three")


def test_the_folder_itself_and_links_within_it_are_the_user_s(tmp_path: Path) -> None:
    disk, out = tmp_path / "disk", tmp_path / "results"
    (disk / "runs" / DIGEST).mkdir(parents=True)
    linked(out, to=disk)
    linked(disk / "latest", to=Path("runs") / DIGEST)
    linked(disk / "circle", to=Path("circle"))
    refuse_links_out(out, whole=["runs"])
    refuse_links_out(tmp_path / "none", whole=["runs"])


@pytest.mark.parametrize("command", ["plan", "report", "export", "sync", "compare", "ui"])
def test_commands_of_a_study_refuse_it_in_a_line(command: str, study: Path, tmp_path: Path) -> None:
    linked(tmp_path / "results" / "runs", to=tmp_path)
    done = say(command, study, "--out", tmp_path / "results")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path / 'results' / 'runs'}: a link that leads out of ")
    assert {path.name for path in tmp_path.iterdir()} == {"results", "tiny.yaml"}


@pytest.mark.parametrize(
    "words", [["check"], ["generate", DIGEST, "a"], ["compare", DIGEST, DIGEST]]
)
def test_commands_of_a_folder_refuse_it_in_a_line(words: list[str], tmp_path: Path) -> None:
    linked(tmp_path / "results" / "runs" / DIGEST, to=tmp_path)
    done = say(*words, "--out", tmp_path / "results")
    assert done.exit_code == 2
    assert "a link that leads out of" in done.stderr


def test_a_lock_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("all of it")
    linked(tmp_path / "run" / "lock", to=tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"), hold(tmp_path / "run"):
        pass
    assert (tmp_path / "precious").read_text() == "all of it"
