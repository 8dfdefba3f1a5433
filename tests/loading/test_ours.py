"""The studies in the repository, with the installed plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.loading import load
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.study.serialization import resolved_experiment

ROOT = Path(__file__).parents[2]


def test_every_plugin_of_ours_is_found_without_complaints() -> None:
    folders = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    plugins = discover()
    assert folders <= {name for name, _ in plugins.registry.list_name_plugin()}
    assert Catalog.of(plugins).complaints == ()


@pytest.mark.parametrize("name", ["ablation", "copy"])
def test_a_study_of_ours_is_valid_and_survives_a_round_trip(name: str) -> None:
    study, plugins = load(ROOT / "studies" / f"{name}.yaml")
    assert len(study.variants) > 1
    for experiment in study.variants.values():
        written = resolved_experiment(experiment)
        assert experiment_from(written, catalog=Catalog.of(plugins)) == experiment


def test_the_ablation_is_read_correctly() -> None:
    study, _ = load(ROOT / "studies" / "ablation.yaml")
    baseline = study.variants["baseline"]
    assert list(baseline.regularizers) == ["dropout"]
    assert study.variants["no-dropout"].regularizers == {}
    assert study.variants["cross-entropy"].loss.name == "cross_entropy"
    assert study.seeds == (1, 2, 3, 4, 5)
    assert study.compare.primary == "bleu"
