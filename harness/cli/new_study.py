"""``harness new study``: a commented study, which is valid and runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import click

from harness.cli import output
from harness.errors import HarnessError

_TOY = "toy_german"
_TABLES = (".tsv", ".csv", ".jsonl")
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
            "constant: {schedule: {constant: {learning_rate: 3.0e-3}}}",
            "no-decay: {schedule: {warmup_constant: {peak: 3.0e-3, warmup: 100}}}",
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
    metavar="CORPUS",
    help=f"{_TOY}, which is generated, or a .tsv, .csv or .jsonl file.",
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
def study(
    name: str, *, corpus: str | None, vary: str | None, question: str | None, **places: object
) -> None:
    r"""Write a study NAME.yaml, with comments, that is valid and runs.

    On a terminal it asks for the corpus and for what to vary, if no option says so. Elsewhere they
    are toy_german and dropout. A file of sentence pairs has a pair in each line, source and target
    with a tab between, or is a table with a header, or has a JSON object in each line.

    \b
      harness new study first
      harness new study ours --corpus pairs.tsv --vary label_smoothing
      harness new study ours --corpus pairs.csv --columns de,en --vary schedule
    """
    asks = sys.stdin.isatty()
    corpus = corpus or (click.prompt("Corpus", default=_TOY) if asks else _TOY)
    ideas = click.Choice([*IDEAS])
    vary = vary or (click.prompt("Vary", type=ideas, default="dropout") if asks else "dropout")
    folder, columns = Path(str(places["folder"])), places["columns"]
    text = study_text(
        corpus,
        idea=IDEAS[vary],
        question=question,
        columns=str(columns) if columns else None,
        path=folder / f"{name}.yaml",
    )
    output.say(write_new(folder / f"{name}.yaml", text=text))


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


def study_text(
    corpus: str, *, idea: Idea, question: str | None, columns: str | None, path: Path
) -> str:
    """The text of a study at `path`; raises `HarnessError` for a corpus that cannot be read."""
    note, dataset = _corpus(corpus, columns=columns, beside=path.parent)
    return _STUDY.format(
        file=path.name,
        question=json.dumps(question or idea.question, ensure_ascii=False),
        corpus_note=note,
        corpus=dataset,
        variants="\n".join(f"  {variant}" for variant in idea.variants),
    )


def _corpus(corpus: str, *, columns: str | None, beside: Path) -> tuple[str, str]:
    """The comment on a corpus, and the dataset as a study names it."""
    if corpus == _TOY:
        note = "Simple German sentences, generated, in three splits."
        return note, "{toy_german: {train: 400, validation: 200, test: 200}}"
    path = Path(corpus)
    if path.suffix.lower() not in _TABLES:
        raise HarnessError(f"{corpus}: no corpus; name {_TOY} or a .tsv, .csv or .jsonl file")
    try:
        with path.open("rb") as file:
            lines = sum(1 for _ in file)
    except OSError as error:
        raise HarnessError(f"{corpus}: {error.strerror}") from None
    held = max(1, min(_MOST, lines // 10))
    named = ""
    if columns:
        named = f", columns: [{', '.join(json.dumps(name) for name in columns.split(','))}]"
    place = json.dumps(os.path.relpath(path, beside), ensure_ascii=False)
    note = f"{lines} lines; {held} sentences each for validation and test, the rest to train on."
    split = f"{{validation: {held}, test: {held}}}"
    return note, f"{{parallel_text: {{file: {place}, split: {split}{named}}}}}"
