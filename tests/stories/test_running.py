"""A study from its file to its verdicts, as a person would run it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from support.tiny_study import Harness


def outcomes(root: Path) -> dict[str, int]:
    """When finding run ended, by its digest."""
    return {path.parent.name: path.stat().st_mtime_ns for path in root.glob("*/outcome.json")}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_study_ends_with_findings_and_runs_only_once(study: Path, harness: Harness) -> None:
    first = harness("run", study)
    assert first.returncode == 0, first.stderr
    assert "Does a tiny model need its dropout?" in first.stdout
    results = study.parent / "results"
    findings = json.loads((results / "tiny" / "findings.json").read_text())
    primary = findings[0]
    assert (primary["variant"], primary["metric"], primary["role"]) == (
        "no-dropout",
        "nll",
        "primary",
    )
    assert [pair["seed"] for pair in primary["per_seed"]] == [1, 2]
    assert {finding["metric"] for finding in findings} == {
        "nll",
        "perplexity",
        "token_accuracy",
        "bleu",
    }
    ended = outcomes(results / "runs")
    assert len(ended) == 4

    again = harness("run", study)
    assert again.returncode == 0
    assert again.stdout == first.stdout
    assert outcomes(results / "runs") == ended


def test_only_a_changed_variant_trains_again_and_plan_gives_the_reason(
    study: Path, harness: Harness
) -> None:
    harness("run", study)
    results = study.parent / "results"
    before = outcomes(results / "runs")
    edit(study, "{dropout: off}", "{dropout: 0.5}")
    plan = json.loads(harness("plan", study, "--json").stdout)["runs"]
    assert [(run["variant"], run["seed"], run["exists"], run["why"]) for run in plan] == [
        ("baseline", 1, True, "exists"),
        ("no-dropout", 1, False, "changed option regularizers.dropout"),
        ("baseline", 2, True, "exists"),
        ("no-dropout", 2, False, "changed option regularizers.dropout"),
    ]
    assert harness("run", study).returncode == 0
    after = outcomes(results / "runs")
    assert len(after) == 6
    assert before.items() < after.items()


def test_a_new_metric_and_a_new_seed_train_no_run_that_exists(
    study: Path, harness: Harness
) -> None:
    harness("run", study, "--seeds", "1")
    results = study.parent / "results"
    before = outcomes(results / "runs")
    assert len(before) == 2
    edit(study, "metrics: [bleu]", "metrics: [bleu, chrf, exact_match]")
    assert harness("run", study, "--seeds", "1").returncode == 0
    assert outcomes(results / "runs") == before
    report = (results / "tiny" / "report.md").read_text()
    assert "exact_match" in report
    assert harness("run", study).returncode == 0
    assert before.items() < outcomes(results / "runs").items()


def test_variants_that_differ_in_decoding_train_once(study: Path, harness: Harness) -> None:
    edit(
        study,
        "no-dropout: {regularizers: {dropout: off}}",
        "short: {generation: {greedy: {extra: 0}}}",
    )
    assert harness("run", study, "--seeds", "1").returncode == 0
    runs = list((study.parent / "results" / "runs").iterdir())
    assert len(runs) == 1
    assert len(list((runs[0] / "evaluations").iterdir())) == 2


def test_jobs_change_no_bit(study: Path, harness: Harness) -> None:
    for jobs in (1, 2):
        assert harness("run", study, "--jobs", jobs, "--out", f"jobs-{jobs}").returncode == 0
    one, two = study.parent / "jobs-1" / "runs", study.parent / "jobs-2" / "runs"
    digests = sorted(path.name for path in one.iterdir())
    assert len(digests) == 4
    assert digests == sorted(path.name for path in two.iterdir())
    for digest in digests:
        ours, theirs = (
            torch.load(root / digest / "weights.pt", weights_only=True) for root in (one, two)
        )
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        for file in ("measurements.jsonl", "run.json"):
            assert (one / digest / file).read_bytes() == (two / digest / file).read_bytes()


FAILING = '''
from dataclasses import dataclass

from harness.components import Loss
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Fragile(Loss):
    """Breaks for seed 2."""

    name = "fragile"

    def build(self, setting):
        if setting.seed == 2:
            raise RuntimeError("this loss cannot bear seed 2")
        return lambda logits, targets: -logits.log_softmax(-1)[range(len(targets)), targets].sum()


@hookimpl
def harness_losses():
    return [Fragile]
'''


def test_a_failed_run_is_named_and_the_others_go_on(study: Path, harness: Harness) -> None:
    (study.parent / "fragile.py").write_text(FAILING)
    edit(study, "no-dropout: {regularizers: {dropout: off}}", "fragile: {loss: fragile}")
    study.write_text(study.read_text() + "plugins: [./fragile.py]\n")
    ran = harness("run", study)
    assert ran.returncode == 1, ran.stderr
    assert "RuntimeError: this loss cannot bear seed 2 (fragile.py, line " in ran.stdout
    assert len(outcomes(study.parent / "results" / "runs")) == 4
    plan = json.loads(harness("plan", study, "--json").stdout)["runs"]
    assert plan[3]["why"].startswith("failed before: plugin ")
    assert "RuntimeError: this loss cannot bear seed 2 (fragile.py, line " in plan[3]["why"]
    findings = json.loads((study.parent / "results" / "tiny" / "findings.json").read_text())
    assert (findings[0]["n"], findings[0]["verdict"]) == (1, "no_inference")

    edit(study.parent / "fragile.py", "setting.seed == 2", "setting.seed == 3")
    plan = json.loads(harness("plan", study, "--json").stdout)["runs"]
    assert plan[1]["why"].startswith("changed code of")
    assert harness("run", study).returncode == 0


def test_a_run_that_diverges_is_an_outcome(study: Path, harness: Harness) -> None:
    edit(
        study,
        "no-dropout: {regularizers: {dropout: off}}",
        "far-too-fast: {schedule: {constant: 1e30}}",
    )
    ran = harness("run", study)
    assert ran.returncode == 0, ran.stderr
    assert "diverged: loss" in ran.stderr
    findings = json.loads((study.parent / "results" / "tiny" / "findings.json").read_text())
    assert findings[0]["n"] == 0
    assert findings[0]["verdict"] == "no_inference"
    assert "diverged" in findings[0]["reason"]
    again = harness("run", study)
    assert again.returncode == 0
    assert "far-too-fast" not in again.stderr


def test_a_study_folder_of_another_file_is_refused(study: Path, harness: Harness) -> None:
    harness("run", study, "--seeds", "1")
    other = study.parent / "elsewhere" / "tiny.yaml"
    other.parent.mkdir()
    other.write_text(study.read_text())
    refused = harness("run", other)
    assert refused.returncode == 2
    assert "belongs to" in refused.stderr


def test_a_changed_corpus_is_reported(study: Path, harness: Harness) -> None:
    lines = "".join(f"eins zwei drei {number}\n" for number in range(30))
    for name in ("train", "held-out"):
        (study.parent / name).write_text(lines)
    files = "{source: train, target: train}", "{source: held-out, target: held-out}"
    edit(
        study,
        "toy_german: {train: 60, validation: 20, test: 20}",
        f"parallel_text: {{train: {files[0]}, validation: {files[1]}, test: {files[1]}}}",
    )
    assert harness("run", study, "--seeds", "1").returncode == 0
    (study.parent / "elsewhere").mkdir()
    for name in ("train", "held-out", "tiny.yaml"):
        (study.parent / name).rename(study.parent / "elsewhere" / name)
    moved = study.parent / "elsewhere" / "tiny.yaml"
    plan = json.loads(harness("plan", moved, "--seeds", "1", "--json").stdout)["runs"]
    assert [run["why"] for run in plan] == ["exists", "exists"]  # where files lie is no identity

    edit(moved.parent / "train", "eins zwei drei 7\n", "eins zwei drei sieben\n")
    plan = json.loads(harness("plan", moved, "--seeds", "1", "--json").stdout)["runs"]
    assert [run["why"] for run in plan] == ["changed corpus", "changed corpus"]


def test_scores_on_other_tokens_are_not_compared(study: Path, harness: Harness) -> None:
    edit(study, "no-dropout: {regularizers: {dropout: off}}", "characters: {tokenizer: char}")
    assert harness("run", study).returncode == 0
    findings = json.loads((study.parent / "results" / "tiny" / "findings.json").read_text())
    verdicts = {finding["metric"]: (finding["n"], finding["verdict"]) for finding in findings}
    assert verdicts["nll"] == (0, "no_inference")
    assert "scored on other tokens in 2 of 2 seeds" in findings[0]["reason"]
    assert verdicts["bleu"][0] == 2  # the same sentences, in words
    assert verdicts["bits_per_byte"][0] == 0  # as the words of some are unknown


def test_another_test_set_is_not_compared_and_does_not_break_the_report(
    study: Path, harness: Harness
) -> None:
    edit(
        study,
        "no-dropout: {regularizers: {dropout: off}}",
        "shorter: {dataset: {toy_german: {train: 60, validation: 20, test: 10}}}",
    )
    assert harness("run", study).returncode == 0
    findings = json.loads((study.parent / "results" / "tiny" / "findings.json").read_text())
    assert {finding["n"] for finding in findings} == {0}


def test_a_decoding_from_a_plugin_can_be_added_to_runs_that_exist(
    study: Path, harness: Harness
) -> None:
    assert harness("run", study, "--seeds", "1").returncode == 0
    before = outcomes(study.parent / "results" / "runs")
    (study.parent / "shout.py").write_text(SHOUT)
    study.write_text(study.read_text() + "plugins: [./shout.py]\n")
    edit(study, "  no-dropout:", "  shout: {generation: shout}\n  no-dropout:")
    assert harness("run", study, "--seeds", "1").returncode == 0
    assert outcomes(study.parent / "results" / "runs") == before


SHOUT = '''
from dataclasses import dataclass

from harness.components import Generation
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Shout(Generation):
    """Says the first word of the vocabulary."""

    name = "shout"

    def build(self, setting):
        return lambda model, source, *, sentences: [[4] for _ in sentences]


@hookimpl
def harness_generations():
    return [Shout]
'''


def test_code_that_changes_after_the_plan_is_not_trained_under_its_old_name(
    study: Path, harness: Harness
) -> None:
    (study.parent / "fragile.py").write_text(FAILING)
    edit(study, "no-dropout: {regularizers: {dropout: off}}", "fragile: {loss: fragile}")
    study.write_text(study.read_text() + "plugins: [./fragile.py, ./meddler.py]\n")
    (study.parent / "meddler.py").write_text(MEDDLER)
    ran = harness("run", study, "--seeds", "1")
    assert ran.returncode == 1
    assert "changed since the plan was made; run again" in ran.stdout


MEDDLER = """
from pathlib import Path

from harness.hookspecs import hookimpl


@hookimpl
def harness_study_started(study):
    file = Path(__file__).with_name("fragile.py")
    file.write_text(file.read_text().replace("-logits", "-2 * logits"))
"""


def test_a_run_that_leaves_no_outcome_has_failed(study: Path, harness: Harness) -> None:
    (study.parent / "lazy.py").write_text(LAZY)
    study.write_text(study.read_text() + "plugins: [./lazy.py]\n")
    ran = harness("run", study, "--seeds", "1")
    assert ran.returncode == 1
    assert "hook harness_run: reported the run as carried out, but wrote no" in ran.stdout


LAZY = """
from harness.hookspecs import hookimpl


@hookimpl
def harness_run(run):
    return True
"""


def test_a_report_needs_a_run(study: Path, harness: Harness) -> None:
    asked = harness("report", study)
    assert asked.returncode == 2
    assert "nothing has been run yet" in asked.stderr
