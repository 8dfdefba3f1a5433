"""Studies drawn from the catalog: what `plan` does not refuse runs to the end.

``python benchmarks/generated.py [STUDIES [SEED]]`` draws studies until so many are valid, plans
each, and carries it out with a budget of a few updates in this process. The exit status is 1 if
anything but a `HarnessError` is raised, or if a run fails that was planned.
"""

from __future__ import annotations

import random
import sys
import tempfile
import traceback
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import pydantic
import yaml

from harness.components import Component, Executor
from harness.components.options import TextFile, TrainedRun
from harness.errors import HarnessError
from harness.pipeline import catalog, inspect_results, open_study, plan_study, validate
from harness.planned_study import PlannedStudy
from harness.planning.preview import PowerQuestion
from harness.registry.option_types import option_types
from harness.runs.execution import execute
from harness.runs.worker import perform
from harness.study.experiment import Budget

SLOTS = (
    "dataset",
    "tokenizer",
    "initializer",
    "regularizers",
    "loss",
    "optimizer",
    "parameter_groups",
    "schedule",
    "decoding_policy",
    "averaging",
    "generation",
)
ELSEWHERE = {"hugging_face"}  # downloads
NUMBERS = (0, 1, 2, 3, 4, 8, 16, -1)
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0, 1e-3, 2.0)
WORDS = ("embedding", "query", "decoder", "attention", "encoder.layers.0", "feed_forward", "*")
BASE: Mapping[str, Any] = {
    "dataset": {"toy_german": {"train": 30, "validation": 8, "test": 8}},
    "tokenizer": "word",
    "model": {"d_model": 8, "d_ff": 16, "heads": 2, "layers": 1},
    "initializer": "xavier_uniform",
    "regularizers": {"dropout": 0.1},
    "loss": "cross_entropy",
    "optimizer": "adam",
    "schedule": {"constant": 1.0e-2},
    "decoding_policy": "teacher_forcing",
    "generation": {"greedy": {"extra": 2}},
    "budget": {"updates": 4, "batch_tokens": 100, "evaluate_every": 2},
}
MOST = {"updates": 6, "d_model": 16, "d_ff": 16, "layers": 2, "length": 8, "vocabulary": 40}
SPLITS = ("train", "validation", "test")


