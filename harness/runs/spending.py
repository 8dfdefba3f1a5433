"""What one command may spend: it begins so many runs, and ends after so many hours."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Spending:
    """The limits of a command, counted over all that it carries out; None is no limit.

    No result depends on them: what is left undone is carried out by the next command.
    """

    max_runs: int | None = None
    max_hours: float | None = None
    began: int = 0
    _since: float = field(default_factory=time.monotonic)

    @property
    def time_is_up(self) -> bool:
        """True once the hours have passed: runs under way are to end with a checkpoint."""
        hours = (time.monotonic() - self._since) / 3600
        return self.max_hours is not None and hours >= self.max_hours

    @property
    def may_begin(self) -> bool:
        """True if one more run may begin."""
        return not self.time_is_up and (self.max_runs is None or self.began < self.max_runs)

    @property
    def reason(self) -> str:
        """The limit that is reached, as the option that set it; empty if none is."""
        if self.time_is_up:
            return f"--max-hours {self.max_hours:g}"
        return "" if self.may_begin else f"--max-runs {self.max_runs}"
