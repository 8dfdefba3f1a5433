"""How long the commands that people wait for take; each row against its bound.

Run from the checkout: ``python benchmarks/commands.py [STUDY [OUT]]``. The study must be finished
in OUT (``harness run STUDY --out OUT``), or the last row trains it first.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

STUDY, OUT = (sys.argv[1:] + ["studies/ablation.yaml", "results"][len(sys.argv) - 1 :])[:2]

BOUNDS = (
    (("--help",), 0.2),
    (("validate", STUDY), 3.0),
    (("run", STUDY, "--out", OUT), 3.0),
)


def seconds(words: tuple[str, ...], *, repeats: int = 5) -> float:
    """The median wall time of a command, after one run to warm up."""
    times = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        # In a process of its own, since a person waits for imports too.
        subprocess.run(["harness", *words], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return median(times[1:])


for words, bound in BOUNDS:
    taken = seconds(words)
    print(f"harness {' '.join(words):50} {taken:6.2f} s   bound {bound} s")
