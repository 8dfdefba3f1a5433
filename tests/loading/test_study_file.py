from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import third_party
from support.third_party import Bleu, Chrf, Dropout, LabelSmoothing, Linear, Local, RDrop

from harness.errors import StudyError
from harness.loading import load
from harness.registry.option_types import shown
from harness.study.values import Comparison, Study

Load = Callable[..., Study]
Faults = Callable[..., list[str]]
Write = Callable[..., Path]


CASES = [
    case
    for case in (Path(__file__).parent / "faults.txt").read_text().strip().split("\n\n")[1:]
    if not case.startswith("---")
]


# --- a study that is right ----------------------------------------------------------------------


def test_a_study_holds_all_that_its_file_says(loaded: Load) -> None:
    study = loaded()
    assert study.name == "study"
    assert study.path == Path("study.yaml")
    assert study.question == "Which choices earn their keep?"
    assert list(study.variants) == ["baseline", "no-dropout", "cross-entropy"]
    assert study.seeds == (1, 2, 3, 4, 5)
    assert study.metrics == (Bleu(), Chrf())
    assert study.compare == Comparison(primary="bleu")
    assert study.executor == Local()
    assert study.plugins == ()


def test_optional_keys_have_defaults(loaded: Load) -> None:
    study = loaded(
        ("metrics: [bleu, chrf]\n", ""),
        ("compare: {primary: bleu, method: paired_t}\n", ""),
    )
    assert (study.metrics, study.compare) == ((), Comparison(primary="nll"))
    assert study.trackers == (third_party.Mlflow(),)
    assert loaded(("seeds: 5", "seeds: 5\ntrackers: []")).trackers == ()
    baseline = study.variants["baseline"]
    assert (baseline.model.norm, baseline.replicate) == ("pre", 0)
    assert baseline.averaging is baseline.parameter_groups is None


def test_figures_have_defaults_that_a_study_may_replace(loaded: Load) -> None:
    assert loaded().figures == (third_party.Forest(), third_party.Cost())
    chosen = loaded(("seeds: 5\n", "seeds: 5\nfigures: [{cost: target_tokens}, pie]\n"))
    assert chosen.figures == (third_party.Cost(against="target_tokens"), third_party.Pie())
    assert loaded(("seeds: 5\n", "seeds: 5\nfigures: []\n")).figures == ()


def test_a_choice_in_a_variant_is_replaced_whole(loaded: Load) -> None:
    study = loaded(("{loss: cross_entropy}", "{loss: label_smoothing, schedule: piecewise}"))
    variant = study.variants["cross-entropy"]
    assert variant.loss == LabelSmoothing()
    assert variant.schedule == third_party.Piecewise()
    assert variant.optimizer == study.variants["baseline"].optimizer


def test_model_budget_and_regularizers_merge_by_key(loaded: Load) -> None:
    study = loaded(
        (
            "{loss: cross_entropy}",
            "{model: {norm: post, heads: 2}, budget: {updates: 9}, regularizers: {r_drop: }}",
        )
    )
    variant, baseline = study.variants["cross-entropy"], study.variants["baseline"]
    assert (variant.model.norm, variant.model.heads, variant.model.d_model) == ("post", 2, 64)
    assert (variant.budget.updates, variant.budget.batch_tokens) == (9, 800)
    assert variant.regularizers == {"dropout": Dropout(rate=0.1), "r_drop": RDrop()}
    assert (baseline.model.heads, baseline.budget.updates) == (4, 300)
    assert list(baseline.regularizers) == ["dropout"]


def test_a_regularizer_in_a_variant_is_replaced_whole(loaded: Load) -> None:
    study = loaded(("dropout: off", "dropout: {rates: {residual: 0.2}}"))
    (dropout,) = study.variants["no-dropout"].regularizers.values()
    assert dropout == Dropout(rate=0.0, rates={"residual": 0.2})


@pytest.mark.parametrize("word", ["off", "'off'", "false", "False"])
def test_a_regularizer_is_turned_off(word: str, loaded: Load) -> None:
    study = loaded(("dropout: off", f"dropout: {word}"))
    assert study.variants["no-dropout"].regularizers == {}


