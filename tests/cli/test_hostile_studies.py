"""Studies that ask for what no machine has: refused at once, with the place and the limit.

Each is given to the real command, which must end with 0 or 2 and no traceback.
"""

from __future__ import annotations

import os
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.tiny_study import TINY

from harness.cli import main

HUGE = 10**9
DATASET, TOKENIZER = "{toy_german: {train: 60, validation: 20, test: 20}}", "tokenizer: word"
VARIANTS = "variants:\n  no-dropout: {regularizers: {dropout: off}}"
DROPOUT, GENERATION = "{dropout: 0.1}", "{greedy: {extra: 3}}"
PATIENCE = 3.0  # seconds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def validate(path: str) -> Result:
    start = time.process_time()
    done = CliRunner().invoke(main, ["validate", path])
    assert time.process_time() - start < PATIENCE
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def refusal(text: str, *, name: str = "study.yaml") -> str:
    """What the command says about a study that it refuses."""
    Path(name).write_text(text)
    done = validate(name)
    assert done.exit_code == 2, done.output
    return done.output


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (DATASET, f"{{copy: {{length: {HUGE}}}}}", "length must be above 0 and at most 10000"),
        (DATASET, f"{{copy: {{train: {HUGE}}}}}", "train must be above 0 and at most 1000000"),
        (DATASET, "{copy: {train: 900000, length: 900}}", "more than the limit of 20000000"),
        (DATASET, f"{{toy_german: {{test: {HUGE}}}}}", "at most 100000"),
        (TOKENIZER, f"tokenizer: {{bpe: {HUGE}}}", "largest must be above 0 and at most 1000000"),
        (TOKENIZER, f"tokenizer: {{unigram: {HUGE}}}", "at most 1000000"),
        ("d_model: 16", f"d_model: {HUGE}", "more than the limit of 2e+09"),
        ("d_ff: 32", f"d_ff: {HUGE}", "the model would have 6.6e+10 parameters"),
        ("heads: 2", f"heads: {HUGE}", "heads must divide d_model"),
        ("layers: 1", f"layers: {10**30}", "is too large: whole numbers end at"),
        ("layers: 1", f"layers: {HUGE}", "layers must be above 0 and at most 1000, got"),
        ("layers: 1", f"layers: 1, decoder_layers: {HUGE}", "at most 1000"),
        ("updates: 12", f"updates: {10**30}", "is too large"),
        ("updates: 12", f"updates: {HUGE}", "updates must be at least 0 and at most 10000000"),
        ("evaluate_every: 4", f"evaluate_every: 4, threads: {10**6}", "at most 1024, got 1000000"),
        ("evaluate_every: 4", f"evaluate_every: 4, accumulation: {HUGE}", "at most 10000"),
        ("batch_tokens: 200", "batch_tokens: 1", "batch_tokens must be at least 2, got 1; the"),
        ("optimizer: adam", "optimizer: {adam: {eps: 1e400}}", "must be a finite number"),
        ("optimizer: adam", "optimizer: {adam: {eps: .nan}}", "must be a finite number"),
        (DROPOUT, "{dropout: .inf}", "must be a finite number"),
        (DROPOUT, f"{{lora: {{rank: {HUGE}}}}}", "rank must be above 0 and at most 4096"),
        (
            GENERATION,
            f"{{greedy: {{extra: {HUGE}}}}}",
            "extra must be at least 0 and at most",
        ),
        (GENERATION, f"{{beam: {{size: {HUGE}}}}}", "size must be above 0 and at most 1000, got"),
        ("metrics: [bleu]", f"metrics: [{{chrf: {{char_order: {HUGE}}}}}]", "at most 1000, got"),
        ("seeds: 2", f"seeds: {HUGE}", "at most 1000"),
        ("seeds: 2", f"seeds: {{least: 3, most: {HUGE}}}", "most must be at most 1000"),
        ("seeds: 2", f"seeds: {[*range(2000)]}", "at most 1000"),
        ("seeds: 2", f"seeds: [{10**30}]", "is too large"),
        (
            "seeds: 2",
            f"seeds: 2\ntune: {{seeds: {HUGE}, grid: {{regularizers.dropout.rate: [0.1, 0.2]}}}}",
            "tune.seeds must be above 0 and at most 1000",
        ),
        (
            VARIANTS,
            f"grid: {{regularizers.dropout.rate: {[n / 10_000 for n in range(5000)]}}}",
            "5000 variants exceed the limit of 500",
        ),
    ],
)
def test_what_no_machine_could_hold_is_refused_with_its_place(
    old: str, new: str, fault: str
) -> None:
    assert old in TINY
    said = refusal(TINY.replace(old, new))
    place = next(line for line in said.splitlines() if fault in line)
    assert re.match(r"study\.yaml:\d+:\d+: ", place), said


