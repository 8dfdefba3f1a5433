"""``harness new study``: a commented study, which is valid and runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from harness.cli import options
from harness.cli.new_plugin import say_written
from harness.errors import HarnessError

_TOY = "toy_german"
_NAMED = (".csv", ".jsonl")  # with names for their columns
_TABLES = (".tsv", *_NAMED)
_MOST = 500  # sentence pairs of validation and of test


class Idea(NamedTuple):
    """A thing to vary: the question, and the variants, a line each."""

    question: str
    variants: tuple[str, ...]


IDEAS = {
    "dropout": Idea(
        "How much dropout does this task need?",
        (
            "no-dropout: {regularizers: {dropout: off}}",
            "more-dropout: {regularizers: {dropout: 0.3}}",
        ),
    ),
    "label_smoothing": Idea(
        "Is label smoothing better than plain cross-entropy?",
        ("cross-entropy: {loss: cross_entropy}",),
    ),
    "schedule": Idea(
        "Is a warmup with decay better than a constant learning rate?",
        (
            # Rates with the sum over all updates that the baseline has, lest it explain the effect.
            "constant: {schedule: {constant: {learning_rate: 8.2e-3}}}",
            "no-decay: {schedule: {warmup_constant: {peak: 9.8e-3, warmup: 100}}}",
        ),
    ),
    "optimizer": Idea("Is AdamW better than Adam?", ("adamw: {optimizer: adamw}",)),
    "depth": Idea("Does a deeper model learn more?", ("deeper: {model: {layers: 4}}",)),
    "norm": Idea(
        "Should normalization come before or after each sublayer?",
        ("post-norm: {model: {norm: post}}",),
    ),
}

_STUDY = """\
# Check it with `harness validate {file}`, preview it with `harness plan {file}`,
# carry it out with `harness run {file}`.

# The question, which the report answers.
question: {question}

# All choices of the model that the others are compared with. `harness plugins` lists every choice.
baseline:
  # {corpus_note}
  dataset: {corpus}
  tokenizer: word
  model: {{d_model: 64, d_ff: 256, heads: 4, layers: 2, norm: pre}}
  initializer: xavier_uniform
  regularizers: {{dropout: 0.1}}
  loss: {{label_smoothing: {{smoothing: 0.1}}}}
  optimizer: {{adam: {{betas: [0.9, 0.98], eps: 1.0e-9}}}}
  schedule: {{noam: {{warmup: 100}}}}
  decoding_policy: teacher_forcing
  generation: greedy
  # Small, so that a run takes under a minute: for results that matter, raise `updates` until the
  # curves in the report are flat, and `warmup` with it.
  budget: {{updates: 300, batch_tokens: 800, evaluate_every: 50}}

# A variant states only what it changes.
variants:
{variants}

# Every variant is trained once for each seed, and compared with the baseline seed by seed.
# `harness plan` says what effect so many seeds can show.
seeds: 5

# Scores of the translations; nll, perplexity and token_accuracy are always reported.
metrics: [bleu, chrf]

