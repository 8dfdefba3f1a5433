"""What commands print where nobody reads, and errors of the system as one line with a subject."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.tiny_study import TINY

from harness.cli import main, schema
from harness.registry.catalog import Catalog

COMMAND = (sys.executable, "-c", "from harness.cli import main; main()")
LONG, SHORTER = "AF_UNIX path too long", "set TMPDIR to a shorter one"


def closed_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user's Python is: what could not be written is tried again at exit."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


@pytest.mark.parametrize("words", [["schema"], ["plugins"], ["plugins", "--json"]])
def test_a_reader_who_has_left_is_no_error(words: list[str]) -> None:
    pipe = closed_pipe()
    done = subprocess.run(
        [*COMMAND, *words], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(pipe)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_status_is_that_of_the_work_even_if_nobody_reads(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    for text, status in ((TINY, 0), (TINY.replace("adam", "adamm"), 2)):
        study.write_text(text)
        pipe = closed_pipe()
        arguments = [*COMMAND, "validate", study, "--json"]
        done = subprocess.run(arguments, stdout=pipe, stderr=pipe, check=False)
        os.close(pipe)
        assert done.returncode == status


def test_a_study_is_carried_out_even_if_nobody_reads_its_progress(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(TINY)
    pipe = closed_pipe()
    done = subprocess.run(
        [*COMMAND, "run", study], cwd=tmp_path, stdout=pipe, stderr=pipe, check=False
    )
    os.close(pipe)
    assert done.returncode == 0
    assert (tmp_path / "results" / "study" / "report.html").exists()


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_end_nothing(closed: str, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(TINY)
    command = shlex.join([*COMMAND, "run", str(study)])
    subprocess.run(["sh", "-c", f"{command} {closed}"], cwd=tmp_path, check=True)
    assert (tmp_path / "results" / "study" / "report.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux's")
@pytest.mark.parametrize("words", [["schema"], ["plugins"]])
def test_a_full_disk_behind_standard_output_is_named(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "standard output: No space left on device\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.EACCES, "Permission denied", "a/b"), "a/b: Permission denied"),
        (OSError(errno.EXDEV, "Cross-device link", "a", None, "b"), "a -> b: Cross-device link"),
        (OSError(errno.EMFILE, "Too many open files"), "harness schema: Too many open files"),
        (OSError("odd"), "harness schema: odd"),
        (BrokenPipeError(), "harness schema: BrokenPipeError"),
        (
            OSError(LONG),
            f"{LONG}: the folder for temporary files, {tempfile.gettempdir()}; {SHORTER}",
        ),
    ],
)
def test_an_error_of_the_system_has_a_subject(
    error: OSError, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(schema.schema, "callback", fail)
    done = CliRunner().invoke(main, ["schema"])
    assert (done.exit_code, done.stderr) == (2, f"{line}\n")


def test_a_folder_for_temporary_files_with_too_long_a_path_is_named(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    study = tmp_path / "study.yaml"
    study.write_text(TINY)
    done = subprocess.run(
        [*COMMAND, "run", study],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    fault = f"{LONG}: the folder for temporary files, {folder}; {SHORTER}\n"
    assert (done.returncode, done.stderr) == (2, fault)


def test_plugins_can_be_listed_by_slot() -> None:
    done = CliRunner().invoke(main, ["plugins", "loss"])
    assert done.stdout.splitlines()[0] == "loss"
    assert "\noptimizer" not in done.stdout
    assert "cross_entropy" in done.stdout
    wrong = CliRunner().invoke(main, ["plugins", "Losss"])
    assert (wrong.exit_code, wrong.output) == (2, "no slot named 'Losss'; did you mean 'loss'?\n")


def test_a_wrong_case_is_a_wrong_name_with_the_right_one(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(TINY.replace("metrics: [bleu]", "metrics: [BLEU]"))
    done = CliRunner().invoke(main, ["validate", str(study)])
    assert "no metric named 'BLEU'; did you mean 'bleu'?" in done.output


def test_warnings_of_libraries_are_lines_without_their_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rows() -> None:
        warnings.warn("tight\nlayout", UserWarning, stacklevel=1)

    monkeypatch.setattr(Catalog, "rows", lambda _: [rows()][:0])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        done = CliRunner().invoke(main, ["plugins"])
    assert done.stderr.startswith("warning: tight layout\n")
