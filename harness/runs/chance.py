"""The validation nll of a guess that ignores the source and all words before."""

from __future__ import annotations

import torch

from harness.training.batches import EncodedPairs
from harness.training.task import Task


def nll_by_chance(task: Task) -> float:
    """Nats per validation token by the token frequencies of the training targets alone.

    Every token of the vocabulary is counted once more than it occurs (Laplace), so that none is
    impossible.
    """
    classes = task.codecs.target.size
    counts = torch.bincount(_predicted(task.train), minlength=classes).double() + 1
    surprise = counts.sum().log() - counts.log()
    return float(surprise[_predicted(task.validation)].mean())


def _predicted(pairs: EncodedPairs) -> torch.Tensor:
    """The target tokens that a model has to predict: all but the first, which begins a sentence."""
    return torch.cat([target[1:] for target in pairs.targets]).long()
