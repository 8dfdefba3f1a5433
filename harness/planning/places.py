"""Places in a study's file: of a choice, and of a variant."""

from __future__ import annotations

from collections.abc import Mapping

from harness.loading.validation_errors import DataPath
from harness.study.experiment import Experiment
from harness.study.values import BASELINE, Study


def place_of_choice(study: Study, *, name: str, choice: DataPath) -> DataPath:
    """The place of a choice: the baseline's unless the variant or the pretraining has another."""
    if study.tuning and name in study.tuning.experiments:
        return ("tune",)
    own = study.experiments[name]
    # A choice that equals the baseline's is inherited, as a rule, and mended there.
    if own is not study.variants[BASELINE] and _chosen(own, choice=choice) != _chosen(
        study.variants[BASELINE], choice=choice
    ):
        place = (
            ("pretraining", name)
            if name in study.pretraining
            else place_of_variant(study, variant=name)
        )
        return place if len(place) == 1 else (*place, *choice)
    return (BASELINE, *choice)


def _chosen(experiment: Experiment, *, choice: DataPath) -> object:
    value: object = experiment
    for step in choice:
        value = value.get(step) if isinstance(value, Mapping) else getattr(value, str(step), None)
    return value


def place_of_variant(study: Study, *, variant: str) -> DataPath:
    """The place of a variant in its file: those of a grid or of factors have none of their own."""
    sweep, factorial = study.design.sweep, study.design.factorial
    if sweep and variant in [level.variant for level in sweep.levels]:
        return ("grid",)
    if factorial and variant in factorial.cells:
        return ("factors",)
    return ("variants", variant)
