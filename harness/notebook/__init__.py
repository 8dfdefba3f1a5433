"""Studies, their results and scores from anywhere, in Python and in notebooks.

Everything stands on `harness.pipeline`, as the commands do: a study is a file, and what is seen of
its results is recorded as inspected. Tables are pandas DataFrames.
"""

from __future__ import annotations

from harness.notebook.notebook_study import NotebookStudy, define, load
from harness.notebook.pictures import Picture
from harness.notebook.study_plan import StudyPlan
from harness.notebook.study_results import StudyResults, TrainedModel
from harness.notebook.verdict_table import VerdictTable, judge

__all__ = [
    "NotebookStudy",
    "Picture",
    "StudyPlan",
    "StudyResults",
    "TrainedModel",
    "VerdictTable",
    "define",
    "judge",
    "load",
]