@pytest.mark.parametrize("word", ["off", "false", "null", ""])
def test_averaging_and_groups_are_turned_off(word: str, loaded: Load) -> None:
    study = loaded(
        (
            "  generation: greedy",
            "  generation: greedy\n  averaging: ema\n  parameter_groups: layer_wise",
        ),
        ("{loss: cross_entropy}", f"{{averaging: {word}, parameter_groups: {word}}}"),
    )
    assert study.variants["no-dropout"].averaging == third_party.Ema()
    assert study.variants["no-dropout"].parameter_groups == third_party.LayerWise()
    assert study.variants["cross-entropy"].averaging is None
    assert study.variants["cross-entropy"].parameter_groups is None


def test_a_replicate_is_a_variant(loaded: Load) -> None:
    study = loaded(("{loss: cross_entropy}", "{replicate: 1}"))
    assert study.variants["cross-entropy"].replicate == 1


def test_components_within_components_and_numbers_of_every_spelling(loaded: Load) -> None:
    policy = "{scheduled_sampling: {decay: {linear: {start: 1, end: 75e-2}}}}"
    study = loaded(("{loss: cross_entropy}", f"{{decoding_policy: {policy}}}"))
    assert study.variants["cross-entropy"].decoding_policy == third_party.ScheduledSampling(
        decay=Linear(start=1.0, end=0.75)
    )


def test_seeds_may_be_a_number_or_a_list_and_the_caller_may_override_them(loaded: Load) -> None:
    assert loaded(("seeds: 5", "seeds: [7, 0, 3]")).seeds == (7, 0, 3)
    assert loaded(("seeds: 5", "seeds: 1")).seeds == (1,)
    assert loaded(("seeds: 5", "seeds: [7, 0, 3]"), seeds=2).seeds == (1, 2)


def test_metrics_may_have_options_and_a_core_score_may_be_primary(loaded: Load) -> None:
    study = loaded(
        ("[bleu, chrf]", "[{bleu: {lowercase: true}}]"), ("primary: bleu", "primary: perplexity")
    )
    assert study.metrics == (Bleu(lowercase=True),)
    assert study.compare.primary == "perplexity"


def test_anchors_and_aliases_may_save_words(loaded: Load) -> None:
    study = loaded(
        (
            "  loss: {label_smoothing: {smoothing: 0.1}}",
            "  loss: &loss {label_smoothing: {smoothing: 0.1}}",
        ),
        ("{loss: cross_entropy}", "{loss: *loss, replicate: 1}"),
    )
    assert study.variants["cross-entropy"].loss == LabelSmoothing(smoothing=0.1)


def test_files_are_found_relative_to_the_study_not_to_the_working_directory(
    write: Write, tmp_path: Path
) -> None:
    beside = tmp_path / "studies" / "data"
    beside.mkdir(parents=True)
    (beside / "a.de").touch()
    (tmp_path / "b.en").touch()
    sides = f"{{source: data/a.de, target: {tmp_path / 'b.en'}}}"
    write(("proverbs: {train: 400}", f"parallel_text: {{train: {sides}}}"))
    path = Path("study.yaml").rename("studies/study.yaml")
    study, _ = load(path, plugins=third_party.plugins())
    dataset = study.variants["baseline"].dataset
    assert isinstance(dataset, third_party.ParallelText)
    assert dataset.train.source == str(beside / "a.de")
    assert dataset.train.target == str(tmp_path / "b.en")


# --- faults, each where it is -------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_one_line_with_its_place(case: str, faults: Faults) -> None:
    old, new, expected = case.splitlines()
    change = (old.replace("\\n", "\n"), new.removeprefix("~").replace("\\n", "\n"))
    assert faults(change) == [f"study.yaml:{expected}"]


def test_a_study_needs_its_experiments(faults: Faults) -> None:
    assert faults(text="question: Why?\nvariants: {}\nseeds: 1\n") == [
        "study.yaml:1:1: a study needs 'baseline'",
        "study.yaml:2:11: variants must be at least 1 long, got {}",
    ]
    assert faults(text="question: Why?\nbaseline: [1]\nvariants: off\nseeds: 1\n") == [
        "study.yaml:2:11: baseline must be a mapping, got [1]",
        "study.yaml:3:11: variants must be a mapping, got 'off'",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a\n- b\n", "['a', 'b']"),
        ("study", "'study'"),
        ("5", "5"),
        ("null", "null"),
        ("--- ", "null"),
    ],
)
def test_a_study_must_be_a_mapping(text: str, shown: str, faults: Faults) -> None:
    (fault,) = faults(text=text)
    assert fault.endswith(f": a study must be a mapping, got {shown}")


