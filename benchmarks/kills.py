"""SIGKILLs at random moments of studies, compared with the same studies left alone.

``python benchmarks/kills.py [--seeds 8] [--commands 15] [--chance 1]`` prints the tables of
``reliability.md``, and writes in a temporary folder only. The exit status is 1 if a bit differs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from commands_killed import kill_commands
from strikes import PLACES, TARGETS, Campaign, Span, coordinate
from undisturbed import compared

UPDATES, EVERY = 120, 10
FILLED = 40  # from this update on, a mean of the last 4 has them, and SWA's has 5
SPAN = Span(FILLED + 2, UPDATES - 1, EVERY)

BASE = f"""
question: Do kills change anything?
baseline:
  dataset: {{toy_german: {{train: 60, validation: 100, test: 60}}}}
  tokenizer: word
  model: {{d_model: 16, d_ff: 32, heads: 2, layers: 1}}
  initializer: xavier_uniform
  regularizers: {{dropout: 0.1}}
  loss: {{label_smoothing: {{smoothing: 0.1}}}}
  optimizer: adam
  schedule: {{constant: 3.0e-3}}
  decoding_policy: teacher_forcing
  averaging: {{swa: {{start: 0.25, every: 2}}}}
  generation: {{beam: {{size: 2, extra: 3}}}}
  budget: {{updates: {UPDATES}, batch_tokens: 200, evaluate_every: {EVERY}}}
metrics: [bleu]
figures: []
compare: {{primary: nll}}
trackers: []
"""

AVERAGES = """
variants:
  last-k: {averaging: {last_k: {every: 5, count: 4}}}
  sampled: {decoding_policy: {scheduled_sampling: {decay: {linear: {start: 1.0, end: 0.5}}}}}
  last-k-sampled:
    averaging: {last_k: {every: 5, count: 4}}
    decoding_policy: {scheduled_sampling: {decay: {linear: {start: 1.0, end: 0.5}}}}
  ema: {averaging: {ema: 0.9}}
"""

STARTS = """
pretraining:
  general: {dataset: {toy_german: {train: 90, validation: 20, test: 20}}}
variants:
  from-general: {starts_from: general}
  averaged: {starts_from: general, averaging: {last_k: {every: 5, count: 4}}}
"""

TUNING = """
variants:
  last-k: {averaging: {last_k: {every: 5, count: 4}}}
tune: {grid: {schedule.constant.learning_rate: [1.0e-3, 3.0e-3, 1.0e-2]}, seeds: 2}
"""

STOPPING = """
variants:
  last-k: {averaging: {last_k: {every: 5, count: 4}}}
  smooth: {loss: {label_smoothing: {smoothing: 0.11}}}
"""

COMMAND = """
variants:
  last-k: {averaging: {last_k: {every: 5, count: 4}}}
  ema: {averaging: {ema: 0.9}}
