"""Executors that start runs and watch over them."""

from harness.components import Executor
from harness.hookspecs import hookimpl
from harness_executors.local import Local
from harness_executors.ray import Ray


@hookimpl
def harness_executors() -> list[type[Executor]]:
    """Offer processes on this machine, and tasks of a Ray cluster."""
    return [Local, Ray]
