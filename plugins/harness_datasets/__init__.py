"""Datasets of sentence pairs and of plain text, generated or read from files."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Dataset
from harness.hookspecs import hookimpl
from harness_datasets.copy import Copy
from harness_datasets.hugging_face import HuggingFace
from harness_datasets.parallel_text import ParallelText
from harness_datasets.reverse import Reverse
from harness_datasets.sort import Sort
from harness_datasets.text import Text
from harness_datasets.toy_german.dataset import ToyGerman


@hookimpl
def harness_datasets() -> Sequence[type[Dataset]]:
    """Offer generated German, sequence tasks, and corpora from files or the Hugging Face hub."""
    return [ToyGerman, Copy, Reverse, Sort, ParallelText, HuggingFace, Text]