class Draw:
    """Random choices and options, of the types that components declare."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._offers = chance, catalog().offers

    def study(self) -> Mapping[str, Any]:
        """A study of a baseline and a variant."""
        drawn = {
            "question": "Does it run?",
            "baseline": {**BASE, **self.choices(self._chance.randint(1, 3))},
            "variants": {"other": self.choices(self._chance.randint(1, 2))},
            "seeds": 1,
            "metrics": self._chance.sample(sorted(self._offers["metrics"]), 2),
            "figures": [],
            "trackers": [],
        }
        if self._chance.random() < 0.2:
            drawn["baseline"]["starts_from"] = "general"
        if "general" in str(drawn):
            drawn["pretraining"] = {"general": self._chance.choice(({}, {"averaging": "off"}))}
        return drawn

    def choices(self, count: int) -> Mapping[str, Any]:
        """Choices for so many slots, or sizes of the model or the budget."""
        drawn: dict[str, Any] = {}
        for slot in self._chance.sample((*SLOTS, "model", "budget"), count):
            if slot == "regularizers":
                names = self._chance.sample(sorted(self._offers["regularizers"]), 2)
                drawn[slot] = {name: self.options(self._of("regularizers", name)) for name in names}
            elif slot == "budget":
                drawn[slot] = {**BASE[slot], **self.options(Budget)}
            elif slot == "model":
                name = self._chance.choice(sorted(self._offers[slot]))
                options = {**BASE[slot], **self.options(self._of(slot, name))}
                drawn[slot] = options if name == "encoder_decoder" else {name: options}
            else:
                drawn[slot] = self.component(slot)
        return drawn

    def component(self, slot: str) -> Mapping[str, Any]:
        """A component of a slot with some of its options."""
        name = self._chance.choice(sorted({*self._offers[slot]} - ELSEWHERE))
        return {name: self.options(self._of(slot, name))}

    def options(self, owner: type[Any]) -> Mapping[str, Any]:
        """Those options that have no default, and some of the others."""
        hints = option_types(owner)
        return {
            one.name: self._value(hints[one.name], name=one.name)
            for one in fields(owner)
            if one.name in hints
            and (
                one.default is one.default_factory is MISSING
                or one.name in SPLITS  # by default, thousands of sentences
                or self._chance.random() < 0.3
            )
        }

    def _of(self, slot: str, name: str) -> type[Component]:
        return self._offers[slot][name][0].component

    def _value(self, hint: Any, *, name: str) -> Any:
        plain = hint
        while typing.get_origin(plain) is typing.Annotated:
            plain = typing.get_args(plain)[0]
        arguments = typing.get_args(plain)
        if isinstance(plain, types.UnionType) or typing.get_origin(plain) is typing.Union:
            return self._value(self._chance.choice(arguments), name=name)
        if typing.get_origin(plain) is Literal:
            return self._chance.choice(arguments)
        if typing.get_origin(plain) is tuple:
            count = len(arguments)
            if ... in arguments:
                arguments, count = arguments[:1], self._chance.randint(1, 2)
            return [self._value(hint, name=name) for hint in (arguments * count)[:count]]
        if isinstance(plain, type) and issubclass(plain, Component):
            return self.component(plain.slot)
        return self._simple(hint, plain=plain, name=name)

    def _simple(self, hint: Any, *, plain: Any, name: str) -> Any:
        candidates: Mapping[Any, tuple[Any, ...]] = {
            bool: (True, False),
            int: NUMBERS,
            float: SHARES,
            str: WORDS,
            type(None): (None,),
            TextFile: ("lines.txt",),
            TrainedRun: ("general",),
        }
        if plain not in candidates:
            return self.options(plain) if is_dataclass(plain) else {}
        fitting = candidates[plain]
        if plain in {int, float}:
            fitting = tuple(value for value in fitting if _fits(value, hint=hint))
        value = 8 if name in SPLITS and plain is int else self._chance.choice(fitting)
        most = MOST.get(name)
        return min(value, most) if most is not None and plain is int else value


def _fits(value: object, *, hint: Any) -> bool:
    try:
        pydantic.TypeAdapter(hint).validate_python(value)
    except pydantic.ValidationError:
        return False
    return True


class _Here(Executor):
    """Runs in this process, one after another."""

    name = "here"

    def build(self, *, jobs: int) -> _HereJobs:
        """One at a time, regardless of `jobs`."""
        return _HereJobs()


@dataclass
class _HereJobs:
    capacity: int = 1
    logs_of: dict[Path, str] = field(default_factory=dict)
    waiting: list[tuple[Path, int]] = field(default_factory=list)

    def submit(self, path: Path) -> None:
        """Carry a run out at once."""
        try:
            perform(path)
        except Exception:  # noqa: BLE001 - a process would end of any
            self.logs_of[path] = traceback.format_exc()
        self.waiting.append((path, int(path in self.logs_of)))

    def poll(self) -> Iterator[tuple[Path, int]]:
        """The runs that ended since the last call."""
        ended, self.waiting = self.waiting, []
        yield from ended

    def cancel(self) -> None:
        """Nothing is under way between two calls."""

    def logs(self, path: Path) -> str:
        """The traceback of a run."""
        return self.logs_of.get(path, "")


def ending(path: Path, *, out: Path) -> str:
    """How a valid study ends: a word, or the traceback of what should not have been raised."""
    try:
        opened = open_study(path, out=out, seeds=None)
        plan_study(opened, question=PowerQuestion())
    except HarnessError:
        return "refused by plan"
    except Exception:  # noqa: BLE001 - any is what is looked for
        return traceback.format_exc()
    try:
        return _carried_out(opened)
    except Exception:  # noqa: BLE001 - a `HarnessError` too: it was planned
        return traceback.format_exc()


def _carried_out(opened: PlannedStudy) -> str:
    polls = execute(opened.plan, executor=_Here(), jobs=1, ledger=opened.ledger)
    faults = [end.reason for poll in polls for end in poll.ended if end.reason]
    if faults:
        return f"a run failed: {'; '.join(faults)}"
    report = inspect_results(opened)
    opened.write_report(report)
    diverged = any(result.outcome == "diverged" for result in report.results)
    return "ran, and diverged" if diverged else "ran"


ENDINGS = ("invalid", "refused by plan", "ran", "ran, and diverged")


def main(count: int, seed: int) -> int:
    """Print how many studies ended how."""
    draw, endings = Draw(random.Random(seed)), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lines.txt").write_text("ein Satz\nnoch ein Satz\n" * 5, encoding="utf-8")
        while endings.total() - endings["invalid"] < count:
            study = folder / f"study{endings.total()}.yaml"
            text = yaml.safe_dump(draw.study(), sort_keys=False)
            study.write_text(text, encoding="utf-8")
            faults = [fault for fault in validate(study) if fault.severity == "fault"]
            end = "invalid" if faults else ending(study, out=folder / study.stem)
            if end not in ENDINGS:
                print(f"{text}\n{end}")
            endings[end if end in ENDINGS else "broken"] += 1
    print("| drawn | invalid | refused by plan | ran | diverged | broken |")
    print("|---:|---:|---:|---:|---:|---:|")
    cells = [endings.total(), *(endings[end] for end in (*ENDINGS, "broken"))]
    print(f"| {' | '.join(map(str, cells))} |")
    return int(bool(endings["broken"]))


if __name__ == "__main__":
    numbers = [*map(int, sys.argv[1:]), 40, 1]
    sys.exit(main(numbers[0], numbers[1] if len(sys.argv) > 2 else 1))
