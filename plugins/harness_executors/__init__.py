"""Executors that start runs and watch over them."""

from harness.components import Executor
from harness.hookspecs import hookimpl
from harness_executors.local import Local
from harness_executors.ray import Ray
from harness_executors.slurm import Slurm


@hookimpl
def harness_executors() -> list[type[Executor]]:
    """Offer processes on this machine, tasks of a Ray cluster, and jobs of Slurm."""
    return [Local, Ray, Slurm]
