"""Translations by a trained run, and the tokens its decoder reads and writes at each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from harness.contracts import BOS, EOS, SPECIAL_TOKENS, UNK, Codec, Corpus, Pair
from harness.prediction import writable
from harness.runs.restored import RestoredRun
from harness.training.batches import encode
from harness.training.evaluation import evaluated, translate

ENDS = "(ends)"  # in place of a token: decoding stops here, though eos is not the likeliest


class Translation(NamedTuple):
    """A line and its translation; `unknown` are words of the line outside the vocabulary."""

    source: str
    text: str
    unknown: tuple[str, ...]


class Step(NamedTuple):
    """One token in, one token out; `probability` is the model's for the token it wrote."""

    reads: str
    writes: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A translation, decoded token by token in two ways.

    `gold` are the tokens of the reference, eos last, and `teacher_forcing` reads them shifted right
    by the bos; both are empty without a reference. `free_running` reads its own output. Tokens
    outside the vocabulary are ``<unk>``.
    """

    translation: Translation
    reference: str | None
    gold: tuple[str, ...]
    teacher_forcing: tuple[Step, ...]
    free_running: tuple[Step, ...]


def translations(run: RestoredRun, *, lines: Sequence[str]) -> list[Translation]:
    """Every line, translated; the number of a line, from 0, is the key of its random numbers."""
    pairs = encode([Pair(line, "") for line in lines], codecs=run.codecs)
    texts = translate(run.parts, pairs=pairs, of=run.generation)
    return [
        _translation(run, line=line, text=text) for line, text in zip(lines, texts, strict=True)
    ]


def traces(
    run: RestoredRun, *, lines: Sequence[str], reference: str | None = None
) -> Iterator[Trace]:
    """Every line, translated step by step.

    Without `reference`, a line that is in the corpus has the corpus's own.
    """
    for number, line in enumerate(lines):
        gold = find_reference(run.corpus, line=line) if reference is None else reference
        yield _trace(run, line=line, number=number, reference=gold)


def find_reference(corpus: Corpus, *, line: str) -> str | None:
    """The translation of a line in a corpus: in the test split, then validation, then train."""
    splits = (corpus.test, corpus.validation, corpus.train)
    return next((pair.target for split in splits for pair in split if pair.source == line), None)


def generate_tokens(run: RestoredRun, *, line: str, number: int = 0) -> list[int]:
    """The token ids that a run generates for a line, without bos and eos."""
    source = source_tokens(run, line=line)
    generate = run.generation.build(run.parts.setting)
    with torch.no_grad(), evaluated(run.parts) as model:
        (tokens,) = generate(model, source, sentences=[number])
    return tokens


def source_tokens(run: RestoredRun, *, line: str) -> torch.Tensor:
    """A line as the encoder reads it, in a batch of one."""
    tokens = [*run.codecs.source.encode(line), EOS]  # as `encode` does for a corpus
    return torch.tensor([tokens], device=run.parts.experiment.budget.device)


def token_texts(codec: Codec, *, tokens: Sequence[int]) -> tuple[str, ...]:
    """The text of each token, special ones by their names."""
    special = len(SPECIAL_TOKENS)
    return tuple(
        SPECIAL_TOKENS[token] if token < special else codec.decode([token]) for token in tokens
    )


def _trace(run: RestoredRun, *, line: str, number: int, reference: str | None) -> Trace:
    own = generate_tokens(run, line=line, number=number)
    target = run.codecs.target
    gold = [] if reference is None else [*target.encode(reference), EOS]
    return Trace(
        translation=_translation(run, line=line, text=target.decode(own)),
        reference=reference,
        gold=token_texts(target, tokens=gold),
        teacher_forcing=_steps(run, line=line, reads=[BOS, *gold[:-1]]) if gold else (),
        free_running=_steps(run, line=line, reads=[BOS, *own], writes=own),
    )


@torch.no_grad()
def _steps(
    run: RestoredRun, *, line: str, reads: Sequence[int], writes: Sequence[int] | None = None
) -> tuple[Step, ...]:
    """One pass over the tokens read, each step writing the likeliest token or that of `writes`.

    `writes` is one token shorter than `reads`: at the last step decoding stopped.
    """
    target = run.codecs.target
    source = source_tokens(run, line=line)
    with evaluated(run.parts) as model:
        hidden = model.decode(model.embed(source.new_tensor([reads])), model.encode(source))
        logits = model.project(hidden[0])
    likeliest = writable(logits).argmax(-1).tolist()
    tokens = likeliest if writes is None else [*writes, EOS]
    shown = list(token_texts(target, tokens=tokens))
    if writes is not None and likeliest[-1] != EOS:
        shown[-1] = ENDS
    # The model's own, in which the tokens that it may not write have their share.
    probabilities = logits.softmax(-1)[range(len(tokens)), tokens].tolist()
    return tuple(map(Step, token_texts(target, tokens=reads), shown, probabilities))


def _translation(run: RestoredRun, *, line: str, text: str) -> Translation:
    codec = run.codecs.source
    unknown = [word for word in line.split() if UNK in codec.encode(word)]
    return Translation(line, text, tuple(dict.fromkeys(unknown)))
