"""Notes on scores that depend on tokens, and on scores of the raw text."""

from __future__ import annotations

from harness.contracts import OF_RAW_TEXT
from harness.report.values import Report
from harness.report.verdict_claims import listed

_UNITS = (
    " nll, perplexity and token_accuracy are per token, and tokens of different tokenizers are"
    " different units: runs with other tokens are not compared by them, and equal tokens are not"
    " equal text. bits_per_byte is per byte of the raw text, whatever its tokens."
)


def tokens_note(report: Report) -> str:
    """The metrics that compare no runs whose text has other tokens, and the one that does.

    To follow other sentences; empty if all runs have the same tokens.
    """
    cut: dict[str, set[str]] = {}
    for run in report.results:
        if run.references and run.tokens:
            cut.setdefault(run.references, set()).add(run.tokens)
    return _UNITS if any(len(tokens) > 1 for tokens in cut.values()) else ""


def unscored_note(report: Report) -> str:
    """The variants whose runs have no score of the raw text, with the reason; empty if none."""
    variants: dict[tuple[str, str], dict[str, None]] = {}
    for run in report.results:
        for metric in sorted(OF_RAW_TEXT & run.unscored.keys()):
            reason = run.unscored[metric]
            variants.setdefault((metric, reason), {})[run.variant] = None
    return "".join(
        f" No {metric} of {listed([*names])}: {reason}."
        for (metric, reason), names in variants.items()
    )
