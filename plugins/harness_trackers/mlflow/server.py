"""MLflow's own server for a local database, on localhost, until interrupted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

from harness.errors import HarnessError
from harness.notices import notify_user
from harness_trackers.mlflow.addresses import database_path, remove_misread_folders
from harness_trackers.mlflow.store import QUIET
from harness_trackers.mlflow.view import link

_HOST = "127.0.0.1"
_STARTUP_TIMEOUT = 120.0  # seconds
REFRESH_EVERY = 20.0  # seconds: statuses are to be true within a minute


def serve(
    uri: str,
    *,
    experiment: str,
    port: int | None,
    ready: Callable[[str], None],
    refresh: Callable[[], None] | None = None,
) -> None:
    """Serve a database and pass its link to `ready`; for a tracking server, only pass the link.

    `refresh` is called every few seconds while the database is served; its `HarnessError` passes.
    Raises `HarnessError` if the port is in use or the server exits before it is interrupted.
    """
    if uri.startswith(("http:", "https:")):
        ready(link(uri, experiment=experiment))
        return
    port = _free_port(port or 0)
    notify_user("starting MLflow's server")
    # Web servers import from their working folder and read settings there, whatever -P says.
    with (
        tempfile.TemporaryDirectory(prefix="harness-ui-") as empty,
        _server(uri, port=port, folder=empty) as process,
    ):
        root = f"http://{_HOST}:{port}"
        _wait_until_ready(f"{root}/health", process=process)
        remove_misread_folders(uri)
        ready(link(root, experiment=experiment))
        _wait(process, refresh=refresh)
    raise HarnessError(f"MLflow's server exited with status {process.returncode}")


def _wait(process: subprocess.Popen[bytes], *, refresh: Callable[[], None] | None) -> None:
    while True:
        try:
            process.wait(REFRESH_EVERY)
        except subprocess.TimeoutExpired:
            with suppress(HarnessError):  # of a store that cannot be reached now
                if refresh:
                    refresh()
        else:
            return


def _free_port(port: int) -> int:
    """Check that nothing listens on this port, or find a free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            raise HarnessError(
                f"port {port} is in use; choose another --port, or omit it"
            ) from None
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def _server(uri: str, *, port: int, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server with this working folder; all of its processes end with this one."""
    uri = _absolute(uri)
    arguments = ["server", "--backend-store-uri", uri, "--host", _HOST, "--port", str(port)]
    arguments += ["--workers", "1", "--allowed-hosts", f"{_HOST}:{port},localhost:{port}"]
    database = database_path(uri)
    if database:  # artifacts uploaded by clients go next to the database
        artifacts = database.with_name("mlflow-artifacts")
        arguments += ["--artifacts-destination", str(artifacts)]
    quiet = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONSAFEPATH": "1"}
    process = subprocess.Popen(  # noqa: S603 - the arguments are built here
        [sys.executable, "-P", "-m", "mlflow", *arguments],
        cwd=folder,
        env={**os.environ, **quiet},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a process group of its own, so that its workers can be killed
    )
    previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, previous)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _absolute(uri: str) -> str:
    """The URI of a store that does not depend on the working folder."""
    scheme, separator, path = uri.partition(":///")
    if separator:
        return f"{scheme}:///{Path(path).absolute()}" if scheme == "sqlite" else uri
    return uri if ":" in uri else str(Path(uri).absolute())


def _wait_until_ready(address: str, *, process: subprocess.Popen[bytes]) -> None:
    """Block until the server responds; raise `HarnessError` if it does not."""
    deadline = time.monotonic() + _STARTUP_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own http address
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise HarnessError("MLflow's server did not start; run `mlflow server` to see why")
