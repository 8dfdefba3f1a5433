"""Existing runs, and scores from other programs, compared without a study."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from support.answers import answer
from support.tiny_study import TINY

from harness import pipeline
from harness.cli import main
from harness.runs import worker
from harness.runs.records import RunLocation

Compare = Callable[..., Result]
# What a score by itself does not tell: what it hangs on.
OF_SENTENCES = (
    "interval_sentences_low",
    "interval_sentences_high",
    "combined_low",
    "combined_high",
    "p_bootstrap",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies, run: the second has a variant more, and writes one token more at most."""
    folder = tmp_path_factory.mktemp("compared")
    longer = TINY.replace("extra: 3", "extra: 4").replace(
        "variants:\n", "variants:\n  more: {loss: cross_entropy}\n"
    )
    for name, text in {"short": TINY, "long": longer}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        carry_out(folder / f"{name}.yaml", out=folder / "results")
    return folder


def carry_out(path: Path, *, out: Path) -> None:
    """All runs of a study and its report, in this process."""
    before = torch.are_deterministic_algorithms_enabled()
    opened = pipeline.open_study(path, out=out, seeds=None)
    for run in opened.runs:
        path = opened.ledger.request(
            run.digest,
            identity=run.identity,
            decodings={run.evaluation: run.decoding},
            location=RunLocation(generation=run.decoding.generation),
        )
        worker.perform(path)
    torch.use_deterministic_algorithms(before)
    pipeline.write_report(opened)


@pytest.fixture
def compare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """`harness compare` in the folder of both studies."""
    monkeypatch.chdir(folder)

    def run(*words: str, read: str | None = None) -> Result:
        return CliRunner().invoke(main, ["compare", *words], input=read)

    return run


def listed(done: Result) -> list[dict[str, Any]]:
    """The findings, from a command that printed nothing else."""
    assert (done.exit_code, done.stderr) == (0, "")
    findings: list[dict[str, Any]] = answer("compare", printed=done.stdout)["findings"]
    return findings


def exported(study: str) -> str:
    done = CliRunner().invoke(main, ["export", study, "--runs"])
    assert done.exit_code == 0
    return done.stdout


def test_the_export_of_a_study_gives_its_findings_again(folder: Path, compare: Compare) -> None:
    text = exported("long.yaml")
    findings = listed(
        compare(
            "--from-csv",
            "-",
            "--primary",
            "nll",
            "--split",
            "test",
            *("--higher-is-better", "bleu"),
            "--json",
            read=text,
        )
    )
    expected = json.loads((folder / "results" / "long" / "findings.json").read_text())
    for finding in expected:
        # A table knows neither sentences nor what somebody saw before.
        finding.update(dict.fromkeys(OF_SENTENCES), deviations="", of_table=True)
    assert findings == expected


def test_two_studies_compare_the_variants_that_both_have(compare: Compare) -> None:
    findings = listed(compare("short.yaml", "long.yaml", "--json"))
    primary = [finding for finding in findings if finding["role"] == "primary"]
    assert [(finding["against"], finding["variant"]) for finding in primary] == [
        ("short:baseline", "long:baseline"),
        ("short:no-dropout", "long:no-dropout"),
    ]
    verdicts = {finding["verdict"] for finding in primary}
    assert verdicts == {"identical"}  # trained once, decoded twice
    assert all(finding["n"] == 2 for finding in findings)
    said = compare("short.yaml", "long.yaml").stdout
    assert "By nll on the test split, over two seeds only: long:baseline is identical to" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["long:baseline", "generation.greedy.extra", "3", "4"] in rows
    written = compare("short.yaml", "long.yaml", "--markdown").stdout
    rows = [line.split() for line in written.replace("|", " ").splitlines()]
    assert ["long:baseline", "generation.greedy.extra", "3", "4"] in rows


def test_two_variants_of_a_study_have_the_study_s_findings(folder: Path, compare: Compare) -> None:
    findings = listed(compare("short.yaml:baseline", "short.yaml:no-dropout", "--json"))
    expected = json.loads((folder / "results" / "short" / "findings.json").read_text())
    for one, other in zip(findings, expected, strict=True):
        names = {"variant": "short:no-dropout", "against": "short:baseline", "kind": "pair"}
        assert one == {**other, **names}


