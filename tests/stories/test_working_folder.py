"""Nothing that lies in the working folder is executed, unless the study names it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from support.tiny_study import TINY

# Modules that forked servers of processes, torch, MLflow and its web server import.
TRAPS = ("random", "html", "statistics", "secrets", "pickle", "sqlite3", "numpy", "torch")
TRAPS += ("fastapi", "uvicorn", "gunicorn", "flask", "alembic", "matplotlib", "sacrebleu")
TRAP = """
import pathlib
(pathlib.Path(__file__).parent / "sprung").write_text(__name__)
raise RuntimeError("executed unasked")
"""
OBSERVER = '''
from pathlib import Path

from harness.hookspecs import hookimpl


@hookimpl
def harness_study_ended():
    """Leave a mark beside this file."""
    Path(__file__).with_name("named").touch()
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder full of traps, with a study that names one plugin file."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in TRAPS:
        (folder / f"{name}.py").write_text(TRAP)
    (folder / "observer.py").write_text(OBSERVER)
    (folder / "tiny.yaml").write_text(
        TINY.replace("trackers: []", "plugins: [observer.py]").replace("seeds: 2", "seeds: 1")
    )
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The console script, as installers write it: in a folder of its own."""
    path = tmp_path / "bin" / "harness"
    path.parent.mkdir()
    path.write_text("from harness.cli import main\nif __name__ == '__main__':\n    main()\n")
    return path


def environment(*, empty_entry: bool = False) -> dict[str, str]:
    """That of the tests, with the packages on PYTHONPATH; an empty entry is the working folder."""
    packages = [str(Path(__file__).parents[2] / name) for name in (".", "plugins")]
    path = os.pathsep.join([*packages, ""] if empty_entry else packages)
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.parametrize("empty_entry", [False, True])
def test_a_module_beside_a_study_is_not_imported_and_a_named_plugin_is(
    folder: Path, script: Path, *, empty_entry: bool
) -> None:
    if empty_entry:  # before our first line runs, Python itself imports from PYTHONPATH
        for name in ("random", "html", "statistics", "secrets", "pickle"):
            (folder / f"{name}.py").unlink()
    for words in (["run", "tiny.yaml"], ["plan", "tiny.yaml", "--probe"]):
        done = subprocess.run(
            [sys.executable, script, *words],
            cwd=folder,
            env=environment(empty_entry=empty_entry),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
    assert not (folder / "sprung").exists(), (folder / "sprung").read_text()
    assert (folder / "named").exists()


def test_the_page_of_mlflow_is_served_beside_modules_of_its_names(
    folder: Path, script: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, script, "ui", "tiny.yaml", "--no-open"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        link = process.stdout.readline().strip()
        try:
            address = link.partition("#")[0]
            with urllib.request.urlopen(address, timeout=20) as page:  # noqa: S310 - our own server
                assert page.status == 200
        finally:
            process.send_signal(signal.SIGTERM)
    assert not (folder / "sprung").exists(), (folder / "sprung").read_text()
    assert (folder / "results" / "mlflow.db").exists()
