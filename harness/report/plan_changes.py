"""Changes of a study's plan after its results had been seen: what they cost, and what is said."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.report.verdict_claims import listed
from harness.runs.inspections import History, PlanEntry
from harness.study.values import BASELINE, Study

# What no correction makes good: a change is only named.
_NAMED: Mapping[str, Callable[[PlanEntry], str]] = {
    "primary metric": lambda entry: entry.primary,
    "margin": lambda entry: _margins(entry.margins),
    "method": lambda entry: entry.method,
    "comparison": lambda entry: f"with {entry.against}",
    "diverged runs": lambda entry: entry.diverged,
    "tuning": lambda entry: entry.tuning or "none",
    "seeds": lambda entry: _ranges(entry.seeds),
}


def related(history: History, *, to: PlanEntry) -> list[PlanEntry]:
    """The plans and inspections of the same experiments, whatever the study is called now.

    Two choices in common make a comparison in common; in a study of the same name, one does, as
    its variants may all be others. Entries of earlier versions are known by their runs.
    """
    return [entry for entry in history.entries if _is_related(entry, to=to)]


def inspected(history: History, *, to: PlanEntry) -> list[PlanEntry]:
    """Those of the related entries that saw a test: the frozen plan is not one of them."""
    return [entry for entry in related(history, to=to) if entry.is_test]


def frozen_plan(history: History, *, to: PlanEntry) -> PlanEntry | None:
    """The plan before anybody had seen a test; where none was frozen, that of the first inspection.

    The study's own plan where it had one by then. None if nothing has been seen, so that every
    change is free, or if no plan is known.
    """
    entries = related(history, to=to)
    first = next((place for place, entry in enumerate(entries) if entry.is_test), None)
    if first is None:
        return None
    # One seed tests nothing, so a look at it fixes nothing.
    before = [entry for entry in entries[:first] if entry.variants and not entry.runs]
    own = [entry for entry in before if entry.study == to.study]
    known = own or before or [entry for entry in entries[first:] if entry.variants][:1]
    return known[-1] if known else None


def _course(history: History, *, to: PlanEntry) -> list[PlanEntry]:
    """The frozen plan, those under which results were seen, and the present one; or nothing."""
    frozen = frozen_plan(history, to=to)
    if frozen is None:
        return []
    seen = [entry for entry in inspected(history, to=to) if entry.variants]
    # A plan from before any results owes nothing to what other studies of these choices showed.
    own = frozen.study == to.study
    return [frozen, *(entry for entry in seen if not own or entry.study == to.study), to]


def with_past(study: Study, *, plan: PlanEntry, history: History) -> Study:
    """The study with what p is corrected for: variants that were dropped, looks that were added.

    The `plan` is that of the study's file.
    """
    plans = _course(history, to=plan)
    if not plans:
        return study
    design = replace(study.design, dropped=tuple(_dropped(plans)))
    if any(entry.looks for entry in plans):
        looks = tuple(plans[0].planned_looks)
        later = itertools.chain.from_iterable(entry.planned_looks for entry in plans)
        added = tuple(dict.fromkeys(look for look in later if look not in looks))
        design = replace(design, looks=looks, added_looks=added)
    return replace(study, design=design)


def deviations(plan: PlanEntry, *, history: History, results: bool) -> list[str]:
    """A sentence for each kind of departure from what was planned before `results` were seen."""
    sentences = []
    if plans := _course(history, to=plan):
        frozen = plans[0]
        changes = [
            f"{fate} {'; '.join(texts)}"
            for fate, texts in (
                ("not corrected for:", [*_named(plans)]),
                ("corrected for:", [*_corrected(plans)]),
            )
            if texts
        ]
        if changes:
            plan_then = f"plan {frozen.plan_digest} of {frozen.date[:10]}"
            sentences.append(
                f"Changed after results were seen ({plan_then}), {'; '.join(changes)}."
            )
        names = dict.fromkeys(entry.study for entry in plans if entry.study != plan.study)
        if names:
            sentences.append(f"These results were seen before under {_named_as([*names])}.")
    if results and (gap := unknown(plan, history=history)):
        sentences.append(f"How often results were seen before is unknown: {gap}.")
    return sentences


def unknown(plan: PlanEntry, *, history: History) -> str:
    """Why nobody can say how often these results were seen; empty if it is known."""
    entries = related(history, to=plan)
    if history.gap:
        return history.gap
    if not entries or entries[0].runs or entries[0].late:
        return "these runs are older than the record of their plan"
    return ""


def _named(plans: Sequence[PlanEntry]) -> Iterator[str]:
    frozen, now = plans[0], plans[-1]
    for name, text in _NAMED.items():
        others = [entry for entry in plans if text(entry) != text(now)]
        if name == "seeds":
            others = [entry for entry in others if _is_change(entry, frozen=frozen, now=now)]
        if before := dict.fromkeys(map(text, others)):
            yield f"{name} now {text(now)}, previously {listed([*before])}"


def _named_as(names: Sequence[str]) -> str:
    return f"the {'name' if len(names) == 1 else 'names'} {listed(names)}"


def _is_change(entry: PlanEntry, *, frozen: PlanEntry, now: PlanEntry) -> bool:
    """True if other seeds were seen than the plan's, and looks do not account for them."""
    if entry.looks or now.looks:
        return False
    # Seeds that were left out and put back are all those that were planned.
    put_back = set(now.seeds) == set(frozen.seeds) and set(entry.seeds) <= set(now.seeds)
    return not put_back


def _corrected(plans: Sequence[PlanEntry]) -> Iterator[str]:
    frozen, now = plans[0], plans[-1]
    dropped = [*_dropped(plans)]
    added = [
        name for name, choices in now.variants.items() if choices not in frozen.variants.values()
    ]
    for names, what in (
        ([name for name in dropped if name in added], "changed"),
        ([name for name in dropped if name not in added], "dropped"),
        ([name for name in added if name not in dropped], "added"),
    ):
        if names:
            yield f"{'variant' if len(names) == 1 else 'variants'} {listed(names)} {what}"
    others = dict.fromkeys(_looks(entry) for entry in plans if _looks(entry) != _looks(now))
    if others:
        yield f"looks now {_looks(now)}, previously {' and '.join(others)}"


def _dropped(plans: Sequence[PlanEntry]) -> Iterator[str]:
    """The names of the choices that earlier plans compared, and the last one does not."""
    *earlier, now = plans
    choices = {
        digest: name
        for entry in reversed(earlier)
        for name, digest in entry.variants.items()
        if name != BASELINE and digest not in now.variants.values()
    }
    yield from reversed(choices.values())


def _is_related(entry: PlanEntry, *, to: PlanEntry) -> bool:
    if entry.variants:
        common = {*entry.variants.values()} & {*to.variants.values()}
        return len(common) > 1 or (entry.study == to.study and bool(common))
    return any(
        entry.runs.get(variant, {}).items() & runs.items()
        for variant, runs in to.runs.items()
        if variant != BASELINE  # many questions share a baseline
    )


def _margins(margins: Mapping[str, float]) -> str:
    return listed([f"{margin:g} of {name}" for name, margin in margins.items()] or ["none"])


def _looks(entry: PlanEntry) -> str:
    return f"after {listed([*map(str, entry.looks)])} seeds" if entry.looks else "none"


def _ranges(seeds: Sequence[int]) -> str:
    """Seeds in a few words: ``1-5``, ``1, 3-5``."""
    runs = itertools.groupby(enumerate(sorted(seeds)), key=lambda place: place[1] - place[0])
    ends = [[seed for _, seed in group] for _, group in runs]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in ends)
