"""The state of a planned run, and its words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.tiny_experiment import planned

from harness.runs.planned_run import RunState

WORDS = {
    RunState.NEW: ("", "new", False),
    RunState.CHANGED: ("option loss.{}", "changed option loss.{}", False),
    RunState.START_CHANGED: ("general", "its start general changed", False),
    RunState.INTERRUPTED: ("5", "interrupted at update 5", False),
    RunState.FAILED: ("out of {memory}", "failed before: out of {memory}", False),
    RunState.DAMAGED: ("outcome.json gone", "trained, outcome.json gone", False),
    RunState.NOT_DECODED: ("", "trained, not decoded", False),
    RunState.WITHOUT_WEIGHTS: ("", "trained, weights gone", False),
    RunState.DIVERGED: ("", "diverged", True),
    RunState.EXISTS: ("", "exists", True),
    RunState.NOT_NEEDED: ("", "not needed", True),
}


@pytest.mark.parametrize("state", RunState)
def test_words_and_existence_follow_from_the_state(state: RunState) -> None:
    detail, words, exists = WORDS[state]
    run = replace(planned("baseline"), state=state, detail=detail)
    assert (run.why, run.exists) == (words, exists)
