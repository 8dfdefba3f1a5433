"""What is predicted of an experiment before it trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.comparability.predicted import Expected, expect
from harness.study.experiment import Experiment
from harness.study.values import Comparison, Study
from harness_executors.local import Local


def study_of(
    *, pretraining: Mapping[str, Experiment] | None = None, **variants: Experiment
) -> Study:
    """A study of these experiments, built in Python."""
    return Study(
        name="tiny",
        path=Path("tiny.yaml"),
        question="?",
        variants=variants,
        seeds=(1,),
        metrics=(),
        figures=(),
        compare=Comparison(),
        executor=Local(),
        pretraining=pretraining or {},
    )


def predicted_of(choices: Experiment, *, seed: int = 1) -> Expected:
    """The expected facts of one experiment."""
    return expect(study_of(it=choices), names=["it"], seed=seed)["it"]
