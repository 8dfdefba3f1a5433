"""A study that is told to end, killed, or held up by a component."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from support.live_study import going_on, processes, until
from support.tiny_study import TINY, Harness

pytestmark = pytest.mark.signals

ENDLESS = TINY.replace("updates: 12", "updates: 100000").replace(
    "evaluate_every: 4", "evaluate_every: 90000"
)

# A loss whose third update, of a run and not of a probe, does what a test wants.
LOSS = '''
import ctypes, os, signal, subprocess, sys, time
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.components import Loss
from harness.hookspecs import hookimpl

DONE = []


def act():
    ACT


@dataclass(frozen=True, kw_only=True)
class Odd(Loss):
    """Cross-entropy, with a surprise."""

    name = "odd"
    odd: bool = True

    def build(self, setting):
        def loss(logits, targets):
            if self.odd and torch.is_grad_enabled():
                DONE.append(1)
                if len(DONE) == 3:
                    act()
            return torch.nn.functional.cross_entropy(logits, targets, reduction="sum")

        return loss


@hookimpl
def harness_losses():
    return [Odd]
'''

HANG = "(Path(__file__).parent / 'hangs').touch(); time.sleep(1000)"
# In C, without giving the interpreter back, so that no thread and no function of ours ever runs.
DEAF = "signal.pthread_sigmask(signal.SIG_BLOCK, {15}); "
DEAF += HANG.replace("time.sleep", "ctypes.PyDLL(None).sleep")
CATCHING = """(Path(__file__).parent / 'hangs').touch()
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass"""
# With a process of its own in a session of its own, which is nobody's child.
PARENT = """subprocess.Popen(
        [sys.executable, "-c", "import os, time; os.fork() or time.sleep(1000)"],
        start_new_session=True,
    )
    (Path(__file__).parent / 'hangs').touch()"""


def odd(study: Path, act: str) -> None:
    """Make the study's first run act in its third update; the probe is spared."""
    text = ENDLESS.replace("loss: {label_smoothing: {smoothing: 0.1}}", "loss: {odd: {odd: true}}")
    study.write_text(text + "plugins: [./odd.py]\n")
    spared = f"if 'log.txt' not in os.readlink('/proc/self/fd/1'): return\n    {act}"
    (study.parent / "odd.py").write_text(LOSS.replace("ACT", spared))


def checkpoint(path: Path) -> Mapping[str, Any]:
    """The content of a checkpoint, without the digest that is its first line."""
    content = path.read_bytes().partition(b"\n")[2]
    return torch.load(io.BytesIO(content), weights_only=True)


def is_over(process: subprocess.Popen[str], study: Path) -> bool:
    """True once the command has ended, and all that it started."""
    return process.poll() is not None and not processes(study)


def updates(study: Path) -> int:
    """The updates that the longest run has measured."""
    files = (study.parent / "results").glob("runs/*/measurements.jsonl")
    return max((file.read_bytes().count(b"\n") for file in files), default=0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_study_after_the_update_with_a_checkpoint(
    study: Path, number: signal.Signals
) -> None:
    study.write_text(ENDLESS)
    with going_on(study) as process:
        until(lambda: updates(study) > 20)
        process.send_signal(number)
        assert until(lambda: is_over(process, study)) < 5
        assert process.returncode == 130
    (run,) = (study.parent / "results").glob("runs/*/checkpoint.pt")
    kept = checkpoint(run)
    # No update is lost: the last one measured is the one in the checkpoint.
    assert kept["update"] == updates(study) - 1
    assert kept["bytes"] == (run.parent / "measurements.jsonl").stat().st_size
    assert not (run.parent / "outcome.json").exists()


@pytest.mark.parametrize("act", [DEAF, CATCHING, PARENT], ids=["deaf", "catching", "parent"])
def test_nothing_is_left_after_a_signal_whatever_a_component_does(study: Path, act: str) -> None:
    odd(study, act)
    with going_on(study) as process:
        until((study.parent / "hangs").exists)
        process.send_signal(signal.SIGTERM)
        assert until(lambda: is_over(process, study)) < 6.5


def test_a_second_signal_ends_a_study_at_once(study: Path) -> None:
    odd(study, DEAF)
    with going_on(study) as process:
        until((study.parent / "hangs").exists)
        process.send_signal(signal.SIGINT)
        with pytest.raises(AssertionError):
            until(lambda: process.poll() is not None, seconds=1)
        process.send_signal(signal.SIGINT)
        assert until(lambda: is_over(process, study)) < 2.5
        assert process.returncode == 130


@pytest.mark.parametrize("act", ["pass", DEAF, PARENT], ids=["willing", "deaf", "parent"])
def test_a_killed_coordinator_takes_its_workers_with_it(study: Path, act: str) -> None:
    odd(study, act)
    with going_on(study) as process:
        until(lambda: updates(study) >= 3)
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: not processes(study)) < 6
    if act == "pass":
        (run,) = (study.parent / "results").glob("runs/*/checkpoint.pt")
        assert checkpoint(run)["update"] == updates(study) - 1