def test_all_faults_are_reported_at_once_and_in_the_order_of_the_file(
    faults: Faults,
) -> None:
    lines = faults(
        ("smoothing: 0.1}", "smoothing: 1.5, smooting: 1}"),
        ("warmup: 100", "warmpu: '400'"),
        ("[bleu, chrf]", "[blue, chrf]"),
        ("heads: 4", "heads: 5, heads: 6"),
        ("dropout: off", "dropuot: off"),
        ("{loss: cross_entropy}", "{model: {norm: past}, generation: beam}"),
        ("primary: bleu", "primary: chrv"),
        ("  generation: greedy\n", ""),
    )
    assert lines == [
        "study.yaml:2:1: baseline needs 'generation'",
        "study.yaml:5:10: heads must divide d_model, got 5 heads and d_model 64",
        "study.yaml:5:34: duplicate key 'heads', first on line 5; remove one",
        "study.yaml:8:39: smoothing must be at least 0 and below 1, got 1.5",
        "study.yaml:8:44: no option 'smooting' in label_smoothing; did you mean 'smoothing'?",
        "study.yaml:10:14: noam needs 'warmup'",
        "study.yaml:10:21: no option 'warmpu' in noam; did you mean 'warmup'?",
        "study.yaml:14:31: no regularizer 'dropuot' to turn off; did you mean 'dropout'?",
        "study.yaml:15:33: norm must be one of pre, post, got 'past'",
        "study.yaml:15:52: no generation named 'beam'; there are greedy, speculative",
        "study.yaml:17:11: no metric named 'blue'; did you mean 'bleu'?",
        "study.yaml:18:20: 'chrv' is not a metric of this study; did you mean 'chrf'?",
    ]


@pytest.mark.parametrize(
    ("margin", "of_bleu", "of_nll"),
    [("0.5", 0.5, None), ("{bleu: 1, nll: 0.02}", 1, 0.02), ("null", None, None)],
)
def test_a_margin_is_the_primary_metric_s_or_names_its_metric(
    loaded: Load, margin: str, of_bleu: float | None, of_nll: float | None
) -> None:
    compare = loaded(("paired_t}", f"welch, margin: {margin}}}")).compare
    assert compare.method == "welch"
    assert (compare.margin_of("bleu"), compare.margin_of("nll")) == (of_bleu, of_nll)


@pytest.mark.parametrize(
    ("margin", "fault"),
    [
        ("{chr: 1}", "53: 'chr' is not a metric of this study; did you mean 'chrf'?"),
        ("-1", "52: compare.margin must be a number above 0 or {name: a number above 0} or null"),
        ("[1]", "52: compare.margin must be a number above 0 or {name: a number above 0} or null"),
    ],
)
def test_an_invalid_margin_is_refused(faults: Faults, margin: str, fault: str) -> None:
    (line,) = faults(("paired_t}", f"paired_t, margin: {margin}}}"))
    assert line.removesuffix(f", got {margin}") == f"study.yaml:19:{fault}"


def test_a_conflict_in_the_baseline_is_not_repeated_for_variants_that_inherit_it(
    faults: Faults,
) -> None:
    changes = (("heads: 4", "heads: 5"), ("{loss: cross_entropy}", "{model: {norm: post}}"))
    assert faults(*changes) == [
        "study.yaml:5:10: heads must divide d_model, got 5 heads and d_model 64"
    ]


def test_a_variant_that_repeats_a_fault_is_reported_too(faults: Faults) -> None:
    lines = faults(
        ("{label_smoothing: {smoothing: 0.1}}", "hinge"), ("loss: cross_entropy", "loss: hinge")
    )
    assert [fault.split(": ")[0] for fault in lines] == ["study.yaml:8:9", "study.yaml:16:25"]


def test_the_path_is_as_the_user_typed_it(write: Write, tmp_path: Path) -> None:
    write(("heads: 4", "heads: 5"))
    (tmp_path / "studies").mkdir()
    (tmp_path / "study.yaml").rename(tmp_path / "studies/ablation.yaml")
    with pytest.raises(StudyError) as error:
        load(Path("studies/../studies/ablation.yaml"), plugins=third_party.plugins())
    assert str(error.value).startswith("studies/../studies/ablation.yaml:5:10: heads must")


@pytest.mark.parametrize("name", ["my study.yaml", ".yaml", "-x.yaml", f"{'a' * 65}.yaml"])
def test_a_file_whose_name_is_no_valid_folder_is_refused(
    name: str, write: Write, tmp_path: Path
) -> None:
    path = write().rename(tmp_path / name)
    with pytest.raises(StudyError) as error:
        load(path, plugins=third_party.plugins())
    assert str(error.value).startswith(f"{path}: {shown(path.stem)} is not a valid name: ")


