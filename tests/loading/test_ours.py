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


STUDIES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "studies").rglob("*.yaml"))


@pytest.fixture
def study_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a study of ours, with the real corpus where its paths lead if they do."""
    copy: Path = tmp_path / "checkout" / request.param
    copy.parent.mkdir(parents=True)
    copy.write_text(text := (ROOT / request.param).read_text("utf-8"), "utf-8")
    if "shared/data/multi30k" in text:
        corpus = tmp_path / "shared" / "data" / "multi30k"
        corpus.parent.mkdir(parents=True)
        corpus.symlink_to(request.getfixturevalue("multi30k"))
    return copy


@pytest.mark.parametrize("study_file", STUDIES, indirect=True)
def test_a_study_of_ours_is_valid_and_survives_a_round_trip(study_file: Path) -> None:
    study, plugins = load(study_file)
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
