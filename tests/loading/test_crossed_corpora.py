"""Several corpora are a factor, crossed with the variants or the other factors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.analysis.factorial import factorial_effects
from harness.study.values import Study

Load = Callable[..., Study]
Faults = Callable[..., list[str]]

VARIANTS = """variants:
  no-dropout: {regularizers: {dropout: off}}
  cross-entropy: {loss: cross_entropy}
"""
LOSS, DROPOUT = "{loss: cross_entropy}", "{regularizers: {dropout: off}}"
CORPORA = "datasets: {small: {proverbs: {train: 40}}}\n"


def test_variants_are_trained_on_every_corpus(loaded: Load) -> None:
    study = loaded((VARIANTS, VARIANTS + CORPORA))
    assert list(study.variants) == [
        "baseline",
        "dataset=small",
        "variant=no-dropout",
        "variant=no-dropout+dataset=small",
        "variant=cross-entropy",
        "variant=cross-entropy+dataset=small",
    ]
    both = study.variants["variant=cross-entropy+dataset=small"]
    assert both.loss.name == "cross_entropy"
    assert both.dataset == study.variants["dataset=small"].dataset
    assert both.dataset != study.variants["baseline"].dataset
    factorial = study.design.factorial
    assert factorial
    assert factorial.corpora == "dataset"
    effects = [*factorial_effects(factorial)]
    assert [effect.name for effect in effects] == [
        "variant=no-dropout overall",
        "variant=no-dropout in dataset=baseline",
        "variant=no-dropout in dataset=small",
        "variant=cross-entropy overall",
        "variant=cross-entropy in dataset=baseline",
        "variant=cross-entropy in dataset=small",
    ]
    assert effects[0].observed == {
        "variant=no-dropout": 0.5,
        "variant=no-dropout+dataset=small": 0.5,
    }
    assert effects[2].observed == {"variant=no-dropout+dataset=small": 1}
    assert effects[2].expected == {"dataset=small": 1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{VARIANTS}  odd: 3\n{CORPORA}", "variant 'odd' must be a mapping of the options it"),
        (f"{VARIANTS}datasets: {{baseline: proverbs}}\n", "'baseline' is already a level of"),
        (f"{VARIANTS}datasets: {{}}\n", "datasets"),
        (f"{VARIANTS}datasets: {{small: nothing}}\n", "dataset"),
        (f"{CORPORA}grid: {{regularizers.dropout: [0.2, 0.3]}}\n", "grid and datasets cannot be"),
        (
            f"factors: {{dataset: {{a: {LOSS}}}, b: {{c: {DROPOUT}}}}}\n{CORPORA}",
            "datasets are the factor 'dataset'; rename this one",
        ),
    ],
)
def test_faults_keep_their_place(faults: Faults, text: str, fault: str) -> None:
    found = faults((VARIANTS, text))
    assert len(found) == 1, found
    assert fault in found[0]


def test_corpora_are_not_compared_pair_by_pair(faults: Faults) -> None:
    (fault,) = faults(
        (VARIANTS, VARIANTS + CORPORA),
        ("{primary: bleu, method: paired_t}", "{primary: bleu, against: each}"),
    )
    assert "datasets are compared by their effects, not pair by pair" in fault
