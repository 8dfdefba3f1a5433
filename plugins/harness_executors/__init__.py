"""Where runs are carried out."""

from harness.components import Executor
from harness.hookspecs import hookimpl
from harness_executors.local import Local


@hookimpl
def harness_executors() -> list[type[Executor]]:
    """Processes of this machine."""
    return [Local]