# Verdicts are on the primary metric.
compare: {{primary: nll}}
"""


@click.command("study")
@click.argument("name")
@click.option(
    "--corpus",
    "corpora",
    metavar="CORPUS",
    multiple=True,
    help=f"{_TOY}, which is generated; a .tsv, .csv or .jsonl file; or, given twice, a file of "
    "source sentences and one of their translations, line by line.",
)
@click.option("--columns", metavar="SOURCE,TARGET", help="The columns of a .csv or .jsonl file.")
@click.option("--question", help="The question; by default one about what is varied.")
@click.option("--vary", type=click.Choice([*IDEAS]), help="The choice that the variants change.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to create it in; the current one by default.",
)
@options.JSON
def study(name: str, *, folder: Path, as_json: bool, **chosen: Any) -> None:
    r"""Write a study NAME.yaml, with comments, that is valid and runs.

    On a terminal it asks for the corpus, for what to vary and for the question, if no option says
    so. Elsewhere they are toy_german, dropout and a question about it. A file of sentence pairs has
    a pair in each line, source and target with a tab between, or is a table with a header, or has a
    JSON object in each line. Of two plain files, line n of one translates line n of the other.

    \b
      harness new study first
      harness new study ours --corpus pairs.tsv --vary label_smoothing
      harness new study ours --corpus pairs.csv --columns de,en --vary schedule
      harness new study ours --corpus train.de --corpus train.en
    """
    path = folder / f"{name}.yaml"
    text = study_text(_choices(**chosen, asks=person_is_there()), path=path)
    say_written([write_new(path, text=text)], as_json=as_json)


def person_is_there() -> bool:
    """True if somebody can be asked."""
    return sys.stdin.isatty()


class Choices(NamedTuple):
    """What a study is to be about; `corpora` are one name, or two files of sentences."""

    corpora: Sequence[str]
    idea: Idea
    question: str
    columns: str | None


def _choices(
    *,
    corpora: Sequence[str],
    vary: str | None,
    question: str | None,
    columns: str | None,
    asks: bool,
) -> Choices:
    """What the options say; where they do not, what a person answers, or else the defaults."""

    def prompt(text: str, *, default: str, **kind: Any) -> str:
        # On standard error: standard output has what was written, and nothing else.
        answer: str = click.prompt(text, default=default, err=True, **kind) if asks else default
        return answer

    if not corpora:
        corpora = [prompt("Corpus", default=_TOY)]
        if asks and not _is_whole(corpora[0]):
            corpora = [*corpora, click.prompt("File of its translations", err=True)]
    vary = vary or prompt("Vary", default="dropout", type=click.Choice([*IDEAS]))
    idea = IDEAS[vary]
    return Choices(corpora, idea, question or prompt("Question", default=idea.question), columns)


def write_new(path: Path, *, text: str) -> Path:
    """Write a study, which must be valid; raises `HarnessError` for one that is there already."""
    from harness.loading import load

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise HarnessError(f"{path} exists already; choose another name") from None
    try:
        load(path)
    except HarnessError:
        path.unlink()
        raise
    return path


def study_text(choices: Choices, *, path: Path) -> str:
    """The text of a study at `path`; raises `HarnessError` for a corpus that cannot be read."""
    note, dataset = _corpus(choices, beside=path.parent)
    return _STUDY.format(
        file=path.name,
        question=json.dumps(choices.question, ensure_ascii=False),
        corpus_note=note,
        corpus=dataset,
        variants="\n".join(f"  {variant}" for variant in choices.idea.variants),
    )


def _is_whole(corpus: str) -> bool:
    """True for the name of a corpus that has sentences and translations."""
    return corpus == _TOY or Path(corpus).suffix.lower() in _TABLES


def _corpus(choices: Choices, *, beside: Path) -> tuple[str, str]:
    """The comment on a corpus, and the dataset as a study names it."""
    names = choices.corpora
    if choices.columns and not any(Path(name).suffix.lower() in _NAMED for name in names):
        fault = f"no columns with names in {', '.join(names)}; leave the option out"
        raise HarnessError(f"--columns: {fault}, or name a {' or '.join(_NAMED)} file")
    if [*names] == [_TOY]:
        note = "Simple German sentences, generated, in three splits."
        return note, "{toy_german: {train: 400, validation: 200, test: 200}}"
    # Two, none of which has pairs, or a single one that has.
    if len(names) > 2 or any(_is_whole(name) == (len(names) == 2) for name in names):
        fault = f"name {_TOY}, a .tsv, .csv or .jsonl file, or two files of sentences"
        raise HarnessError(f"{', '.join(names)}: no corpus; {fault}, --corpus FILE --corpus FILE")
    counts = [_lines(name) for name in names]
    if len({*counts}) == 2:
        fault = f"{counts[0]} and {counts[1]} lines; each line of one must translate the other's"
        raise HarnessError(f"{names[0]} and {names[1]} have {fault}")
    places = [json.dumps(os.path.relpath(name, beside), ensure_ascii=False) for name in names]
    held = max(1, min(_MOST, counts[0] // 10))
    sizes = f"{held} sentences each for validation and test, the rest to train on"
    note = f"{counts[0]} lines; {sizes}."
    split = f"split: {{validation: {held}, test: {held}}}"
    if len(places) == 2:
        train = f"{{source: {places[0]}, target: {places[1]}}}"
        return note, f"{{parallel_text: {{train: {train}, {split}}}}}"
    columns = ""
    if choices.columns:
        columns = f", columns: [{', '.join(map(json.dumps, choices.columns.split(',')))}]"
    return note, f"{{parallel_text: {{file: {places[0]}, {split}{columns}}}}}"


def _lines(name: str) -> int:
    try:
        with Path(name).open("rb") as file:
            return sum(1 for _ in file)
    except OSError as error:
        raise HarnessError(f"{name}: {error.strerror}") from None
