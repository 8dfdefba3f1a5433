"""The comparisons that a study's tokenizers allow, as its plan can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from harness.comparability.predicted import Expected
from harness.components.cost_metric import COST_METRICS
from harness.contracts import CORE_METRICS, OF_RAW_TEXT
from harness.study.values import BASELINE, Study

# Costs are those to reach an nll.
_PER_TOKEN = CORE_METRICS.keys() - OF_RAW_TEXT | {metric.name for metric in COST_METRICS}


def with_altered_text(study: Study, *, expected: Mapping[str, Expected]) -> dict[str, Expected]:
    """The facts, at fault where the primary metric needs a text that tokens do not give back."""
    primary = study.compare.primary
    if primary not in OF_RAW_TEXT:
        return dict(expected)
    return {
        name: replace(facts, fault=_fault(facts.altered, primary=primary), choice=("tokenizer",))
        if facts.altered and not facts.fault and name in study.variants
        else facts
        for name, facts in expected.items()
    }


def _fault(altered: str, *, primary: str) -> str:
    return (
        f"no {primary}: the tokenizer does not give back {altered} exactly (unknown tokens, case "
        "or spacing); choose another, or another primary metric"
    )


def tokenizer_cautions(study: Study) -> Iterator[str]:
    """A line on variants with another tokenizer, where the primary metric is per token."""
    primary, baseline = study.compare.primary, study.variants[BASELINE]
    if primary not in _PER_TOKEN:
        return
    other = [
        name
        for name, choices in study.variants.items()
        if choices.dataset == baseline.dataset and choices.tokenizer != baseline.tokenizer
    ]
    if other:
        yield (
            f"{', '.join(other)}: {primary} depends on tokens, and runs with other tokens than the "
            "baseline's are not compared by it; `compare: {primary: bits_per_byte}` compares them, "
            "or a metric of text"
        )
