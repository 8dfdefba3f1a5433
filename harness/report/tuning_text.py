"""The tuning of a study in sentences: the choices, how close they were, and what they leave out."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.digits import digits_text
from harness.report.values import TunedVariant, TuningSummary
from harness.report.verdict_claims import listed


def tuning_sentences(tuning: TuningSummary) -> Iterator[str]:
    """The trials and the choice, then how close it was and where it lies in the grid."""
    values = len(tuning.variants[0].scores)
    who = "every variant" if tuning.once else "for every seed of the study, each variant"
    yield (
        f"Equal tuning: {who} was trained with the same {values} values of {tuning.option}, on "
        f"{trial_seeds(tuning)} reserved for tuning, and uses the value with the best validation "
        f"{tuning.metric}; none of its runs was tested before that."
    )
    if unscored := [tuned.variant for tuned in tuning.variants if tuned.unscored]:
        yield f"Of {listed(unscored)} no value has a score, so the first is used."
    yield (
        "The value is the same for all seeds, so p values and intervals hold for these values: the"
        " chance by which they were chosen is not in them."
        if tuning.once
        else "Each seed repeats the choice, so p values and intervals are those of tuning and"
        " training together."
    )
    leads = "; ".join(map(lead_text, tuning.variants))
    yield f"Distance of the best two values, in standard deviations of a trial, {leads}."
    edges = [text for tuned in tuning.variants if (text := edge_text(tuned, once=tuning.once))]
    if edges:
        yield f"At the edge of the grid, beyond which a better value may lie: {'; '.join(edges)}."


def tuning_limit(tuning: TuningSummary | None) -> str:
    """The first sentence of an answer about variants that were tuned once; otherwise nothing."""
    if tuning is None or not tuning.once:
        return ""
    chosen = [f"{tuned.variant} {chosen_text(tuned, once=True)}" for tuned in tuning.variants]
    return (
        f"This holds for one value of {tuning.option} each ({', '.join(chosen)}) and says nothing"
        " of the tuning itself. "
    )


def trial_seeds(tuning: TuningSummary) -> str:
    """The number of seeds with which each value is tried."""
    return "1 seed" if tuning.seeds == 1 else f"{tuning.seeds} seeds"


def chosen_text(tuned: TunedVariant, *, once: bool) -> str:
    """The value of a variant or, if seeds have their own, each value with its seeds."""
    by_value: dict[str, list[int]] = {value: [] for value in tuned.scores}
    for seed, value in tuned.chosen.items():
        by_value[value].append(seed)
    used = {value: seeds for value, seeds in by_value.items() if seeds}
    if once:
        return ", ".join(used)
    return "; ".join(
        f"{value} ({'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))})"
        for value, seeds in used.items()
    )


def lead_text(tuned: TunedVariant) -> str:
    """The distance of a variant's two best values, in standard deviations, or why there is none."""
    if tuned.lead is not None:
        return f"for {tuned.variant}: {digits_text(tuned.lead, digits=2)}"
    several = sum(score is not None for score in tuned.scores.values()) > 1
    why = "each value had one trial" if several else "fewer than two values have a score"
    return f"for {tuned.variant}: unknown, as {why}"


def edge_text(tuned: TunedVariant, *, once: bool) -> str:
    """The seeds of a variant whose value is at the edge of the grid; empty if there is none."""
    if tuned.unscored or not tuned.edge:
        return ""
    share = f" in {len(tuned.edge)} of {len(tuned.chosen)} seeds"
    return f"{tuned.variant}{'' if once else share}"