def test_two_runs_of_a_seed_have_values_and_no_inference(compare: Compare) -> None:
    first, *_ = listed(compare("short.yaml:baseline:2", "short.yaml:no-dropout:2", "--json"))
    (pair,) = first["per_seed"]
    assert pair["seed"] == 2
    assert pair["variant"] - pair["baseline"] == first["difference"]
    assert (first["verdict"], first["p"]) == ("no_inference", None)


def test_two_runs_of_different_seeds_are_not_paired(compare: Compare) -> None:
    words = ("short.yaml:baseline:1", "short.yaml:no-dropout:2")
    first, *_ = listed(compare(*words, "--json", "--primary", "chrf"))
    assert (first["metric"], first["method"], first["per_seed"]) == ("chrf", "welch", [])
    assert first["difference"] == first["variant_mean"] - first["baseline_mean"]
    assert first["reason"].startswith("1 run against 1 run of short:baseline:1")


def test_studies_with_other_numbers_of_seeds_miss_no_run_of_each_other(
    folder: Path, compare: Compare
) -> None:
    text = (folder / "short.yaml").read_text()
    fewer = re.sub(r"(?m)^seeds: .*$", "seeds: [1]", text)
    assert fewer != text
    (folder / "fewer.yaml").write_text(fewer)  # its runs are short.yaml's
    said = compare("fewer.yaml:baseline", "short.yaml:no-dropout", "--method", "welch").stdout
    both = "over 1 scored run of fewer:baseline and only 2 of the variant"
    assert both in " ".join(said.split())
    assert "not run" not in said


def test_a_run_goes_by_its_digest_or_its_folder(compare: Compare) -> None:
    rows = [line.split(",")[:3] for line in exported("short.yaml").splitlines()[1:]]
    digests = {(variant, seed): digest for digest, variant, seed in rows}
    one, other = digests["baseline", "1"], digests["no-dropout", "1"]
    findings = listed(compare(one[:10], str(Path("results", "runs", other)), "--json"))
    expected = listed(compare("short.yaml:baseline:1", "short.yaml:no-dropout:1", "--json"))
    for finding in expected:
        # A run that goes by its digest is of no study, whose plan could have been changed.
        finding |= {"variant": other[:12], "against": one[:12], "deviations": ""}
    assert findings == [finding for finding in expected if finding["metric"] != "bleu"]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ([], "nothing to compare: name two RUNs, or --from-csv FILE"),
        (
            ["short.yaml", "--from-csv", "x"],
            "nothing to compare: name two RUNs, or --from-csv FILE",
        ),
        (
            ["short.yaml"],
            "short.yaml has nothing to be compared with; give two studies, variants or runs",
        ),
        (
            ["short.yaml", "short.yaml"],
            "the same name is given twice; a comparison needs two different ones",
        ),
        (
            ["short.yaml", "long.yaml", "--baseline", "x"],
            "--baseline, --lower-is-better, --higher-is-better and --split",
        ),
        (
            ["short.yaml", "long.yaml:more"],
            "short is a study, but long:more is not; name a variant",
        ),
        (["short.yaml:mor", "long.yaml:more"], "short.yaml: no variant named 'mor'"),
        (["short.yaml:baseline:3", "long.yaml"], "short.yaml: no seed named '3'; there are 1, 2"),
        (["short.yaml", "zz"], "zz: no run in results/runs begins with these digits"),
        (
            ["short.yaml", "long.yaml", "--primary", "blue"],
            "'blue': no metric named 'blue'; did you",
        ),
        (
            ["short.yaml", "long.yaml", "--margin", "inf"],
            "--margin must be a finite number above 0",
        ),
        (["--from-csv", "no.csv"], "no.csv: No such file or directory"),
    ],
)
def test_an_impossible_comparison_is_one_line(
    words: list[str], fault: str, compare: Compare
) -> None:
    done = compare(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith(fault)
    assert done.stderr.count("\n") == 1


def test_an_unfinished_run_is_reported(folder: Path, compare: Compare) -> None:
    digest = exported("short.yaml").splitlines()[1].split(",")[0]
    shutil.copytree(folder / "results" / "runs" / digest, folder / "elsewhere" / digest)
    (folder / "elsewhere" / digest / "outcome.json").unlink()
    done = compare(f"elsewhere/{digest}", digest)
    assert done.exit_code == 2
    fault = f"run {digest[:12]} has not ended; finish it with `harness run` of its study\n"
    assert done.stderr == fault