def test_more_candidates_than_a_study_can_list_are_refused() -> None:
    values = [n / 10_000 for n in range(300)]
    tune = f"seeds: 2\ntune: {{grid: {{regularizers.dropout.rate: {values}}}}}"
    text = TINY.replace("seeds: 2", tune).replace(VARIANTS, "variants: {again: {replicate: 1}}")
    assert "600 candidates exceed the limit of 500" in refusal(text)


RATES = [n / 1000 for n in range(40)]
SWEEP = f"{{regularizers.dropout.rate: {RATES}}}"
AGAIN = "variants: {again: {replicate: 1}}"
SCHEDULES = "{schedule: [{noam: {warmup: 10}}, {noam: {warmup: 20}}]}"


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        # 40 values and the baseline, with 500 seeds each.
        (f"grid: {SWEEP}\nseeds: 500", 20_500),
        (f"grid: {SWEEP}\nseeds: {[*range(500)]}", 20_500),
        # 2 variants with 500 seeds, and for each seed 10 trials of 2 values of both.
        (f"{VARIANTS}\nseeds: 500\ntune: {{seeds: 10, grid: {SCHEDULES}}}", 21_000),
        # 2 variants with up to 1000 seeds, and for each 9 trials of 2 values of both.
        (
            f"{VARIANTS}\nseeds: {{least: 2, most: 1000}}\ntune: {{seeds: 9, grid: {SCHEDULES}}}",
            38_000,
        ),
        # 2 variants with 2 seeds, and once 300 trials of 40 values of both.
        (f"{AGAIN}\nseeds: 2\ntune: {{seeds: 300, choice: once, grid: {SWEEP}}}", 24_004),
    ],
)
def test_more_runs_than_a_study_can_have_are_refused_in_one_line(keys: str, count: int) -> None:
    (line,) = refusal(TINY.replace(VARIANTS + "\nseeds: 2", keys)).splitlines()
    assert re.match(rf"study\.yaml:\d+:1: {count} runs exceed the limit of 20000: ", line), line
    assert line.endswith("; use fewer of them")


def test_as_many_runs_as_a_study_can_have_are_valid() -> None:
    keys = f"grid: {{regularizers.dropout.rate: {RATES[:39]}}}\nseeds: 500"
    Path("study.yaml").write_text(TINY.replace(VARIANTS + "\nseeds: 2", keys))
    done = validate("study.yaml")
    assert done.exit_code == 0, done.output


def test_more_seeds_on_the_command_line_than_in_a_study_are_refused() -> None:
    Path("study.yaml").write_text(TINY)
    done = CliRunner().invoke(main, ["plan", "study.yaml", "--seeds", str(HUGE)])
    assert (done.exit_code, "1<=x<=1000" in done.output) == (2, True), done.output


