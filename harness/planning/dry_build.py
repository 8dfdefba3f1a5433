"""A dry build of a study's experiments: in another process, which may hang or run out of memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from harness.comparability.predicted import Expected, build_dry, with_start
from harness.loading.validation import experiment_from
from harness.planning.forked import Forked, fork
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment
from harness.study.values import Study


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """Experiments to build, each with its start, as JSON data; `plugins` are the study's files.

    `results` is the folder that keeps tokenized corpora.
    """

    choices: dict[str, tuple[Any, Any]]
    plugins: tuple[str, ...]
    seed: int
    trains_here: bool
    results: Path | None


def dry_build(
    study: Study, *, names: Sequence[str], limit: float, results: Path | None = None
) -> dict[str, Expected]:
    """The facts of experiments, as `expect` gives them, with the first seed.

    One whose build takes over `limit` seconds, or ends its process, has a caution that says so.
    """
    expected: dict[str, Expected] = {}
    while waiting := [name for name in names if name not in expected]:
        process = fork(
            _answer, request=_request(study, names=waiting, results=results), limit=limit
        )
        try:
            expected.update(_received(process, names=waiting, limit=limit))
        finally:
            process.end()
    return expected


def _request(study: Study, *, names: Sequence[str], results: Path | None) -> BuildRequest:
    choices = {name: with_start(study, name=name) for name in names}
    return BuildRequest(
        choices={
            name: (resolved_experiment(experiment), resolved_experiment(start))
            for name, (experiment, start) in choices.items()
        },
        plugins=tuple(map(str, study.plugins)),
        seed=study.seeds[0],
        trains_here=study.executor.name == "local",
        results=results and results.absolute(),
    )


def _received(
    process: Forked, *, names: Sequence[str], limit: float
) -> Iterator[tuple[str, Expected]]:
    """The answers, one per name in their order, up to the first that fails to come."""
    for name in names:
        if not wait([process.receiver], limit):
            yield name, _lost(f"gave no result within {limit:.3g} s and was ended")
            return
        try:
            yield process.receiver.recv()
        except EOFError:
            yield name, _lost(process.exit_reason())
            return
    process.wait()


def _lost(fault: str) -> Expected:
    return Expected(fault=fault, cautions=(f"building it {fault}: a run of it may fail too",))


def _answer(sender: Connection, *, request: BuildRequest) -> None:
    """The process of a build."""
    catalog = Catalog.of(discover([Path(file) for file in request.plugins]))

    def experiment(data: Any) -> Experiment:
        return experiment_from(data, catalog=catalog, find_file=lambda path: path)

    choices = {}
    for name, (data, start) in request.choices.items():
        built = experiment(data)
        choices[name] = (built, built if start == data else experiment(start))
    here, results = request.trains_here, request.results
    for answer in build_dry(choices, seed=request.seed, trains_here=here, results=results):
        sender.send(answer)
