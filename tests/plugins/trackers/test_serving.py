"""A real server over HTTP, and its page in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mlflow_ledger import UPDATES, VARIANTS, Bench, contents, fresh

from harness.errors import HarnessError
from harness_trackers.mlflow import serving

# What MLflow does with its own dependencies is its business.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SERVE = """
import sys
from functools import partial
from harness_trackers.mlflow.serving import serve
serve(sys.argv[1], experiment="1", port=None, ready=partial(print, flush=True))
"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 100  # seconds for a page to be drawn on a busy machine


@pytest.fixture
def link(bench: Bench) -> Iterator[str]:
    """Where the page opens, as long as it is served."""
    words = [sys.executable, "-c", SERVE, bench.uri]
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143


@pytest.mark.timeout(300)
def test_over_http_all_is_as_in_a_database_and_the_page_shows_it(
    bench: Bench, link: str, tmp_path: Path, database: Path
) -> None:
    server = re.match(r"http://127\.0\.0\.1:\d+", link)
    assert server, link
    for until in (5, UPDATES):
        bench.go(until=until)
        bench.sync(server[0])
    bench.end()
    (bench.out / "tiny" / "report.md").write_text("# tiny")
    bench.summary = "**Does it?** It does."
    for _ in range(2):
        bench.sync(server[0])

    local = fresh(tmp_path / "local", database=database)
    local.go(until=UPDATES)
    local.end()
    local.sync()
    assert contents(server[0]) == contents(local.uri)
    if CHROMIUM is None:
        pytest.skip("there is no chromium here to look at the page with")
    drawn = page(link, profile=tmp_path / "profile")
    for variant in VARIANTS:
        assert variant in drawn
    assert "study tiny" not in drawn
    titles = re.findall(r">(final/nll|validation/nll)<", drawn)
    assert {"final/nll", "validation/nll"} <= set(titles)


def page(link: str, *, profile: Path) -> str:
    """What a browser has made of the page once both charts are drawn, with bars and lines."""
    assert CHROMIUM is not None
    words = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    words += [f"--user-data-dir={profile}", "--window-size=1600,1300"]
    words += ["--virtual-time-budget=30000", "--dump-dom", link]
    deadline = time.monotonic() + PATIENCE
    while True:
        drawn = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        if 'class="trace bars"' in drawn and "js-line" in drawn:
            return drawn
        assert time.monotonic() < deadline, "no charts on the page"


def test_a_port_that_is_taken_is_said() -> None:
    with serving.socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        with pytest.raises(HarnessError, match=f"port {port} is taken"):
            serving.serve("sqlite:///none", experiment="1", port=port, ready=print)


def test_a_server_elsewhere_is_linked_to() -> None:
    links: list[str] = []
    serving.serve("http://elsewhere/", experiment="7", port=None, ready=links.append)
    assert links == [
        (
            "http://elsewhere/#/experiments/7/runs"
            "?viewStateShareKey=harness&compareRunsMode=CHART&workflowType=machine_learning"
        )
    ]