def test_a_missing_executor_is_a_fault_even_if_it_is_the_default(
    write: Write,
) -> None:
    plugins = third_party.plugins()
    registry = plugins.registry
    registry.unregister(name="stranger")

    class NoExecutor(third_party.Stranger):
        harness_executors = None  # type: ignore[assignment]  # takes the hook away

    registry.register(NoExecutor())
    with pytest.raises(StudyError) as error:
        load(write(), plugins=plugins)
    assert str(error.value) == "study.yaml:1:1: no executor named 'local'; there are none"


# --- plugins of the study's own -----------------------------------------------------------------

FOCAL = """
from __future__ import annotations

from dataclasses import dataclass

from harness.components import Loss
from harness.components.options import NonNegativeFloat
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Focal(Loss):
    "Hard tokens count more."

    name = "focal"
    gamma: NonNegativeFloat = 2.0

    def build(self, setting):
        raise NotImplementedError


@hookimpl
def harness_losses():
    return [Focal]
"""
NAMED = ("seeds: 5", "seeds: 5\nplugins: [./focal_here.py]")
USED = ("loss: cross_entropy", "loss: {focal: {gamma: 1}}")


def test_a_file_named_by_the_study_offers_what_the_study_uses(write: Write, tmp_path: Path) -> None:
    (tmp_path / "focal_here.py").write_text(FOCAL)
    study, plugins = load(write(NAMED, USED), plugins=third_party.plugins())
    assert study.variants["cross-entropy"].loss.name == "focal"
    assert study.plugins == (tmp_path / "focal_here.py",)
    assert plugins.registry.has_plugin("focal_here.py")


def test_options_of_a_file_plugin_are_validated_too(faults: Faults, tmp_path: Path) -> None:
    (tmp_path / "focal_here.py").write_text(FOCAL)
    assert faults(NAMED, ("loss: cross_entropy", "loss: {focal: {gama: -1}}")) == [
        "study.yaml:16:34: no option 'gama' in focal; did you mean 'gamma'?"
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (None, ": cannot be read: No such file or directory"),
        ("import absent", ": ModuleNotFoundError: No module named 'absent' (line 1)"),
        (
            FOCAL.replace("def harness_losses", "def harness_loses"),
            ", hook harness_loses: there is no such hook; did you mean 'harness_losses'?",
        ),
        (
            FOCAL.replace("(Loss)", ""),
            ", hook harness_losses: offers Focal, which is no subclass of harness.components.Loss",
        ),
        (
            FOCAL.replace("return [Focal]", "raise KeyError(3)"),
            ", hook harness_losses: raised KeyError: 3 (line 24)",
        ),
    ],
)
def test_a_broken_file_plugin_is_a_fault_at_its_name_in_the_study(
    source: str | None, fault: str, faults: Faults, tmp_path: Path
) -> None:
    if source is not None:
        (tmp_path / "focal_here.py").write_text(source)
    assert faults(NAMED) == [f"study.yaml:18:11: plugin focal_here.py{fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("./focal_here.py", "18:10: plugins must be a list, each text, got './focal_here.py'"),
        ('["a\\0b"]', r"18:11: plugin a\x00b: cannot be read: embedded null byte"),
        ("[3]", "18:11: plugins[0] must be text, got 3"),
        (
            "[focal_here.py, focal_here.py]",
            "18:26: plugin focal_here.py: another plugin file is called focal_here.py too",
        ),
    ],
)
def test_plugins_must_be_a_list_of_files(
    text: str, fault: str, faults: Faults, tmp_path: Path
) -> None:
    (tmp_path / "focal_here.py").write_text(FOCAL)
    assert faults(("seeds: 5", f"seeds: 5\nplugins: {text}")) == [f"study.yaml:{fault}"]


# --- what loading costs -------------------------------------------------------------------------

LOAD = """
import sys
from pathlib import Path

sys.path[:0] = [{root!r}, {tests!r}]
from harness.cli.lazy_imports import defer

defer("torch")
before = type(sys.modules["torch"])
from support import third_party
from harness.loading import load

load(Path({path!r}), plugins=third_party.plugins())
assert type(sys.modules["torch"]) is before, "torch was loaded"
"""


def test_a_study_is_loaded_without_torch(write: Write, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    path = str(tmp_path / write())
    script = LOAD.format(root=str(root), tests=str(root / "tests"), path=path)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
