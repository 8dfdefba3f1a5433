"""A large corpus: how fast it is tokenized, and how soon and in what memory a further run is ready.

``python benchmarks/corpus.py [PAIRS [FOLDER]]``: a million synthetic pairs by default, which take
about two minutes on two cores. Words are stems with endings, by Zipf's law. Each step is a process
of its own, so that none has the memory of another. Seconds are of the processor, on one core, so
that other programs disturb little. In FOLDER the corpus and its tokens are kept; without one they
are removed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs.chance import nll_by_chance
from harness.runs.tokenized import Corpora
from harness.study.experiment import Experiment
from harness.training import guards
from harness.training.encoding import encode_rows
from harness.training.task import batch_order

STEMS, WORDS, EXPONENT, AT_ONCE = 15_000, 300_000, 1.05, 10_000
ENDINGS = (
    "",
    *[
        "e",
        "en",
        "er",
        "es",
        "t",
        "te",
        "ten",
        "st",
        "ung",
        "lich",
        "keit",
        "s",
        "n",
        "em",
        "ig",
        "isch",
        "bar",
        "los",
        "heit",
    ],
)
SIDES = ("source", "target")


def write_corpus(folder: Path, *, pairs: int) -> None:
    """Write `pairs` lines of 5 to 21 words for each side, and a hundred to score on."""
    chance = np.random.default_rng(1)
    letters = np.array([*"abcdefghijklmnopqrstuvwxyz"])
    stems = ["".join(chance.choice(letters, size=size)) for size in chance.integers(2, 8, STEMS)]
    words = np.array([stem + ending for ending in ENDINGS for stem in stems], dtype=object)
    shares = (1 / np.arange(1, WORDS + 1) ** EXPONENT).cumsum()
    for side in SIDES:
        for name, count in (("train", pairs), ("test", 100)):
            with (folder / f"{name}.{side}").open("w") as file:
                for first in range(0, count, AT_ONCE):
                    sizes = chance.integers(4, 21, min(AT_ONCE, count - first))
                    drawn = words[shares.searchsorted(chance.random(sizes.sum()) * shares[-1])]
                    lines = np.split(drawn, sizes.cumsum()[:-1])
                    file.write("".join(" ".join(line) + " .\n" for line in lines))


def experiment(folder: Path) -> Experiment:
    """A small model on the corpus in a folder."""

    def files(name: str) -> dict[str, str]:
        return {side: str(folder / f"{name}.{side}") for side in SIDES}

    choices = {
        "dataset": {
            "parallel_text": {
                "train": files("train"),
                "validation": files("test"),
                "test": files("test"),
            }
        },
        "tokenizer": {"bpe": {"largest": 8000}},
        "model": {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 1},
        "initializer": {"xavier_uniform": {}},
        "regularizers": {},
        "loss": {"cross_entropy": {}},
        "optimizer": {"adam": {}},
        "schedule": {"constant": 1.0e-3},
        "decoding_policy": {"teacher_forcing": {}},
        "generation": {"greedy": {}},
        "budget": {"updates": 3, "batch_tokens": 900, "evaluate_every": 3},
    }
    return experiment_from(choices, catalog=Catalog.of(discover([])), find_file=lambda path: path)


def own_memory() -> float:
    """The memory of this process that no other shares, in MB."""
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private_Dirty")) / 1024


def ready(folder: Path, *, keeping: bool) -> dict[str, float]:
    """Seconds and memory until a run has its first batch, and until its outcome has all counts."""
    chosen, before = experiment(folder), own_memory()
    started = time.process_time()
    task = Corpora(folder if keeping else None).prepare(chosen)
    order = batch_order(chosen, seed=1, task=task)
    task.train.batch(next(order.batches()), device="cpu")
    seconds, grown = time.process_time() - started, own_memory() - before
    nll_by_chance(task)
    order.digest(0)
    after = time.process_time() - started - seconds
    return {"seconds": seconds, "MB": grown, "MB at the end": own_memory() - before, "end": after}


def tokenizing(folder: Path) -> dict[str, float]:
    """Lines a second: both sides are read, the vocabulary is learned, and lines are encoded."""
    chosen = experiment(folder)
    started = time.process_time()
    corpus = guards.dataset(chosen.dataset)
    read = time.process_time()
    codecs = guards.tokenizer(chosen.tokenizer, corpus=corpus)
    learned = time.process_time()
    for side, codec in zip(SIDES, codecs, strict=True):
        lines = [getattr(pair, side) for pair in corpus.train]
        encode_rows(lines, codec=codec, begins=side == "target")
    seconds = time.process_time() - learned
    return {
        "reading": read - started,
        "learning": learned - read,
        "encoding": seconds,
        "lines/s": 2 * len(corpus.train) / seconds,
    }


STEPS = {
    "tokenizing": tokenizing,
    "a run by itself": lambda folder: ready(folder, keeping=False),
    "the first process of a study": lambda folder: ready(folder, keeping=True),
    "a further run": lambda folder: ready(folder, keeping=True),
}


def in_process(step: str, *, folder: Path) -> dict[str, float]:
    """The figures of a step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def main(pairs: int, folder: Path) -> None:
    """Print a line for each step."""
    if not (folder / "train.source").exists():
        write_corpus(folder, pairs=pairs)
    for step in STEPS:
        figures = in_process(step, folder=folder)
        cells = ", ".join(f"{name} {value:,.2f}" for name, value in figures.items())
        print(f"{pairs:,} pairs, {step}: {cells}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(STEPS[sys.argv[2]](Path(sys.argv[3]))))
    else:
        count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
        if len(sys.argv) > 2:
            Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
            main(count, Path(sys.argv[2]))
        else:
            with tempfile.TemporaryDirectory() as name:
                main(count, Path(name))
