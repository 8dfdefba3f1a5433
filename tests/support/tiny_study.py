"""A tiny study, and the command line as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

COMMAND = (sys.executable, "-c", "from harness.cli import main; main()")

Harness = Callable[..., "subprocess.CompletedProcess[str]"]

TINY = """
question: Does a tiny model need its dropout?
baseline:
  dataset: {toy_german: {train: 60, validation: 20, test: 20}}
  tokenizer: word
  model: {d_model: 16, d_ff: 32, heads: 2, layers: 1}
  initializer: xavier_uniform
  regularizers: {dropout: 0.1}
  loss: {label_smoothing: {smoothing: 0.1}}
  optimizer: adam
  schedule: {noam: {warmup: 10}}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 3}}
  budget: {updates: 12, batch_tokens: 200, evaluate_every: 4}
variants:
  no-dropout: {regularizers: {dropout: off}}
seeds: 2
metrics: [bleu]
figures: []
compare: {primary: nll}
trackers: []
"""
