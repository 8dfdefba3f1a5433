"""The validation nll of a guess that ignores the source and all words before."""

from __future__ import annotations

import torch

from harness.contracts import BOS
from harness.training.task import Task


def nll_by_chance(task: Task) -> float:
    """Nats per validation token by the token frequencies of the training targets alone.

    Every token of the vocabulary is counted once more than it occurs (Laplace), so that none is
    impossible.
    """
    classes = task.codecs.target.size
    counts = torch.from_numpy(task.train.targets.counts(classes)).double() + 1
    counts[BOS] = 1  # given, and not predicted
    surprise = counts.sum().log() - counts.log()
    predicted = torch.cat([target[1:] for target in task.validation.targets])
    return float(surprise[predicted].mean())
