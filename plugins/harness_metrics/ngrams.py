"""Words as sacrebleu's BLEU has them, and n-grams of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Ngram = tuple[str, ...]


def words_of(lines: Sequence[str]) -> list[list[str]]:
    """The words and punctuation marks of each line, by mteval-v13a, as in BLEU's default."""
    from sacrebleu.metrics.bleu import BLEU

    tokenizer = BLEU(tokenize="13a").tokenizer
    return [tokenizer(line.rstrip()).split() for line in lines]


def ngrams(words: Sequence[str], *, n: int) -> Counter[Ngram]:
    """Every n-gram of a line, with how often it occurs there."""
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
