"""The commands that show the output of a trained run and draw figures of choices."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.finished_run import planned

from harness.cli import main
from harness.runs.ledger import Ledger

Say = Callable[..., Result]


@pytest.fixture
def say(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command line, in the folder of the finished run."""
    monkeypatch.chdir(finished)

    def say(*words: str, read: str | bytes = "") -> Result:
        return CliRunner().invoke(main, words, input=read)

    return say


def known(folder: Path) -> tuple[str, str, str]:
    """A sentence of the test split, its reference, and the run's translation."""
    run = planned(folder)
    ledger = Ledger(folder / "results" / "runs")
    return ledger.hypotheses(run.digest, evaluation=run.evaluation)[0]


def test_a_run_is_named_by_study_or_digest_and_reads_words_or_lines(
    say: Say, finished: Path
) -> None:
    source, _, wrote = known(finished)
    digest = planned(finished).digest
    for run in (["tiny.yaml"], ["tiny.yaml", "--variant", "baseline", "--seed", "1"], [digest[:9]]):
        done = say("generate", *run, source, source)
        assert done.exit_code == 0, done.output
        assert done.stdout.splitlines() == [wrote, wrote]
    assert say("generate", digest, read=f"{source}\n\n").stdout.splitlines()[0] == wrote
    (told,) = json.loads(say("generate", digest, "--json", source).stdout)["translations"]
    assert (told["source"], told["text"]) == (source, wrote)


@pytest.mark.parametrize(
    ("start", "end"), [("\ufeff", "\n"), ("", "\r\n"), ("", ""), ("\ufeff", "\r\n")]
)
def test_standard_input_is_read_like_the_files_of_a_corpus(
    say: Say, finished: Path, start: str, end: str
) -> None:
    source, _, wrote = known(finished)
    lines = f"{start}{source}{end or chr(10)}{source}{end}"
    done = say("generate", "tiny.yaml", read=lines.encode())
    assert done.stdout.splitlines() == [wrote, wrote]
    assert done.stderr == say("generate", "tiny.yaml", source, source).stderr
    separators = f"{source}\x85\u2028a".encode()
    printed = say("generate", "tiny.yaml", "--json", read=separators).stdout
    (told,) = json.loads(printed)["translations"]
    assert told["source"] == f"{source}\x85\u2028a"


def test_standard_input_in_another_encoding_is_refused_with_its_line(say: Say) -> None:
    done = say("generate", "tiny.yaml", read="ja\nschläft".encode("latin-1"))
    assert done.exit_code == 2
    assert done.stderr == "standard input:2: not UTF-8; convert it first\n"


def test_unknown_words_are_listed_with_the_translation(say: Say) -> None:
    done = say("generate", "tiny.yaml", "Der Yeti")
    assert done.stderr == "warning: sentence 1: not in the vocabulary: 'Yeti'\n"
    assert len(done.stdout.splitlines()) == 1


def test_a_trace_shows_both_ways_side_by_side(say: Say, finished: Path) -> None:
    source, reference, wrote = known(finished)
    done = say("generate", "tiny.yaml", "--trace", source)
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        f"source       {source}",
        f"reference    {reference}",
        f"translation  {wrote}",
    ]
    header = "step gold teacher forcing: reads writes p free running: reads writes p"
    assert lines[4].split() == header.split()
    traced = say("generate", "tiny.yaml", "--trace", "--json", source).stdout
    (told,) = json.loads(traced)["translations"]
    first = told["teacher_forcing"][0]
    assert lines[5].split()[:3] == ["1", told["gold"][0], "<bos>"]
    assert f"{first['probability']:.3f}" in lines[5]
    steps = max(len(told["gold"]), len(told["free_running"]))
    assert len(lines) == 4 + 1 + steps + 2
    right = sum(
        step["writes"] == gold
        for step, gold in zip(told["free_running"], told["gold"], strict=False)
    )
    assert lines[-1].endswith(f"free running {right}")
    assert (told["source"], told["reference"], told["text"]) == (source, reference, wrote)


def test_a_trace_without_a_reference_is_free_running_only(say: Say) -> None:
    done = say("generate", "tiny.yaml", "--trace", "Ja")
    assert "teacher forcing" not in done.stdout
    assert "free running: reads" in done.stdout


