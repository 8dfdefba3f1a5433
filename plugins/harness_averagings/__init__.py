"""Weight averaging: averages over updates that are evaluated in place of the last weights."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Averaging
from harness.hookspecs import hookimpl
from harness_averagings.ema import EMA
from harness_averagings.last_k import LastK
from harness_averagings.swa import SWA


@hookimpl
def harness_averagings() -> Sequence[type[Averaging]]:
    """The averagings of this package."""
    return [EMA, LastK, SWA]
