"""The schema of studies agrees with the loader, as far as a schema can."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from support import third_party

from harness.errors import StudyError
from harness.loading.schema import schema
from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import plain_data
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
CURRENT = ROOT / "studies" / "study.schema.json"
CASES = [
    case
    for case in (Path(__file__).parent / "faults.txt").read_text().strip().split("\n\n")[1:]
    if not case.startswith("---")
]

# Faults that no schema can express, by the message that loading gives.
BEYOND = (
    r"is not a metric of this study",
    r"got 100\.0$",  # is a whole number to JSON
    r"finite number",  # JSON has no other
    r"duplicate key|is listed twice",
    r"heads must divide d_model|needs a micro-batch for each",
    r"rates need",
    r"'r_drop' to turn off; did|'dropout' to turn off",  # only the baseline tells
    r"no such file|no model in",
    r"no pretraining named|must equal the baseline's|cannot use another|a different vocabulary",
    r"is never used|is already in use",
    r"merge keys|a key must be a plain name",  # gone before there is data
)


def validator(catalog: Catalog) -> jsonschema.Draft7Validator:
    """A validator for the schema of a catalog, once the schema itself is valid."""
    draft7 = schema(catalog)
    jsonschema.Draft7Validator.check_schema(draft7)
    return jsonschema.Draft7Validator(draft7)


STRANGERS = validator(third_party.catalog())


def ours() -> Plugins:
    """The installed plugins, the project's own alone."""
    plugins = discover()
    folders = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}
    for name, plugin in plugins.registry.list_name_plugin():
        if name not in folders:
            plugins.registry.unregister(plugin)
    return plugins


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_of_ours_is_valid_and_names_its_schema(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=study.schema.json\n")
    current = jsonschema.Draft7Validator(json.loads(CURRENT.read_text(encoding="utf-8")))
    assert [error.message for error in current.iter_errors(plain_data(read_yaml(path)))] == []


def test_the_schema_in_the_studies_folder_is_current() -> None:
    written = json.loads(CURRENT.read_text(encoding="utf-8"))
    way_out = "harness schema > studies/study.schema.json"
    assert written == json.loads(json.dumps(schema(Catalog.of(ours())))), way_out


def test_the_command_prints_it(tmp_path: Path) -> None:
    from harness.cli import main

    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass\n"
        "from harness import components, hookspecs\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Mine(components.Schedule):\n"
        "    name = 'mine'\n"
        "    def build(self, setting): return float\n"
        "@hookspecs.hookimpl\n"
        "def harness_schedules(): return [Mine]\n"
    )
    (tmp_path / "half.yaml").write_text("plugins: [mine.py]\nquestion: Written in half?\n")
    done = CliRunner().invoke(main, ["schema", str(tmp_path / "half.yaml")])
    assert done.exit_code == 0, done.output
    assert "schedule.mine" in json.loads(done.output)["definitions"]


def test_a_valid_study_is_valid_by_the_schema(write: Callable[..., Path]) -> None:
    assert STRANGERS.is_valid(plain_data(read_yaml(write())))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dropout: off", "dropout: false, r_drop: {alpha: 2}"),
        ("dropout: off", "dropout: {rates: {residual: 0.2}}"),
        ("{loss: cross_entropy}", "{averaging: off, parameter_groups: null, replicate: 1}"),
        ("{loss: cross_entropy}", "{averaging: {ema: 0.9}}"),
        ("{loss: cross_entropy}", "{model: {norm: post}, budget: {updates: 3}}"),
        ("{loss: cross_entropy}", "{schedule: {piecewise: }}"),
        ("{loss: cross_entropy}", "{schedule: {piecewise: {before: 3, until: []}}}"),
        (
            "{loss: cross_entropy}",
            "{decoding_policy: {scheduled_sampling: {decay: linear, by_layer: {top: linear}}}}",
        ),
        ("seeds: 5", "seeds: [7, 0, 3]\nexecutor: {local: {}}"),
        ("seeds: 5", "seeds: {least: 3, most: 12, until: decided}"),
        ("seeds: 5", "seeds: 5\ngrid: {regularizers.dropout: [0.1, 0.2, 0.3]}"),
        ("seeds: 5", "seeds: 5\ntune: {grid: {schedule.noam.warmup: [50, 100]}, seeds: 2}"),
        (
            (
                "variants:\n  no-dropout: {regularizers: {dropout: off}}\n"
                "  cross-entropy: {loss: cross_entropy}"
            ),
            (
                "factors:\n  dropout: {none: {regularizers: {dropout: off}}}\n"
                "  loss: {plain: {loss: cross_entropy}}"
            ),
        ),
        ("[bleu, chrf]", "[{bleu: {lowercase: true}}]"),
    ],
)
def test_every_way_to_write_a_choice_is_valid(
    old: str, new: str, write: Callable[..., Path], loaded: Callable[..., object]
) -> None:
    loaded((old, new))
    data = plain_data(read_yaml(write((old, new))))
    assert [error.message for error in STRANGERS.iter_errors(data)] == []


@pytest.mark.parametrize(
    "text",
    [
        "include: base.yaml",
        "include: [base.yaml, more.yaml]\nbaseline: {model: {heads: 2}, averaging: off}",
        "include: base.yaml\nvariants: {other: {loss: cross_entropy}}",
    ],
)
def test_what_is_required_may_be_in_an_included_file(text: str) -> None:
    data = plain_data(yaml.compose(text, Loader=yaml.SafeLoader))
    assert [error.message for error in STRANGERS.iter_errors(data)] == []


@pytest.mark.parametrize(
    "text",
    [
        "question: Alone?",
        "include: null",
        "include: []",
        "include: 3",
        "include: base.yaml\nsede: 1",
        "include: base.yaml\nbaseline: {loss: hinge}",
        "include: base.yaml\nvariants: {a: {}}\nfactors: {b: {c: {}}, d: {e: {}}}",
    ],
)
def test_a_study_that_includes_another_may_still_be_at_fault(text: str) -> None:
    assert not STRANGERS.is_valid(plain_data(yaml.compose(text, Loader=yaml.SafeLoader)))


@pytest.mark.parametrize("case", CASES)
def test_a_fault_of_a_study_is_a_fault_by_the_schema_too(
    case: str, write: Callable[..., Path], loaded: Callable[..., object]
) -> None:
    old, new, fault = case.splitlines()
    lines = new.replace("~", "").replace("\\n", "\n")
    change = (old.replace("\\n", "\n"), lines)
    with pytest.raises(StudyError):
        loaded(change)
    beyond = any(re.search(pattern, fault) for pattern in BEYOND)
    assert STRANGERS.is_valid(plain_data(read_yaml(write(change)))) is beyond
