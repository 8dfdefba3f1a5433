"""``harness generate``: translations by a trained run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from harness.cli import options, output, run_argument
from harness.errors import HarnessError
from harness.printable import printable

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from harness.introspection.translation import Step, Trace, Translation

_ROUND = 3  # decimals of a probability
_WRONG = "≠"
_WIDE = 10_000  # letters: no line is wrapped where a program reads the table


@click.command()
@run_argument.takes_run(results="--out")
@click.argument("sentences", nargs=-1)
@click.option(
    "--trace", "traced", is_flag=True, help="Show the tokens that the decoder read and wrote."
)
@click.option("--reference", help="For --trace; the corpus's own by default.")
@options.JSON
def generate(
    run: run_argument.RunArgument,
    *,
    sentences: tuple[str, ...],
    traced: bool,
    reference: str | None,
    as_json: bool,
) -> None:
    r"""Translate SENTENCES, or the lines of standard input, with a trained RUN.

    A run that was trained on plain text continues them instead.

    RUN is a study, with --variant and --seed; or the first digits of a run's digest, which
    `harness plan` shows; or a run's folder. One line is printed for every line of input.

    \b
      harness generate studies/ablation.yaml "ein hund schläft ."
      harness generate 3f9c --trace --reference "a dog sleeps ." "ein hund schläft ."

    --trace shows, token by token, teacher forcing (the decoder reads the reference) beside free
    running (it reads its own tokens), with the probability of every token that it wrote.
    """
    from harness.introspection import translation

    lines = list(sentences) or _lines(sys.stdin.buffer.read())
    if reference is not None and (not traced or len(lines) != 1):
        raise HarnessError("--reference goes with --trace and one sentence")
    finished = run.load()
    if traced:
        traces = list(translation.traces(finished, lines=lines, reference=reference))
        _warn([trace.translation for trace in traces])
        _print_traces(traces, as_json=as_json)
    else:
        written = translation.translations(finished, lines=lines)
        _warn(written)
        if as_json:
            output.say_object({"translations": [line._asdict() for line in written]})
        else:
            output.say_data(_texts(written))


def _lines(content: bytes) -> list[str]:
    """The lines of standard input, as those of a corpus are read: in UTF-8, ended by newlines."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise HarnessError(f"standard input:{line}: not UTF-8; convert it first") from None
    # Not `splitlines`, which ends a line at U+2028 and others that a sentence may contain.
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _texts(written: Sequence[Translation]) -> str:
    return "\n".join(translation.text for translation in written)


def _warn(written: Sequence[Translation]) -> None:
    """Warn of words that are not in the vocabulary."""
    for number, translation in enumerate(written, start=1):
        if translation.unknown:
            words = ", ".join(map(repr, translation.unknown))
            output.say(f"warning: sentence {number}: not in the vocabulary: {words}", err=True)


def _print_traces(traces: Sequence[Trace], *, as_json: bool) -> None:
    if as_json:
        output.say_object({"translations": [_json_data(trace) for trace in traces]})
        return
    for number, trace in enumerate(traces):
        if number:
            output.say("")
        _print_trace(trace)


def _json_data(trace: Trace) -> object:
    """A trace as JSON data."""
    return {
        **trace.translation._asdict(),
        "reference": trace.reference,
        "gold": trace.gold,
        "teacher_forcing": [step._asdict() for step in trace.teacher_forcing],
        "free_running": [step._asdict() for step in trace.free_running],
    }


def _print_trace(trace: Trace) -> None:
    """Print a sentence, its reference, its translation, and the table of steps."""
    from rich.console import Console

    output.say(f"source       {trace.translation.source}")
    if trace.reference is not None:
        output.say(f"reference    {trace.reference}")
    output.say(f"translation  {trace.translation.text}\n")
    terminal = Console().is_terminal
    # Tokens are no markup: rich would read [b] as a style and :smile: as a picture.
    console = Console(width=None if terminal else _WIDE, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(_table(trace, plain=not terminal))
    output.say_styled("\n".join(line.rstrip() for line in capture.get().rstrip().splitlines()))
    if trace.gold:
        counts = (f"{name} {_right(trace, steps=steps)}" for name, steps in _modes(trace).items())
        output.say(f"\nright tokens of {len(trace.gold)}: {', '.join(counts)}")


def _modes(trace: Trace) -> dict[str, Sequence[Step]]:
    modes = {"teacher forcing": trace.teacher_forcing, "free running": trace.free_running}
    return {name: steps for name, steps in modes.items() if steps}


def _right(trace: Trace, *, steps: Sequence[Step]) -> int:
    """The number of positions with the gold token."""
    # Not strict: a translation may be shorter or longer than its reference.
    return sum(step.writes == gold for step, gold in zip(steps, trace.gold, strict=False))


def _table(trace: Trace, *, plain: bool) -> Table:
    """A row for each step: the gold token; for each mode, the tokens read and written, and p."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    modes = _modes(trace)
    table = Table(box=None if plain else box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for header in ["step", *(["gold"] if trace.gold else [])]:
        table.add_column(header)
    for name in modes:
        table.add_column(f"{name}: reads")
        table.add_column("writes")
        table.add_column("p", justify="right")
    for place in range(max(len(trace.gold), *map(len, modes.values()))):
        gold = trace.gold[place] if place < len(trace.gold) else ""
        cells = [Text(str(place + 1)), *([Text(printable(gold))] if trace.gold else [])]
        for steps in modes.values():
            cells += _cells(steps, place=place, gold=gold if trace.gold else None)
        table.add_row(*cells)
    return table


def _cells(steps: Sequence[Step], *, place: int, gold: str | None) -> list[Text]:
    """The cells of one mode at a position; a token that is not the gold one is marked."""
    from rich.text import Text

    if place >= len(steps):
        return [Text(""), Text(""), Text("")]
    step = steps[place]
    wrong = gold is not None and step.writes != gold
    reads, writes = printable(step.reads), printable(step.writes)
    mark = Text(f"{writes} {_WRONG}", style="red") if wrong else Text(writes)
    return [Text(reads), mark, Text(f"{step.probability:.{_ROUND}f}")]
