"""The export to a real server over HTTP, and its page in a real browser."""

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
from harness_trackers.mlflow import server as mlflow_server

# MLflow uses deprecated names of its own dependencies.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SERVE = """
import sys
from functools import partial
from harness_trackers.mlflow import server
server.REFRESH_EVERY = 0.5
say = partial(print, flush=True)
refresh = partial(say, "refreshed")
server.serve(sys.argv[1], experiment="1", port=None, ready=say, refresh=refresh)
"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TIMEOUT = 100  # seconds to render the page on a busy machine


@pytest.fixture
def link(bench: Bench) -> Iterator[str]:
    """The link of the page, which is served during the test."""
    command = [sys.executable, "-c", SERVE, bench.uri]
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdout.readline() == "refreshed\n"  # while it was served
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143


@pytest.mark.timeout(300)
def test_an_export_over_http_equals_one_to_a_database_and_is_shown(
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
        pytest.skip("chromium is not installed, so the page cannot be checked")
    html = rendered_page(link, profile=tmp_path / "profile")
    for variant in VARIANTS:
        assert variant in html
    assert "study tiny" not in html
    titles = re.findall(r">(final/nll|validation/nll)<", html)
    assert {"final/nll", "validation/nll"} <= set(titles)


def rendered_page(link: str, *, profile: Path) -> str:
    """The page's HTML once the browser has drawn both charts, the bars and the lines."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
    ]
    command += [f"--user-data-dir={profile}", "--window-size=1600,1300"]
    command += ["--virtual-time-budget=30000", "--dump-dom", link]
    deadline = time.monotonic() + TIMEOUT
    while True:
        html = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if 'class="trace bars"' in html and "js-line" in html:
            return html
        assert time.monotonic() < deadline, "no charts on the page"


def test_a_port_in_use_is_an_error() -> None:
    with mlflow_server.socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        port = occupied.getsockname()[1]
        with pytest.raises(HarnessError, match=f"port {port} is in use"):
            mlflow_server.serve("sqlite:///none", experiment="1", port=port, ready=print)


def test_an_external_server_is_linked_to() -> None:
    links: list[str] = []
    mlflow_server.serve("http://external/", experiment="7", port=None, ready=links.append)
    assert links == [
        (
            "http://external/#/experiments/7/runs"
            "?viewStateShareKey=harness&compareRunsMode=CHART&workflowType=machine_learning"
        )
    ]
