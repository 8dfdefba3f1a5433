from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import third_party
from support.third_party import Bleu, Chrf, LabelSmoothing

from harness.errors import StudyError
from harness.loading import load, study_error, written_study
from harness.loading.validation_errors import DataFault
from harness.loading.yaml_nodes import plain_data
from harness.study.values import Study

Split = Callable[..., Study]
Write = Callable[..., Path]

OWN = """include: lib/base.yaml
question: Which choices earn their keep?
variants:
  no-dropout: {regularizers: {dropout: off}}
  cross-entropy: {loss: cross_entropy}
"""
PLUGIN = """
from dataclasses import dataclass
from harness.components import Loss
from harness.hookspecs import hookimpl

@dataclass(frozen=True, kw_only=True)
class NAME(Loss):
    name = "NAME"
    def build(self, setting): ...

@hookimpl
def harness_losses():
    return [NAME]
"""


@pytest.fixture
def split(write: Write, tmp_path: Path) -> Split:
    """Load a study whose baseline and other keys are in a file in another folder."""

    def split(*changes: tuple[str, str], own: str = OWN) -> Study:
        path = write(*changes)
        base = path.read_text().partition("variants:")[0].partition("\n")[2]
        rest = path.read_text().partition("cross_entropy}\n")[2]
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / "base.yaml").write_text(base + rest)
        path.write_text(own)
        study, _ = load(path, plugins=third_party.plugins())
        return study

    return split


def test_a_study_in_two_files_is_the_study_in_one(split: Split, loaded: Split) -> None:
    together = loaded()
    apart = split()
    assert [*map(str, apart.included)] == [str(Path("lib/base.yaml").absolute())]
    assert replace(apart, included=()) == together


def test_a_key_replaces_that_of_the_included_file(split: Split) -> None:
    study = split(own=f"{OWN}seeds: [7]\nmetrics: [chrf]\ncompare: {{}}\n")
    assert (study.seeds, study.metrics, study.compare.primary) == ((7,), (Chrf(),), "nll")


def test_a_baseline_changes_the_included_one_as_a_variant_would(split: Split) -> None:
    change = "{model: {heads: 2}, regularizers: {dropout: off}, loss: label_smoothing}"
    variant = split(own=f"{OWN}  third: {change}\n").variants["third"]
    own = OWN.replace("no-dropout: {regularizers: {dropout: off}}", "more: {replicate: 1}")
    baseline = split(own=f"{own}baseline: {change}\n").variants["baseline"]
    assert baseline == variant
    assert (baseline.loss, baseline.model.heads) == (LabelSmoothing(), 2)
    assert (baseline.model.d_model, baseline.regularizers) == (64, {})


def test_a_later_file_changes_an_earlier_one(split: Split, tmp_path: Path) -> None:
    (tmp_path / "fewer.yaml").write_text("seeds: 2\nbaseline: {budget: {updates: 7}}\n")
    (tmp_path / "least.yaml").write_text("baseline: {budget: {updates: 8}}\nmetrics: [bleu]\n")
    own = OWN.replace("lib/base.yaml", "[lib/base.yaml, fewer.yaml, least.yaml]")
    study = split(("primary: bleu", "primary: nll"), own=own)
    assert (study.seeds, study.metrics) == ((1, 2), (Bleu(),))
    budget = study.variants["baseline"].budget
    assert (budget.updates, budget.batch_tokens) == (8, 800)


def test_faults_of_several_files_come_at_once_each_in_its_file(split: Split) -> None:
    changes = "{modle: 1, loss: hinge, regularizers: {r_drop: off}, model: {heads: 5}}"
    with pytest.raises(StudyError) as error:
        split(("tokenizer: word", "tokenizer: wrd"), own=f"{OWN}baseline: {changes}\nsede: 1\n")
    assert str(error.value).splitlines() == [
        "study.yaml:6:12: no option 'modle' in baseline; did you mean 'model'?",
        "study.yaml:6:28: no loss named 'hinge'; there are cross_entropy, label_smoothing",
        "study.yaml:6:50: no regularizer 'r_drop' to turn off; did you mean 'dropout'?",
        "study.yaml:6:71: heads must divide d_model, got 5 heads and d_model 64",
        "study.yaml:7:1: no option 'sede' in a study; did you mean 'seeds'?",
        "lib/base.yaml:3:14: no tokenizer named 'wrd'; did you mean 'word'?",
    ]


@pytest.mark.parametrize(
    ("old", "own", "fault"),
    [
        ("seeds: 5", "", "lib/base.yaml:14:1: duplicate key 'seeds', first on line 13; remove one"),
        ("plugins: 3", "plugins: []", "lib/base.yaml:14:10: plugins must be a list"),
        ("plugins: []", "plugins: 3", "study.yaml:6:10: plugins must be a list"),
        ("", "baseline: 3", "study.yaml:6:11: baseline must be a mapping, got 3"),
        ("", "seeds:", "study.yaml:6:7: seeds must be"),
    ],
)
def test_a_key_of_another_kind_is_reported_where_it_is(
    old: str, own: str, fault: str, split: Split
) -> None:
    with pytest.raises(StudyError) as error:
        split(("seeds: 5\n", f"seeds: 5\n{old}\n"), own=f"{OWN}{own}\n")
    assert str(error.value).startswith(fault)


def test_an_included_baseline_of_another_kind_is_reported(write: Write, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("seeds: 3\nbaseline: 4\n")
    path = write(("question", "include: base.yaml\nquestion"))
    with pytest.raises(StudyError, match=r"^base\.yaml:2:11: baseline must be .*, got 4$"):
        load(path, plugins=third_party.plugins())


def test_plugins_add_up_each_beside_the_file_that_names_it(split: Split, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("here", "lib/there", "both"):
        (tmp_path / f"{name}.py").write_text(PLUGIN.replace("NAME", Path(name).stem))
    study = split(
        ("{label_smoothing: {smoothing: 0.1}}", "there"),
        ("seeds: 5", "seeds: 5\nplugins: [there.py, ../both.py]"),
        own=f"{OWN}  mine: {{loss: here}}\nplugins: [./here.py, both.py]\n",
    )
    assert [str(path.relative_to(tmp_path)) for path in study.plugins] == [
        "lib/there.py",
        "lib/../both.py",
        "here.py",
    ]
    names = {name: variant.loss.name for name, variant in study.variants.items()}
    assert (names["baseline"], names["mine"]) == ("there", "here")


def test_plugins_of_an_included_file_are_left_out_on_request(
    split: Split, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split()
    base = tmp_path / "lib" / "base.yaml"
    base.write_text(f"plugins: [there.py]\n{base.read_text()}")
    study, _ = load(Path("study.yaml"), plugins=third_party.plugins(), plugin_files=False)
    assert study.plugins == ()
    left_out = "lib/base.yaml:1:11: plugin lib/there.py: not executed (--no-plugins)"
    assert left_out in capsys.readouterr().err


def test_faults_that_show_later_have_their_place_in_the_included_file(split: Split) -> None:
    study = split(own=f"{OWN}baseline: {{model: {{heads: 2}}}}\n")
    paths = (("baseline", "model", "d_model"), ("baseline", "model", "heads"))
    error = study_error(study.path, faults=[DataFault(path, "so") for path in paths])
    assert str(error) == "study.yaml:6:27: so\nlib/base.yaml:4:20: so"
    written = plain_data(written_study(study.path))
    assert written["baseline"]["model"] == {"d_model": 64, "heads": 2, "layers": 2}
