from __future__ import annotations

import pytest

from harness.report import TunedVariant, TuningSummary
from harness.report.tuning_text import chosen_text, lead_text, tuning_limit, tuning_sentences

VALUES = {"0.01": 2.0, "0.001": 3.0, "1e-07": 4.0}  # in the order of a study, not of size


def tuned(*chosen: str, lead: float | None = None) -> TunedVariant:
    """A variant with these values for seeds 1, 2 and so on."""
    return TunedVariant("a", dict(enumerate(chosen, start=1)), VALUES, lead)


def test_a_choice_per_seed_says_whose_intervals_they_are() -> None:
    summary = TuningSummary("rate", 1, "nll", [tuned("0.001", "0.01", "0.01", lead=0.25)])
    trials, claim, lead, edge = tuning_sentences(summary)
    assert trials.startswith("Equal tuning: for every seed of the study, each variant was trained")
    assert "on 1 seed reserved for tuning" in trials
    assert claim.endswith("are those of tuning and training together.")
    assert (
        lead == "Distance of the best two values, in standard deviations of a trial, for a: 0.25."
    )
    assert edge.endswith("beyond which a better value may lie: a in 2 of 3 seeds.")
    assert tuning_limit(summary) == ""


def test_one_choice_for_all_seeds_is_named_before_any_answer() -> None:
    summary = TuningSummary("rate", 2, "nll", [tuned("0.001", "0.001")], once=True)
    trials, claim, lead = tuning_sentences(summary)
    assert "on 2 seeds reserved for tuning" in trials
    assert claim.endswith("the chance by which they were chosen is not in them.")
    assert lead.endswith("for a: unknown, as each value had one trial.")
    assert tuning_limit(summary) == (
        "This holds for one value of rate each (a 0.001) and says nothing of the tuning itself. "
    )
    assert tuning_limit(None) == ""


def test_values_without_a_score_are_not_said_to_be_the_best() -> None:
    failed = TunedVariant("b", {1: "0.01"}, dict.fromkeys(VALUES))
    _, first, *_ = tuning_sentences(TuningSummary("rate", 1, "nll", [tuned("0.001"), failed]))
    assert first == "Of b no value has a score, so the first is used."
    alone = " ".join(tuning_sentences(TuningSummary("rate", 1, "nll", [failed])))
    assert failed.edge == [1]
    assert "At the edge of the grid" not in alone


@pytest.mark.parametrize(("chosen", "edge"), [("0.01", [1]), ("0.001", []), ("1e-07", [1])])
def test_the_edge_of_a_grid_is_its_least_and_its_greatest(chosen: str, edge: list[int]) -> None:
    assert tuned(chosen).edge == edge
    assert chosen_text(tuned(chosen), once=False) == f"{chosen} (seed 1)"


def test_a_single_value_with_a_score_leads_by_an_unknown_distance() -> None:
    failing = TunedVariant("a", {1: "0.01", 2: "0.01"}, {"0.01": 2.0, "1.0": None})
    assert lead_text(failing) == "for a: unknown, as fewer than two values have a score"


def test_names_have_no_edge() -> None:
    assert TunedVariant("a", {1: "post"}, {"pre": 1.0, "post": 2.0}).edge == []
