"""The cost of decoding, of each variant and against greedy decoding of the same models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from harness.contracts import DecodingCost, RunSummary
from harness.report.numbers import NOT_AVAILABLE
from harness.report.tables import Table
from harness.report.values import Report
from harness.study.values import BASELINE

_GREEDY = "greedy"
_Costs = Mapping[int, DecodingCost]  # by seed


def decoding_table(report: Report) -> Table:
    """Tokens a second, passes a token and accepted tokens: medians over a variant's runs."""
    costs = {name: _costs(report, variant=name) for name in report.variants}
    names = {run.variant: run.generation for run in report.runs}
    rows = [
        [
            name,
            names[name],
            _pace(of, baseline=costs.get(BASELINE, {}) if name != BASELINE else {}),
            _median([cost.passes_per_token for cost in of.values()], form="{:.3g}"),
            _median([cost.acceptance for cost in of.values()], form="{:.0%}"),
        ]
        for name, of in costs.items()
        if of
    ]
    columns = ["variant", "generation", "tokens a second", "passes a token", "accepted"]
    guesses = any(row[-1] != NOT_AVAILABLE for row in rows)
    return Table(columns, rows, right=2) if guesses else _without_last(columns, rows=rows)


def decoding_note(report: Report) -> str:
    """The caption of the table, with what guessing tokens has brought."""
    note = (
        "What decoding cost, as medians over seeds; in parentheses, the ratio to the baseline of"
        " the same seed. Tokens are those written, an eos for each sentence among them; passes are"
        " of the model's decoder, as a sentence sees them, so that a beam takes one for all its"
        " hypotheses. Tokens a second depend on the machine and on its load, and are part of no"
        " verdict."
    )
    return " ".join([note, *_on_guesses(report)])


def _on_guesses(report: Report) -> Iterator[str]:
    """For each variant that proposes tokens: how many were accepted, and whether it pays."""
    greedy = {
        run.training: run.decoding
        for run in report.runs
        if run.generation == _GREEDY and run.decoding
    }
    for variant in report.variants:
        guessing = [run for run in _decoded(report, variant=variant) if run[1].proposed]
        if not guessing:
            continue
        accepted = _median([cost.acceptance for _, cost in guessing], form="{:.0%}")
        ratios = [
            ratio
            for run, cost in guessing
            if (ratio := _ratio(cost, to=greedy.get(run.training))) is not None
        ]
        if not ratios:
            yield f"Of what {variant} proposed, {accepted} was accepted."
            continue
        ratio = median(ratios)
        pays = "it does not pay here" if ratio < 1 else "it pays here"
        yield (
            f"Of what {variant} proposed, {accepted} was accepted; it wrote {ratio:.2g} times as"
            f" many tokens a second as greedy decoding of the same models: {pays}."
        )


def _costs(report: Report, *, variant: str) -> _Costs:
    return {run.seed: cost for run, cost in _decoded(report, variant=variant)}


def _decoded(report: Report, *, variant: str) -> list[tuple[RunSummary, DecodingCost]]:
    """The runs of a variant whose decoding was measured, and what it cost."""
    return [(run, run.decoding) for run in report.runs if run.variant == variant and run.decoding]


def _pace(costs: _Costs, *, baseline: _Costs) -> str:
    pace = _median([cost.tokens_per_second for cost in costs.values()], form="{:,.0f}")
    ratios = [
        ratio
        for seed, cost in costs.items()
        if (ratio := _ratio(cost, to=baseline.get(seed))) is not None
    ]
    return f"{pace} ({median(ratios):.3g})" if ratios else pace


def _ratio(cost: DecodingCost, *, to: DecodingCost | None) -> float | None:
    """The ratio of tokens a second; None if either is unknown."""
    own, other = cost.tokens_per_second, to.tokens_per_second if to else None
    return own / other if own and other else None


def _median(values: Sequence[float | None], *, form: str) -> str:
    known = [value for value in values if value is not None]
    return form.format(median(known)) if known else NOT_AVAILABLE


def _without_last(columns: Sequence[str], *, rows: Sequence[Sequence[object]]) -> Table:
    return Table(columns[:-1], [row[:-1] for row in rows], right=2)
