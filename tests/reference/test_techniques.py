"""Every technique names its paper and its oracle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.components import Loss
from harness.reference.pages import _ours
from harness.reference.techniques import (
    ROOT,
    Technique,
    core_table,
    papers,
    tables,
    techniques,
)

ALL = list(techniques(_ours()))
# Where nobody needs to be cited: data, and what is older than papers about it.
WITHOUT_PAPER = {
    ("dataset", "hugging_face"),
    ("dataset", "parallel_text"),
    ("dataset", "text"),
    ("dataset", "sort"),
    ("dataset", "toy_german"),
    ("decay", "constant"),
    ("loss", "cross_entropy"),
    ("metrics", "accuracy"),
    ("metrics", "exact_match"),
    ("schedule", "constant"),
    ("schedule", "exponential"),
    ("tokenizer", "char"),
    ("tokenizer", "word"),
}


def _names(technique: Technique) -> tuple[str, str]:
    return technique.component.slot, technique.component.name


@pytest.mark.parametrize("technique", ALL, ids=lambda technique: "-".join(_names(technique)))
def test_a_technique_names_its_paper_and_its_oracle(technique: Technique) -> None:
    assert bool(technique.papers) != (_names(technique) in WITHOUT_PAPER), "its docstring cites"
    assert technique.oracle, 'its test begins with """Held against ..."""'
    assert technique.test is not None
    assert (ROOT / technique.test).is_file()


def test_what_needs_no_paper_is_still_there() -> None:
    assert set(map(_names, ALL)) >= WITHOUT_PAPER


@dataclass(frozen=True, kw_only=True)
class Cited(Loss):
    """After Vaswani et al. (2017, section 5), Duchi, Hazan and Singer 2011 and (LaViT, Zhang et al.
    2024, CVPR 2024); in 2014 nobody did, nor Kingma & Ba, 2015, nor again Vaswani et al. 2017.
    """

    name = "cited"

    def build(self, setting: object) -> object:
        raise NotImplementedError


def test_papers_are_read_off_a_docstring() -> None:
    assert papers(Cited) == [
        "Vaswani et al. 2017",
        "Duchi, Hazan and Singer 2011",
        "Zhang et al. 2024",
        "Kingma and Ba 2015",
    ]


def test_studies_that_vary_a_choice_come_before_those_that_only_use_it() -> None:
    studies = {_names(technique): technique.studies for technique in ALL}
    assert studies["decay", "linear"][0] == Path("studies/ablation.yaml")  # within an option
    assert Path("studies/ablation.yaml") in studies["loss", "cross_entropy"]
    assert studies["generation", "beam"][0] == Path("studies/article/generation.yaml")


def test_a_table_has_a_row_for_each_technique_with_links_that_lead_somewhere() -> None:
    text = "\n".join(tables(_ours()))
    assert text.count("\n| [`") == len(ALL)
    links = re.findall(r"\]\(\.\./\.\./([^)]+)\)", text)
    assert len(links) > 2 * len(ALL)
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_a_module_of_the_core_has_a_row_if_its_test_names_an_oracle() -> None:
    rows = {row.split("`")[1]: row for row in core_table().splitlines()[2:]}
    assert {"draw_thinned", "exposure_bias", "gradient_norms"} <= rows.keys()
    assert "transformer" not in rows
    row = rows["gradient_norms"]
    assert "| Glorot and Bengio 2010 |" in row
    assert "[torch's autograd, layer by layer](../../tests/training/test_gradient_norms.py)" in row
    assert "Bengio et al. 2015; He et al. 2021" in rows["exposure_bias"]
