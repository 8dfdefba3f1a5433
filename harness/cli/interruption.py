"""Signals that end a command: the first one in order and within seconds, a second one at once."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import time
from threading import Thread
from typing import NoReturn

from harness.runs.supervision import STOPPING

INTERRUPTED = "interrupted; run the same command again to continue"
STATUS = 130
_PATIENCE = 4.8  # seconds, of the 5 that leaving may take


def end_on_signals() -> None:
    """Raise `KeyboardInterrupt` at the first signal; leave at the second, or some seconds later.

    A signal that was ignored when the program started, as `nohup` does, stays ignored.
    """
    reader, writer = os.pipe()
    # `set_wakeup_fd` insists on it, as a full pipe would block the interpreter.
    os.set_blocking(writer, False)
    for number in STOPPING:
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    # The interpreter runs no function of ours as long as a component computes in C, but it writes
    # the signal's number.
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()


def _watch(reader: int) -> NoReturn:
    caught = 0
    while not caught:
        caught += _stopping(reader)
    deadline = time.monotonic() + _PATIENCE
    while caught < 2 and select.select([reader], [], [], max(0, deadline - time.monotonic()))[0]:
        caught += _stopping(reader)
    _leave()


def _stopping(reader: int) -> int:
    """The number of signals that arrived, of those that end the command; waits for any."""
    return sum(number in STOPPING for number in os.read(reader, 64))


def _leave() -> NoReturn:
    """End this process now, and the processes of runs with what they started."""
    children = multiprocessing.active_children()
    for _ in range(2):  # the guard of a run takes the second as an order
        for child in children:
            child.terminate()
        time.sleep(0.05)
    for child in children:
        child.join(0.1)
    os.write(2, f"{INTERRUPTED}\n".encode())
    # At once, as a thread that hangs, such as a tracker's, would keep the process from ending.
    os._exit(STATUS)
