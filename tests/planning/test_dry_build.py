"""Dry builds in another process: what hangs or ends it costs neither the study nor the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness.comparability.predicted import expect
from harness.loading import load
from harness.planning.dry_build import dry_build

PLUGIN = '''
import os, signal, time
from dataclasses import dataclass

from harness.components import Loss
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Odd(Loss):
    """Does something else than being built."""

    name = "odd"

    def build(self, setting):
        ACT


@hookimpl
def harness_losses():
    return [Odd]
'''


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        ("time.sleep(1000)", "gave no result within 2 s and was ended"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "its process exited with status -9 and sent no result",
        ),
    ],
)
def test_a_build_that_fails_to_end_is_named_and_the_others_are_built(
    tmp_path: Path, act: str, fault: str
) -> None:
    (tmp_path / "odd.py").write_text(PLUGIN.replace("ACT", act))
    variants = "  odd: {loss: odd}\n  small: {model: {d_ff: 8}}"
    text = TINY.replace("  no-dropout: {regularizers: {dropout: off}}", variants)
    (tmp_path / "tiny.yaml").write_text(text + "plugins: [./odd.py]\n")
    study, _ = load(tmp_path / "tiny.yaml")
    built = dry_build(study, names=["baseline", "odd", "small"], limit=2)
    assert built["odd"].fault == fault
    assert built["odd"].cautions == (f"building it {fault}: a run of it may fail too",)
    # The others are what this process would have built itself.
    here = expect(study, names=["baseline", "small"], seed=1)
    assert {name: built[name] for name in here} == here