@pytest.fixture
def special(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A pipe, a socket, a device and a folder, each with the words for it."""
    os.mkfifo("pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("socket")
        yield {
            "pipe": "it is a named pipe, not a file",
            "socket": "it is a socket, not a file",
            "/dev/zero": "it is a device, not a file",
            "folder": "Is a directory",
        }


def test_what_is_no_file_is_refused_as_study_plugin_and_corpus(special: dict[str, str]) -> None:
    for name, fault in special.items():
        done = validate(name)
        assert (done.exit_code, fault in done.output) == (2, True), done.output
        said = refusal(TINY + f"plugins: [{name}]\n")
        assert f"{name}: cannot be read: {fault}" in said
        sides = f"{{source: {name}, target: {name}}}"
        corpus = f"{{parallel_text: {{train: {sides}, validation: {sides}, test: {sides}}}}}"
        said = refusal(TINY.replace(DATASET, corpus))
        assert f"{name} cannot be read: {fault}" in said


def test_enormous_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("w") as file:
        file.truncate(2**40)  # sparse: it takes no space
    assert "exceeds the limit of 1000000 bytes" in validate("huge.yaml").output
    assert "exceeds the limit of 1000000 bytes" in refusal(TINY + "plugins: [huge.yaml]\n")
    sides = "{source: huge.yaml, target: huge.yaml}"
    corpus = f"{{parallel_text: {{train: {sides}, validation: {sides}, test: {sides}}}}}"
    said = refusal(TINY.replace(DATASET, corpus))
    assert f"has {2**40} bytes, more than the limit of 1000000000" in said


@pytest.mark.parametrize("name", ["runs", "Runs", "mlflow.db", "mlflow.db-wal", "mlflow-artifacts"])
def test_a_study_cannot_be_called_like_a_file_beside_its_report(name: str) -> None:
    assert "is reserved for a file beside the reports" in refusal(TINY, name=f"{name}.yaml")


@pytest.mark.parametrize("name", ["a b", ".a", "a\x1bb", "ä", "n" * 65])
def test_a_study_has_a_name_that_a_folder_can_have(name: str) -> None:
    said = refusal(TINY, name=f"{name}.yaml")
    assert "is not a valid name" in said


def test_a_folder_of_results_that_is_a_file_is_left_alone(tmp_path: Path) -> None:
    Path("figures.yaml").write_text(TINY)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "figures").write_text("mine")
    done = CliRunner().invoke(main, ["plan", "figures.yaml"])
    assert done.exit_code == 2
    assert done.output.startswith("results/figures is no folder; rename figures.yaml")


# --- any edit -----------------------------------------------------------------------------------

PIECES = (
    *"{}[]:\n'\"#|\t",
    *(", ", "  ", "- ", "&a ", "*a", "!t "),
    *("null", "off", "true", "-1", "0", "1e400", ".nan", str(HUGE), str(10**30), "9" * 150),
    *("\u0301", "\u202e", "\ud7ff", "word", "adam", "dropout", "copy", "greedy", "seeds", "study"),
)


def edited(text: str, *, chance: random.Random) -> str:
    """A study after one to four edits: words replaced, removed, repeated, moved or inserted."""
    words = re.findall(r"\w[\w.-]*|\s+|.", text)
    for _ in range(chance.randint(1, 4)):
        place, piece = chance.randrange(len(words)), chance.choice([*PIECES, chance.choice(words)])
        size = chance.choice([0, 0, 1, 1, 1, 5])
        words[place : place + size] = [piece] * chance.choice([0, 1, 1, 1, 3])
        words = words or [piece]
    return "".join(words)


def fuzz(count: int, *, seed: int) -> None:
    chance = random.Random(seed)
    statuses = set()
    for number in range(count):
        text = edited(TINY, chance=chance)
        Path("study.yaml").write_text(text, encoding="utf-8")
        done = validate("study.yaml")
        assert done.exit_code in {0, 2}, (number, text)
        if done.exit_code:
            assert all(line.startswith("study.yaml") for line in done.output.splitlines()), text
        statuses.add(done.exit_code)
    assert statuses == {0, 2}


def test_any_edit_of_a_study_gives_status_0_or_2() -> None:
    fuzz(300, seed=1)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_thousands_of_edits_give_status_0_or_2() -> None:
    fuzz(5000, seed=2)
