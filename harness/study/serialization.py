"""An experiment as plain JSON data, every default written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.components.options import InitialWeights, TrainedRun
from harness.registry.serialization import Place, Substitution, resolved
from harness.study.experiment import Experiment


def resolved_experiment(
    experiment: Experiment, *, file: Substitution = str, trained: Substitution = str
) -> Any:
    """An experiment as a study could write it, every default written out.

    Regularizers keep their order, in which they act; other mappings are sorted by key. The model
    that bare options mean is written so, as it was before others could be named.
    """
    data = resolved(experiment, file=file, trained=trained)
    regularizers = {name: data["regularizers"][name][name] for name in experiment.regularizers}
    model = data["model"].get(experiment.model.unnamed, data["model"])
    return {**data, "model": model, "regularizers": regularizers}


def trained_runs(experiment: Experiment) -> Sequence[tuple[Place, TrainedRun]]:
    """Every trained run that an experiment names, with the place of the option that names it.

    The folder of an exported model is none: nothing has to be trained for it.
    """
    # `str` would lose the type that marks a trained run, hence `_itself`.
    return list(_trained_runs(resolved_experiment(experiment, trained=_itself)))


def _itself(run: str) -> str:
    return run


def _trained_runs(data: Any, *, place: Place = ()) -> Iterator[tuple[Place, TrainedRun]]:
    children: Iterable[tuple[str | int, Any]] = ()
    match data:
        case InitialWeights(is_folder=True):
            return
        case TrainedRun():
            yield place, data
        case dict():
            children = data.items()
        case list():
            children = enumerate(data)
    for step, child in children:
        yield from _trained_runs(child, place=(*place, step))
