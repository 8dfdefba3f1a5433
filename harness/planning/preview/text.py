"""A preregistration as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from harness.comparability.controls import Controls, known_quantities, relative_to_baseline
from harness.planning.preview.preview import Preregistration
from harness.planning.preview.resolution_text import resolution_lines
from harness.planning.probe import Estimate
from harness.study.changes import Change

_DIGITS = 12  # of a digest, enough to tell runs apart
_WIDTH = 80  # columns, as of a small terminal


def preview_text(plan: Preregistration, *, columns: int | None = None) -> str:
    """The runs; each variant's changes, side effects and shared parts; the effects to be shown.

    On a terminal of so many `columns` no word is broken, and a table continues below.
    """
    parts = [
        _runs(plan),
        f"plan {plan.frozen}: a change after results are seen will be named with them",
        _changes(plan),
        _controls(plan.controls, columns=columns),
        _shares(plan),
        "\n".join(resolution_lines(plan.resolution)),
        _estimate(plan.estimate) if plan.estimate else "",
        "\n".join(f"warning: {warning}" for warning in plan.warnings),
    ]
    text = "\n\n".join(part for part in parts if part)
    return _folded(text, columns=columns) if columns else text


def _folded(text: str, *, columns: int) -> str:
    """The text with long lines continued below, farther in, by whole words."""
    lines: list[str] = []
    for line in text.split("\n"):
        start = " " * (len(line) - len(line.lstrip()) + 4)
        lines += textwrap.wrap(
            line,
            width=columns,
            subsequent_indent=start,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def preview_json(plan: Preregistration) -> str:
    """An object: the plan's digest, runs, variants, resolution, tuning, estimate and warnings."""
    names = ["variant", "seed", "digest", "evaluation", "exists", "why", "start", "needs", "drafts"]
    content = {
        "plan": plan.frozen,
        "runs": [{name: getattr(run, name) for name in names} for run in plan.runs],
        "variants": {name: _variant(plan, name=name) for name in plan.controls},
        "resolution": asdict(plan.resolution),
        "tuning": plan.tuning,
        "estimate": plan.estimate and asdict(plan.estimate),
        "warnings": plan.warnings,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def align_columns(rows: Sequence[Sequence[str]], *, columns: int | None = None) -> str:
    """Cells in columns, the first flush left; what exceeds so many `columns` continues below."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n\n".join(
        "\n".join(
            "".join(
                f"  {row[column].rjust(widths[column]) if column else row[0].ljust(widths[0])}"
                for column in part
            )
            for row in rows
        )
        for part in _parts(widths, columns=columns)
    )


def _parts(widths: Sequence[int], *, columns: int | None) -> Iterator[list[int]]:
    """The columns of each part of a table, the first column in every one."""
    part, used = [0], widths[0] + 2
    for column, width in enumerate(widths[1:], start=1):
        if columns and len(part) > 1 and used + 2 + width > columns:
            yield part
            part, used = [0], widths[0] + 2
        part.append(column)
        used += 2 + width
    yield part


def _runs(plan: Preregistration) -> str:
    width = max(len(run.label) for run in plan.runs)
    lines = [
        f"{run.label:{width}}  seed {run.seed:<3} {run.digest[:_DIGITS]}  {run.why}"
        for run in plan.runs
    ]
    waiting = {run.digest for run in plan.runs if not run.exists}
    lines += ["", f"{len(plan.runs)} runs; {len(waiting)} to train or decode"]
    lines += [plan.tuning] if plan.tuning else []
    if any(run.changed_around for run in plan.runs):
        lines.append("`--reuse` can take runs of other code or environments as they are")
    if any(run.trial for run in plan.runs):
        lines.append("the runs to compare follow from these trials")
    return "\n".join(lines)


def _changes(plan: Preregistration) -> str:
    lines = []
    for variant, changed in plan.changes.items():
        for change in changed:
            lines += _change(f"{variant}: {change.option}", change=change)
        lines += [] if changed else [f"  {variant}: nothing"]
    return "\n".join(["What each variant changes", *lines]) if lines else ""


def _change(name: str, *, change: Change) -> list[str]:
    """A change on one line or, where that is too long, either side below the name."""
    line = f"  {name}: {change.baseline} -> {change.variant}"
    if len(line) <= _WIDTH:
        return [line]
    wrap = partial(textwrap.wrap, width=_WIDTH, break_long_words=False, break_on_hyphens=False)
    sides = [
        *wrap(change.baseline, initial_indent="       ", subsequent_indent="        "),
        *wrap(change.variant, initial_indent="    -> ", subsequent_indent="        "),
    ]
    return [f"  {name}:", *sides]


def _controls(controls: Mapping[str, Controls], *, columns: int | None) -> str:
    known = known_quantities(controls)
    rows = [["", *(name.replace("_", " ") for name in known)]]
    rows += [
        [
            variant,
            *(relative_to_baseline(controls, variant=variant, quantity=name) for name in known),
        ]
        for variant in controls
    ]
    title = "Side effects: what else changed (times the baseline's)"
    return f"{title}\n{align_columns(rows, columns=columns)}"


def _shares(plan: Preregistration) -> str:
    lines = [f"  {variant}: {shared}" for variant, shared in plan.shares.items()]
    title = "What each variant shares with the baseline of the same seed"
    return "\n".join([title, *lines]) if lines else ""


def _estimate(estimate: Estimate) -> str:
    rows = [["", "an update", "an evaluation", "a run", "memory"]]
    rows += [
        [
            name,
            f"{result.update:.3g} s",
            f"{result.evaluation:.3g} s",
            _duration(estimate.runs[name]),
            f"{result.memory / 2**20:.0f} MiB",
        ]
        for name, result in estimate.probed.items()
        if not result.fault
    ]
    return (
        f"What a probe of a few updates took\n{align_columns(rows)}\n"
        f"  {estimate.missing} runs to train or decode: about {_duration(estimate.seconds)} with "
        f"{estimate.jobs} at once, and {estimate.memory / 2**20:.0f} MiB"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _variant(plan: Preregistration, *, name: str) -> Mapping[str, object]:
    shared = plan.shares.get(name)
    return {
        "changes": [change._asdict() for change in plan.changes.get(name, ())],
        "controls": asdict(plan.controls[name]),
        "shares": shared
        and {
            "summary": str(shared),
            "parameters": sorted(shared.parameters),
            "others": sorted(shared.others),
            "order": shared.order,
        },
    }
