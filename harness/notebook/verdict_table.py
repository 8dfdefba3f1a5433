"""Findings and scores as DataFrames, and their verdicts as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from html import escape
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, get_args

from harness.comparing.external_scores import compare_table
from harness.comparing.options import ComparisonOptions, unknown_name
from harness.contracts import Diverged, Finding, Method, Split
from harness.errors import HarnessError
from harness.notebook.pictures import Picture
from harness.notebook.score_frame import Frame, as_table
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.report import Report, tables
from harness.report.answer_text import answer
from harness.report.figures import caption_of, find_figure, rendered

if TYPE_CHECKING:
    import pandas

_NUMBERS = ("float | None", "int | None")  # of which pandas would make objects, if all are None
_LEFT, _RIGHT = "text-align: left", "text-align: right"


@dataclass(frozen=True, kw_only=True, repr=False)
class VerdictTable:
    """Findings about variants against their baseline; a notebook shows answer and verdicts."""

    report: Report

    @property
    def answer(self) -> str:
        """The answer in words."""
        return answer(self.report)

    @cached_property
    def findings(self) -> pandas.DataFrame:
        """A row for each variant and metric, with the fields of `Finding` but for `per_seed`."""
        import pandas

        names = [field.name for field in fields(Finding) if field.name != "per_seed"]
        rows = [[getattr(finding, name) for name in names] for finding in self.report.findings]
        numbers = [field.name for field in fields(Finding) if str(field.type) in _NUMBERS]
        return pandas.DataFrame(rows, columns=names).astype(dict.fromkeys(numbers, float))

    @cached_property
    def verdicts(self) -> pandas.DataFrame:
        """The table of verdicts on the primary metric, in words and rounded numbers."""
        import pandas

        table = tables.verdicts(self.report)
        return pandas.DataFrame([*table.rows], columns=[*table.header])

    @cached_property
    def scores(self) -> pandas.DataFrame:
        """A row for each score: variant, seed, outcome, metric, value; one for a run without any.

        `judge` takes such a table.
        """
        import pandas

        rows: list[list[object]] = []
        for run in self.report.results:
            key = [run.variant, run.seed, run.outcome]
            rows += [[*key, metric, value] for metric, value in run.scores.items()]
            rows += [] if run.scores else [[*key, "", None]]
        return pandas.DataFrame(rows, columns=["variant", "seed", "outcome", "metric", "value"])

    def figure(self, name: str) -> Picture:
        """A figure by name, ``forest``, or with options as in a study, ``{cost: target_tokens}``.

        Raises `HarnessError` for an unknown one.
        """
        figure = find_figure(name, catalog=self._catalog())
        render = partial(rendered, figure, view=self.report.view)
        return Picture(caption=caption_of(figure), render=render)

    def __repr__(self) -> str:
        table = self.verdicts.to_string(index=False)
        lines = [self.report.question, self.answer, *self._notes(), "", table]
        return "\n".join(lines).strip()

    def _notes(self) -> Sequence[str]:
        """Lines that a reader must see with the verdicts."""
        readings = "; ".join(self.report.readings)
        return [f"Read as: {readings}."] if readings else []

    def _catalog(self) -> Catalog:
        return Catalog.of(discover())

    def _repr_html_(self) -> str:
        table = tables.verdicts(self.report)
        question = f"<b>{escape(self.report.question)}</b> " if self.report.question else ""
        lines = "<br>".join(map(escape, [self.answer, *self._notes()]))
        aligned = [_LEFT if column < table.right else _RIGHT for column in range(len(table.header))]
        rows = [_row(table.header, tag="th", styles=aligned)]
        rows += [_row(row, tag="td", styles=aligned) for row in table.rows]
        return f"<p>{question}{lines}</p><table>{''.join(rows)}</table>"


def _row(cells: Sequence[object], *, tag: str, styles: Sequence[str]) -> str:
    texts = (
        f'<{tag} style="{style}">{escape(str(cell))}</{tag}>'
        for cell, style in zip(cells, styles, strict=True)
    )
    return f"<tr>{''.join(texts)}</tr>"


class Terms(TypedDict, total=False):
    """The options of a comparison, as those of ``harness compare`` with underscores."""

    primary: str
    baseline: str
    margin: float
    method: Method
    diverged: Diverged
    lower_is_better: str | Sequence[str]
    higher_is_better: str | Sequence[str]
    split: Split


_CHOICES = {"method": get_args(Method), "diverged": get_args(Diverged), "split": get_args(Split)}


def judge(frame: Frame, **terms: Unpack[Terms]) -> VerdictTable:
    """Judge scores from anywhere, as ``harness compare --from-csv`` does.

    `frame` has the columns variant, seed, metric and value, and optionally outcome (finished,
    diverged, failed). Of metrics that are commonly known (loss, wer, ter, latency and others) lower
    is better, of others higher is, unless `lower_is_better` or `higher_is_better` names them.
    Raises `HarnessError` with every fault, one per line.
    """
    options = ComparisonOptions(**{name: _term(value, name=name) for name, value in terms.items()})
    return VerdictTable(report=compare_table(as_table(frame), name="frame", options=options))


def _term(value: Any, *, name: str) -> Any:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise HarnessError(unknown_name(str(value), among=_CHOICES[name], kind=name))
    if name == "margin" and not value > 0:
        raise HarnessError(f"margin must be a finite number above 0, got {value}")
    return [value] if name.endswith("_is_better") and isinstance(value, str) else value