def test_examples_in_help_keep_their_lines(say: Say) -> None:
    for words in ([], ["figure"], ["generate"], ["schema"]):
        said = say(*words, "--help").stdout
        assert "\\b" not in said
        assert any(line.startswith("    harness ") for line in said.splitlines())


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["generate", "beef", "Ja"], "beef: no run in results/runs begins with these digits"),
        (["generate", "tiny.yaml", "--variant", "no-dropout", "Ja"], "seed 1 is not trained here"),
        (["generate", "tiny.yaml", "--seed", "7", "Ja"], "here (new); its seeds are 1"),
        (["generate", "tiny.yaml", "--variant", "basline", "Ja"], "did you mean 'baseline'?"),
        (["generate", "tinny.yaml", "Ja"], "did you mean 'tiny.yaml'?"),
        (["generate", "tiny.yaml", "--reference", "Yes", "Ja"], "--reference goes with --trace"),
        (["figure", "decays", "liner"], "no decay named 'liner'; did you mean 'linear'?"),
        (["figure", "decays", "--out", "x.gif"], "x.gif: unsupported format; use .png, .svg, .pdf"),
        (["figure", "dropout_sites", "tiny.yaml", "--variant", "x"], "no variant named 'x'"),
        (
            ["figure", "thinned_networks", "tiny.yaml", "--variant", "no-dropout"],
            "nothing is dropped at encoder.0.feed_forward; choose a variant with dropout there",
        ),
        (["figure", "gradient_norms", "tiny.yaml"], "write `budget: {gradient_norms: true}` in"),
        (
            ["figure", "attention", "tiny.yaml", "Ja", "--layer", "1"],
            "no layer 1 in the encoder; there are 0 to 0",
        ),
    ],
)
def test_a_user_error_is_one_line(say: Say, words: list[str], fault: str) -> None:
    done = say(*words)
    assert done.exit_code == 2
    assert fault in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_run_whose_code_has_changed_is_used_with_a_warning(say: Say, finished: Path) -> None:
    digest = planned(finished).digest
    old = finished / "other" / "runs" / "0123456789abcdef"
    shutil.copytree(finished / "results" / "runs" / digest, old)
    facts = json.loads((old / "run.json").read_text())
    facts["code"]["harness"] = "another"
    del facts["sha256"]
    (old / "run.json").write_text(json.dumps(facts))
    done = say("generate", "0123", "Ja", "--out", "other")
    assert done.exit_code == 0
    assert "warning: run 0123456789ab: changed code of harness since it was trained" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["dropout_sites", "tiny.yaml"],
        ["thinned_networks", "tiny.yaml", "--draws", "1"],
        ["label_smoothing", "--classes", "6", "kl_divergence", "cross_entropy"],
        ["penalization"],
        ["noam", "--d-model", "64", "--warmup", "10", "--updates", "30"],
        ["schedules", "tiny.yaml"],
        ["decays", "--updates", "20"],
        ["masks", "ein hund", "a dog", "--padding", "1"],
        ["attention", "tiny.yaml", "Ja", "--head", "1"],
        ["exposure_bias", "tiny.yaml"],
    ],
    ids=lambda words: words[0],
)
def test_every_figure_is_written_to_its_path(say: Say, words: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "drawn" / "picture.svg"
    done = say("figure", *words, "--picture", str(picture))
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == str(picture)
    assert picture.read_text().rstrip().endswith("</svg>")
    # `--out` is the same where there are no results to find, and their folder where there are.
    picture = picture.with_name("other.svg")
    other = say("figure", *words, "--out", str(picture))
    if words[0] in {"attention", "exposure_bias"}:
        assert other.output == f"--out {picture}: the folder of results; --picture names the file\n"
    else:
        assert other.stdout == f"{picture}\n"


def test_the_exposure_bias_is_a_number_of_the_test_split_beside_its_nll(
    say: Say, finished: Path, tmp_path: Path
) -> None:
    done = say("figure", "exposure_bias", "tiny.yaml", "--picture", str(tmp_path / "drawn.svg"))
    run = planned(finished)
    outcome = Ledger(finished / "results" / "runs").evaluated(run.digest, evaluation=run.evaluation)
    assert outcome
    assert done.stdout.splitlines()[1].startswith("exposure bias: ")
    assert f"{outcome.scores['nll']:.4f} after the reference's" in done.stdout


def test_findings_are_exported_without_training(say: Say, finished: Path) -> None:
    rows = say("export", "tiny.yaml", "--runs").stdout.splitlines()
    run = planned(finished)
    outcome = Ledger(finished / "results" / "runs").evaluated(run.digest, evaluation=run.evaluation)
    assert outcome
    assert rows[0] == "run,variant,seed,outcome,metric,value,torch,code"
    start = f"{run.digest},baseline,1,finished,nll,{outcome.scores['nll']},{run.identity.torch},"
    assert sum(row.startswith(start) for row in rows) == 1
    assert {row.split(",")[4] for row in rows[1:]} == {
        "nll",
        "perplexity",
        "token_accuracy",
        "bleu",
    }
    latex = say("export", "tiny.yaml", "--format", "latex")
    assert latex.stdout.startswith(r"\begin{tabular}")
    assert r"no-dropout & no inference" in latex.stdout
    # That somebody saw results is recorded, and nothing else is written.
    assert [path.name for path in (finished / "results" / "tiny").iterdir()] == ["looks.jsonl"]
    empty = say("export", "tiny.yaml", "--out", "elsewhere")
    assert (empty.exit_code, empty.stderr.count("\n")) == (2, 1)
