"""MLflow's own server for a local database: on this machine only, until interrupted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from harness.errors import HarnessError
from harness_trackers.mlflow.page import link
from harness_trackers.mlflow.store import QUIET

_HOST = "127.0.0.1"
_PATIENCE = 120.0  # seconds until the server must answer


def serve(uri: str, *, experiment: str, port: int | None, ready: Callable[[str], None]) -> None:
    """Serve a database, telling `ready` the link; a tracking server is only linked to.

    Raises `HarnessError` when the port is taken or the server ends by itself.
    """
    if uri.startswith(("http:", "https:")):
        ready(link(uri, experiment=experiment))
        return
    port = _free(port or 0)
    with _server(uri, port=port) as process:
        root = f"http://{_HOST}:{port}"
        _wait(f"{root}/health", process=process)
        ready(link(root, experiment=experiment))
        process.wait()
    raise HarnessError(f"MLflow's server ended by itself, with exit status {process.returncode}")


def _free(port: int) -> int:
    """A port that nobody listens on: this one, or with 0 any."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((_HOST, port))
        except OSError:
            raise HarnessError(f"port {port} is taken; choose another --port, or none") from None
        number: int = door.getsockname()[1]
        return number


@contextmanager
def _server(uri: str, *, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server's processes, all of which end with us."""
    words = ["server", "--backend-store-uri", uri, "--host", _HOST, "--port", str(port)]
    words += ["--workers", "1", "--allowed-hosts", f"{_HOST}:{port},localhost:{port}"]
    if uri.startswith("sqlite:"):  # what others send here stays with the database
        beside = Path(uri.partition(":///")[2]).with_name("mlflow-artifacts")
        words += ["--artifacts-destination", str(beside)]
    quiet = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(  # noqa: S603 - the words are ours
        [sys.executable, "-m", "mlflow", *words],
        env={**os.environ, **quiet},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, before)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(address: str, *, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own http address
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise HarnessError("MLflow's server does not start; `mlflow server` would say why")