def test_what_a_killed_worker_started_ends_with_it(study: Path) -> None:
    odd(study, PARENT + "; os.kill(os.getpid(), signal.SIGKILL)")
    study.write_text(study.read_text().replace("100000", "12"))
    with going_on(study) as process:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "baseline, seed 1: killed by SIGKILL, possibly out of memory" in output
        assert until(lambda: not processes(study)) < 1


def test_a_checkpoint_is_written_by_the_clock(study: Path, harness: Harness) -> None:
    study.write_text(ENDLESS.replace("100000", "400"))
    with going_on(study, "--checkpoint-minutes", "0.002") as process:
        until(lambda: [*(study.parent / "results").glob("runs/*/checkpoint.earlier.pt")])
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not processes(study))
    (run,) = {path.parent for path in (study.parent / "results").glob("runs/*/checkpoint*.pt")}
    assert harness("run", study, "--seeds", "1").returncode == 0
    assert harness("run", study, "--seeds", "1", "--out", "whole").returncode == 0
    outcome = (run / "outcome.json").read_text()
    assert '"resumed_after": 0' not in outcome
    whole = study.parent / "whole" / "runs" / run.name
    for name in ("measurements.jsonl", "weights.pt"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()


def test_a_run_that_hangs_is_ended_and_named_and_the_others_go_on(
    study: Path, harness: Harness
) -> None:
    odd(study, HANG)
    text = study.read_text().replace("100000", "12")
    study.write_text(
        text.replace(
            "no-dropout: {regularizers: {dropout: off}}", "even: {loss: {odd: {odd: false}}}"
        )
    )
    done = harness("run", study, "--seeds", "1", "--timeout", "0.1")
    assert done.returncode == 1
    assert "failed: baseline, seed 1: no sign of life for 0.1 min, the --timeout" in done.stdout
    assert "even, seed 1: finished" in done.stderr


def test_a_probe_that_hangs_is_ended_and_named(study: Path, harness: Harness) -> None:
    odd(study, HANG)
    # The probe alone: its output goes nowhere.
    plugin = study.parent / "odd.py"
    plugin.write_text(plugin.read_text().replace("'log.txt' not in", "'log.txt' in"))
    study.write_text(study.read_text().replace("100000", "12"))
    done = harness("run", study, "--seeds", "1", "--timeout", "0.1")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("baseline", "no-dropout"):
        assert (
            f"warning: the probe of {name} gave no result within 6 s and was ended" in done.stderr
        )


def test_a_second_run_names_who_holds_what_and_waits(study: Path) -> None:
    go = study.parent / "go"
    odd(study, f"while not Path({str(go)!r}).exists(): time.sleep(0.05)")
    study.write_text(study.read_text().replace("100000", "12"))
    with going_on(study) as first:
        until(lambda: updates(study) == 3)
        with going_on(study) as second:
            assert second.stdout
            for line in second.stdout:
                if "held by" in line:
                    break
            else:
                pytest.fail("the second study did not say that a run is held")
            (lock,) = (study.parent / "results").glob("runs/*/lock")
            pid, host, since = json.loads(lock.read_text())
            holder = f"process {pid} on {host}, since {since}"
            assert line == f"baseline, seed 1: held by {holder}; waits for its end\n"
            assert pid in processes(study)
            assert host == os.uname().nodename
            assert abs(datetime.fromisoformat(since).timestamp() - time.time()) < 60
            go.touch()
            assert second.wait(60) == 0
            assert first.wait(60) == 0


STUCK = '''
from dataclasses import dataclass
from pathlib import Path
import time

from harness.components import Metric
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Stuck(Metric):
    """Never ends."""

    name = "stuck"

    def build(self):
        def score(hypotheses, references):
            CATCHING

        return score


@hookimpl
def harness_metrics():
    return [Stuck]
'''


def test_a_metric_that_hangs_holds_up_no_signal(study: Path) -> None:
    source = STUCK.replace("CATCHING", CATCHING.replace("\n", "\n        "))
    (study.parent / "stuck.py").write_text(source)
    text = TINY.replace("metrics: [bleu]", "metrics: [stuck]\nplugins: [./stuck.py]")
    study.write_text(text)
    with going_on(study) as process:
        until((study.parent / "hangs").exists)
        process.send_signal(signal.SIGTERM)
        assert until(lambda: is_over(process, study)) < 6.5
        assert process.returncode == 130
