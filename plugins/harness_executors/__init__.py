"""Executors that start runs and watch over them."""

from harness.components import Executor
from harness.hookspecs import hookimpl
from harness_executors.local import Local


@hookimpl
def harness_executors() -> list[type[Executor]]:
    """Offer processes on this machine."""
    return [Local]
