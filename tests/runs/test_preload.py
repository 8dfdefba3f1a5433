"""What a fork server loads, so that a run forked from it need not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RUN = f"""
import sys
from pathlib import Path

sys.path.append({str(Path(__file__).parents[1])!r})
import harness.runs.preload
from harness.runs.worker import perform
from support.finished_run import requested

path = requested(Path())
before = set(sys.modules)
perform(path)
print(*(set(sys.modules) - before))
"""


def test_a_run_loads_neither_the_compiler_of_torch_nor_more_of_the_core(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    heavy = ("harness.", "numpy", "torch._dynamo", "torch._inductor")
    assert not [name for name in done.stdout.split() if name.startswith(heavy)]
