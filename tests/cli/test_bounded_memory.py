"""Studies that would fill the memory are refused within a small part of it, by the real command.

One process reads them all: it has loaded what an ordinary study needs, and may then take little
more. Times are bounded in `test_hostile_studies.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny_study import TINY

MORE = 100_000_000  # bytes, beyond those of a process that has validated an ordinary study
READS = """
import resource, sys
from click.testing import CliRunner
from harness.cli import main

ordinary, more, *hostile = sys.argv[1:]
assert CliRunner().invoke(main, ["validate", ordinary]).exit_code == 0
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + int(more)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for path in hostile:
    done = CliRunner().invoke(main, ["validate", path])
    assert isinstance(done.exception, SystemExit), (path, done.exception)
    print(path, done.exit_code, done.output.splitlines()[0])
try:
    bytearray(int(more))
except MemoryError:
    print("and the limit holds")
"""
SEEDS = "seeds: 2"
VARIANTS = "variants:\n  no-dropout: {regularizers: {dropout: off}}"
VALUES = [n / 10_000 for n in range(5000)]


def bomb(width: int, *, levels: int) -> str:
    """Aliases of aliases: `width` to the power of `levels` values."""
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    for n in range(1, levels):
        again = [f"*a{n - 1}"] * width
        lines.append(f"a{n}: &a{n} [{', '.join(again)}]")
    return "\n".join(lines)


SCHEDULES = "{schedule: [{noam: {warmup: 9}}, {noam: {warmup: 8}}]}"
LEVELS = "{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, g: {}, h: {}, i: {}}"
FACTORS = "".join(f"  factor{n}: {LEVELS}\n" for n in range(9))
DATASET = "toy_german: {train: 60, validation: 20, test: 20}"
HOSTILE = {
    "bomb": (bomb(9, levels=30), "more than 10000 values with aliases expanded"),
    "bomb-of-mappings": (
        bomb(9, levels=30).replace("[", "{k: [").replace("]", "]}"),
        "more than 10000 values with aliases expanded",
    ),
    "deep": ("[" * 999_000, "nested more than 40 levels deep"),
    "deep-blocks": ("- " * 499_000 + "a", "nested more than 40 levels deep"),
    "deep-variant": (
        TINY.replace("{dropout: off}", "{dropout: " * 5000 + "1" + "}" * 5000),
        "nested more than 40 levels deep",
    ),
    "wide": (f"a: [{'1,' * 490_000}]", "more than 10000 values with aliases expanded"),
    "long-line": ("a: " + "x" * 999_000, "a study needs"),
    "long-name": (TINY.replace("no-dropout", "n" * 900_000), "not YAML"),
    "long-value": (TINY.replace("optimizer: adam", f"optimizer: {'a' * 900_000}"), "optimizer"),
    "marks": (TINY.replace("optimizer: adam", "optimizer: a" + "\u0301" * 400_000), "optimizer"),
    "digits": (TINY.replace("updates: 12", "updates: " + "9" * 900_000), "updates"),
    "grid": (
        TINY.replace(VARIANTS, f"grid: {{regularizers.dropout.rate: {VALUES}}}"),
        "5000 variants exceed the limit of 500",
    ),
    "crossed": (
        TINY.replace(VARIANTS, f"factors:\n{FACTORS}"),
        "1000000000 combinations exceed the limit of 64",
    ),
    "trials": (
        TINY.replace(
            SEEDS,
            f"seeds: 1000\ntune: {{seeds: 1000, grid: {SCHEDULES}}}",
        ),
        "runs exceed the limit of 20000",
    ),
    "model": (TINY.replace("d_model: 16", "d_model: 1000000000"), "more than the limit of 2e+09"),
    "corpus": (
        TINY.replace(DATASET, "copy: {train: 900000, length: 900}"),
        "more than the limit of 20000000",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="it reads its size from /proc")
def test_what_would_fill_the_memory_is_refused_within_little_of_it(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    for name, (text, _) in HOSTILE.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with (tmp_path / "sparse.yaml").open("w") as file:
        file.truncate(2**40)  # it takes no space
    names = [f"{name}.yaml" for name in (*HOSTILE, "sparse")]
    done = subprocess.run(
        [sys.executable, "-c", READS, "tiny.yaml", str(MORE), *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    assert last == "and the limit holds"
    expected = [*(fault for _, fault in HOSTILE.values()), "exceeds the limit of 1000000 bytes"]
    for name, fault, line in zip(names, expected, lines, strict=True):
        assert line.startswith(f"{name} 2 {name}"), line[:1000]
        assert fault in line, line[:1000]
