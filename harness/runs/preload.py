"""All that a fork server loads once, so that no process forked from it loads it again."""

from __future__ import annotations

import torch

import harness.runs.worker  # noqa: F401 - loaded for the processes forked from here
from harness.registry.discovery import discover
from harness.runs.identity import EVALUATION, TRAINING, source_digest

# Building its first optimizer, torch imports its compiler: over a second in every run.
torch.optim.SGD([torch.zeros(())], lr=0.0)
# Whatever is wrong with an installed plugin is said by the process that uses it.
discover()
# The code imported here is the code that runs, whatever is edited on disk from now on.
for core in (TRAINING, EVALUATION):
    source_digest(*core)
