"""Carry out: the run itself, in its worker."""

from __future__ import annotations

from harness.contracts import Run
from harness.hookspecs.markers import hookspec


@hookspec(firstresult=True)
def harness_run(run: Run) -> bool | None:
    """Carry out one run: train it and score it, leaving its facts in its folder.

    When: once per run, in its worker, in a process of its own; in a run of several processes, in
    each of them, whose number RANK in the environment tells. Who answers: the first that returns
    True; the core answers last. Wrap it (``@hookimpl(wrapper=True)``) to do something around a run.
    Must not: change `run`, or write to the files of the ledger.

    Example::

        import cProfile

        @hookimpl(wrapper=True)
        def harness_run(run):
            with cProfile.Profile() as profile:
                answer = yield
            profile.dump_stats(run.path / "profile")
            return answer
    """
