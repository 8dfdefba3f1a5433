"""The plan of a study, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from harness.planning import preview

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, kw_only=True, repr=False)
class StudyPlan:
    """The runs of a study, and the effects that they can show; printed as ``harness plan`` does."""

    preregistration: preview.Preregistration

    @cached_property
    def runs(self) -> pandas.DataFrame:
        """A row for each run: variant, seed, digest, exists, why."""
        import pandas

        names = ["variant", "seed", "digest", "exists", "why"]
        rows = [
            [run.label, run.seed, run.digest, run.exists, run.why]
            for run in self.preregistration.runs
        ]
        return pandas.DataFrame(rows, columns=names)

    @cached_property
    def changes(self) -> pandas.DataFrame:
        """A row for each option that a variant changes, with the values of both sides."""
        import pandas

        rows = [
            [name, change.option, change.baseline, change.variant]
            for name, changed in self.preregistration.changes.items()
            for change in changed
        ]
        return pandas.DataFrame(rows, columns=["variant", "option", "baseline", "changed"])

    @property
    def warnings(self) -> Sequence[str]:
        """The points that a reader of the results would ask about."""
        return tuple(self.preregistration.warnings)

    def __repr__(self) -> str:
        return preview.preview_text(self.preregistration)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
