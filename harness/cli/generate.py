"""What a trained run writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from harness.cli import options, run_argument
from harness.errors import HarnessError

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from harness.inspection.translation import Step, Trace, Translation

_ROUND = 3  # decimals of a probability
_WRONG = "≠"
_WIDE = 10_000  # letters: as wide as it must be, for whatever reads it


@click.command()
@run_argument.chosen(results="--out")
@click.argument("sentences", nargs=-1)
@click.option("--trace", "traced", is_flag=True, help="Show what the decoder read and wrote.")
@click.option("--reference", help="What --trace compares with; unless said, the corpus's own.")
@options.JSON
def generate(
    run: run_argument.Chosen,
    *,
    sentences: tuple[str, ...],
    traced: bool,
    reference: str | None,
    as_json: bool,
) -> None:
    r"""Translate SENTENCES, or the lines of standard input, with a trained RUN.

    RUN is a study, with --variant and --seed; or the first digits of a run's digest, which
    `harness plan` shows; or a run's folder. A line comes out for every line that goes in.

    \b
      harness generate studies/ablation.yaml "ein hund schläft ."
      harness generate 3f9c --trace --reference "a dog sleeps ." "ein hund schläft ."

    --trace shows, token by token, teacher forcing (the decoder reads the reference) beside free
    running (it reads what it wrote), with the probability of every token that it wrote.
    """
    from harness.inspection import translation

    lines = list(sentences) or [line.rstrip("\r\n") for line in sys.stdin]
    if reference is not None and (not traced or len(lines) != 1):
        raise HarnessError("--reference goes with --trace and one sentence")
    finished = run.load()
    if traced:
        found = list(translation.traces(finished, lines=lines, reference=reference))
        _warn([each.translation for each in found])
        _tell_traces(found, as_json=as_json)
    else:
        written = translation.translations(finished, lines=lines)
        _warn(written)
        click.echo(_json([each._asdict() for each in written]) if as_json else _texts(written))


def _texts(written: Sequence[Translation]) -> str:
    return "\n".join(each.text for each in written)


def _json(objects: Sequence[object]) -> str:
    return json.dumps(objects, indent=2, ensure_ascii=False)


def _warn(written: Sequence[Translation]) -> None:
    """Name the words that were read as unknown."""
    for number, each in enumerate(written, start=1):
        if each.unknown:
            words = ", ".join(map(repr, each.unknown))
            click.echo(f"warning: sentence {number}: not in the vocabulary: {words}", err=True)


def _tell_traces(traces: Sequence[Trace], *, as_json: bool) -> None:
    if as_json:
        click.echo(_json([_plain(trace) for trace in traces]))
        return
    for number, trace in enumerate(traces):
        if number:
            click.echo()
        _tell(trace)


def _plain(trace: Trace) -> object:
    """A trace as JSON data."""
    return {
        **trace.translation._asdict(),
        "reference": trace.reference,
        "gold": trace.gold,
        "teacher_forcing": [step._asdict() for step in trace.teacher_forcing],
        "free_running": [step._asdict() for step in trace.free_running],
    }


def _tell(trace: Trace) -> None:
    """The sentence, its reference, its translation, and the table of steps."""
    from rich.console import Console

    click.echo(f"source       {trace.translation.source}")
    if trace.reference is not None:
        click.echo(f"reference    {trace.reference}")
    click.echo(f"translation  {trace.translation.text}\n")
    terminal = Console().is_terminal
    console = Console(width=None if terminal else _WIDE, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(_table(trace, plain=not terminal))
    click.echo("\n".join(line.rstrip() for line in capture.get().rstrip().splitlines()))
    if trace.gold:
        counts = (f"{name} {_right(trace, steps=steps)}" for name, steps in _ways(trace).items())
        click.echo(f"\nright tokens of {len(trace.gold)}: {', '.join(counts)}")


def _ways(trace: Trace) -> dict[str, Sequence[Step]]:
    ways = {"teacher forcing": trace.teacher_forcing, "free running": trace.free_running}
    return {name: steps for name, steps in ways.items() if steps}


def _right(trace: Trace, *, steps: Sequence[Step]) -> int:
    """How many places have the token that they should."""
    return sum(step.writes == gold for step, gold in zip(steps, trace.gold, strict=False))


def _table(trace: Trace, *, plain: bool) -> Table:
    """A row a step: the token wanted, and for each way what is read, written, and how surely."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    ways = _ways(trace)
    table = Table(box=None if plain else box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for header in ["step", *(["gold"] if trace.gold else [])]:
        table.add_column(header)
    for name in ways:
        table.add_column(f"{name}: reads")
        table.add_column("writes")
        table.add_column("p", justify="right")
    for place in range(max(len(trace.gold), *map(len, ways.values()))):
        gold = trace.gold[place] if place < len(trace.gold) else ""
        cells = [Text(str(place + 1)), *([Text(gold)] if trace.gold else [])]
        for steps in ways.values():
            cells += _cells(steps, place=place, gold=gold if trace.gold else None)
        table.add_row(*cells)
    return table


def _cells(steps: Sequence[Step], *, place: int, gold: str | None) -> list[Text]:
    """What one way read and wrote at a place; a token that is not the gold one is marked."""
    from rich.text import Text

    if place >= len(steps):
        return [Text(""), Text(""), Text("")]
    step = steps[place]
    wrong = gold is not None and step.writes != gold
    mark = Text(f"{step.writes} {_WRONG}", style="red") if wrong else Text(step.writes)
    return [Text(step.reads), mark, Text(f"{step.probability:.{_ROUND}f}")]
