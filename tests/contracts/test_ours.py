"""Everything that our plugins offer keeps to its slot's contract, as `harness.testing` has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.offered import OFFERED, ON_A_MODEL, example

from harness.components import SLOTS, Component
from harness.testing import CHECKS, check

# Components that stand on a library which a user need not have.
LIBRARIES = {
    "hugging_face": "datasets",
    "ray": "ray",
    "spacy": "spacy",
    "tensorboard": "tensorboard",
    "wandb": "wandb",
}


@pytest.mark.parametrize(
    "component",
    [
        component
        for slot, components in OFFERED.items()
        for component in components
        if slot not in ON_A_MODEL  # `test_on_every_model` has those
    ],
    ids=lambda component: f"{component.slot}-{component.name}",
)
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:mlflow", "ignore::DeprecationWarning:alembic"
)
def test_it_keeps_to_its_contract(
    component: type[Component], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if component.name == "slurm":
        pytest.skip("tests/plugins/executors/test_slurm.py starts a cluster for it")
    if library := LIBRARIES.get(component.name):
        pytest.importorskip(library, reason=f"{library} is not here: pip install {library}")
    file = tmp_path / "lines.txt"
    file.write_text("ein Satz\nnoch ein Satz\n")
    check(example(component, file=file))


def test_every_slot_has_a_contract() -> None:
    assert set(SLOTS) == set(CHECKS)
