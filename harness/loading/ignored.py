"""Options that a study writes and that others of the same component leave without effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields

from harness.components import Component
from harness.loading.validation_errors import DataFault
from harness.registry.serialization import leaves
from harness.study.experiment import Experiment
from harness.study.values import BASELINE


def ignored_options(
    experiments: Mapping[str, Experiment], *, swept: Collection[str]
) -> Iterator[tuple[str, DataFault]]:
    """The name of an experiment and a fault, at each choice that is not the baseline's.

    Those `swept` are left out: a grid from 0 on keeps the options that matter above 0.
    """
    baseline = experiments.get(BASELINE)
    for name, experiment in experiments.items():
        if name in swept:
            continue
        for choice in fields(experiment):
            value = getattr(experiment, choice.name)
            if name != BASELINE and value == getattr(baseline, choice.name, None):
                continue
            components = [leaf for leaf in leaves(value) if isinstance(leaf, Component)]
            for component in components:
                for fault in component.ignored():
                    yield name, DataFault((choice.name,), f"{component.name}: {fault}")