"""


def studies(seeds: int) -> dict[str, str]:
    """The studies by name; with so many seeds, or up to that many."""
    fixed = f"seeds: {seeds}\n"
    stopping = f"seeds: {{least: 2, most: {max(4, seeds)}, step: 2, until: decided}}\n"
    return {
        "averages": BASE + AVERAGES + fixed,
        "starts": BASE + STARTS + fixed,
        "tuning": BASE + TUNING + fixed,
        "stopping": BASE + STOPPING + stopping,
    }


def undisturbed(study: Path, *, out: Path) -> None:
    """Carry a study out in a process that nobody kills."""
    process = get_context("fork").Process(target=coordinate, args=(study, out))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{study}: ended with {process.exitcode} undisturbed")


class Row(NamedTuple):
    """A study that was killed, in numbers."""

    study: str
    runs: int
    kills: int
    resumed: int
    filled: int  # of those resumed, with an average that had all its weights
    compared: int
    different: Sequence[str]
    seconds: float

    def __str__(self) -> str:
        cells = [*self[:6], len(self.different), f"{self.seconds:.0f}"]
        return f"| {' | '.join(map(str, cells))} |"


HEAD = (
    "| study | runs | kills | resumed | with a filled average | compared | different | seconds |"
    "\n|---|---:|---:|---:|---:|---:|---:|---:|"
)


def row(title: str, *, study: Path, kills: int, out: tuple[Path, Path], started: float) -> Row:
    """The numbers of a study, from its results undisturbed and killed."""
    whole, killed = out
    checked = [*compared(study, whole=whole, killed=killed)]
    filled = [*resumed(killed)]
    return Row(
        study=title,
        runs=len([*killed.glob("runs/*/outcome.json")]),
        kills=kills,
        resumed=len(filled),
        filled=sum(filled),
        compared=len(checked),
        different=[name for name, equal in checked if not equal],
        seconds=time.monotonic() - started,
    )


def resumed(out: Path) -> Iterator[bool]:
    """For each run that was resumed, True if that was with a filled average."""
    for path in out.glob("runs/*/outcome.json"):
        after = json.loads(path.read_text())["resumed_after"]
        choices = json.loads((path.parent / "run.json").read_text())["experiment"]
        if after:
            averaging = json.dumps(choices.get("averaging"))
            yield after >= FILLED and any(name in averaging for name in ("swa", "last_k"))


def places(struck: Counter[tuple[str, str]]) -> Iterator[str]:
    """The kills by the place where they came, and by what was killed."""
    yield f"| a worker was at | {' | '.join(TARGETS)} | kills |"
    yield f"|---|{'---:|' * (len(TARGETS) + 1)}"
    for place in PLACES:
        counts = [struck[place, target] for target in TARGETS]
        yield f"| {place} | {' | '.join(map(str, counts))} | {sum(counts)} |"
    totals = [sum(struck[place, target] for place in PLACES) for target in TARGETS]
    yield f"| all | {' | '.join(map(str, totals))} | {sum(totals)} |"


def disturbed(folder: Path, *, seeds: int, commands: int, seed: int) -> Iterator[Row]:
    """Kill every study, and compare; prints where the kills came."""
    struck: Counter[tuple[str, str]] = Counter()
    for title, text in studies(seeds).items():
        started, study = time.monotonic(), folder / f"{title}.yaml"
        study.write_text(text, encoding="utf-8")
        whole, killed = folder / f"{title}-whole", folder / f"{title}-killed"
        undisturbed(study, out=whole)
        chance = random.Random(f"{title} {seed}")
        campaign = Campaign(study=study, out=killed, span=SPAN, chance=chance)
        campaign.carry_out()
        struck += campaign.struck
        kills = campaign.struck.total()
        yield row(title, study=study, kills=kills, out=(whole, killed), started=started)
    started, study = time.monotonic(), folder / "command.yaml"
    text = BASE.replace(f"updates: {UPDATES}", "updates: 400") + COMMAND + "seeds: 1\n"
    study.write_text(text, encoding="utf-8")
    whole, killed = folder / "command-whole", folder / "command-killed"
    undisturbed(study, out=whole)
    chance = random.Random(f"commands {seed}")
    kills = kill_commands(study, out=killed, kills=commands, chance=chance)
    yield row("`harness run`", study=study, kills=kills, out=(whole, killed), started=started)
    print("", *places(struck), sep="\n")


def main() -> int:
    """Print the tables; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--commands", type=int, default=15)
    parser.add_argument("--chance", type=int, default=1)
    options = parser.parse_args()
    rows: list[Row] = []
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        numbers = {"seeds": options.seeds, "commands": options.commands, "seed": options.chance}
        for killed in disturbed(Path(name), **numbers):
            rows.append(killed)
            print(killed, flush=True)
    different = [name for killed in rows for name in killed.different]
    total = [sum(column) for column in zip(*(killed[1:6] for killed in rows), strict=True)]
    print(f"\n{total[1]} kills, {total[2]} runs resumed, {total[3]} of them with a filled average;")
    print(f"{total[4]} files and facts compared, {len(different)} different")
    print(*different, sep="\n")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
