"""What a user can do after results were seen, act by act, and what the answer says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.invented_results import PLAIN, WARM, carry_out, opened, seen, study_of

from harness.cli import main
from harness.report.answer_text import answer
from harness.report.export import Form, export_findings
from harness.report.terminal import Summary
from harness.runs.inspections import RECORD, read_history

MARGIN = ("{primary: nll}", "{primary: nll, margin: 0.5}")
TIGHT = ("{primary: nll}", "{primary: nll, margin: 0.1}")
BLEU = ("figures: []", "metrics: [bleu]\nfigures: []")
FORMS: tuple[Form, ...] = ("csv", "latex", "markdown")
STEPS = "{least: 2, most: 3, until: decided}"
TUNE = "tune: {grid: {schedule.noam.warmup: [5, 20]}}\n"
MORE = "{least: 2, most: 5, until: decided}"

ACTS = {
    "margin loosened": (
        [study_of(3, TIGHT), study_of(3, MARGIN)],
        "margin now 0.5 of nll, previously 0.1",
    ),
    "margin declared": (
        [study_of(3), study_of(3, MARGIN)],
        "margin now 0.5 of nll, previously none",
    ),
    "margin and back": (
        [study_of(3), study_of(3, TIGHT), study_of(3)],
        "margin now none, previously 0.1 of nll",
    ),
    "diverged runs": (
        [study_of(3), study_of(3, ("{primary: nll}", "{primary: nll, diverged: worst}"))],
        "diverged runs now worst, previously excluded",
    ),
    "method": (
        [study_of(3), study_of(3, ("{primary: nll}", "{primary: nll, method: welch}"))],
        "method now welch, previously paired_t",
    ),
    "against": (
        [study_of(3), study_of(3, ("{primary: nll}", "{primary: nll, against: each}"))],
        "comparison now with each, previously with baseline",
    ),
    "primary": (
        [study_of(3), study_of(3, ("primary: nll", "primary: perplexity"))],
        "primary metric now perplexity, previously nll",
    ),
    "seeds added": ([study_of(3), study_of(5)], "seeds now 1-5, previously 1-3"),
    "a seed dropped": (
        [study_of(5), study_of("[1, 2, 4, 5]")],
        "seeds now 1-2, 4-5, previously 1-5",
    ),
    "other seeds": (
        [study_of(3), study_of("[4, 5, 6]"), study_of("[7, 8, 9]")],
        "seeds now 7-9, previously 1-3 and 4-6",
    ),
    "tuned after all": (
        [study_of(3, (WARM, "")), study_of(3, (WARM, ""), ("figures", f"{TUNE}figures"))],
        "tuning now schedule.noam.warmup over 5, 20, previously none",
    ),
    "a variant dropped": ([study_of(3), study_of(3, (WARM, ""))], "variant warm dropped"),
    "a variant added": ([study_of(3, (WARM, "")), study_of(3)], "variant warm added"),
    "a variant changed": (
        [study_of(3), study_of(3, ("{warmup: 5}", "{warmup: 4}"))],
        "variant warm changed",
    ),
    "most raised": (
        [study_of(STEPS), study_of(MORE)],
        "looks now after 2, 3, 4 and 5 seeds, previously after 2 and 3 seeds",
    ),
    "fixed, then in looks": (
        [study_of(3), study_of(MORE)],
        "looks now after 2, 3, 4 and 5 seeds, previously none",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_every_act_after_results_were_seen_stands_in_the_answer(tmp_path: Path, act: str) -> None:
    texts, expected = ACTS[act]
    *earlier, last = texts
    first = carry_out(opened(earlier[0], folder=tmp_path)).as_filed
    for text in earlier:
        before = seen(text, folder=tmp_path)
        assert expected not in answer(before)
    after = seen(last, folder=tmp_path)
    assert f"Changed after results were seen (plan {first.plan_digest} of 20" in answer(after)
    assert expected in answer(after)
    assert expected in Summary(after, failed=(), path=tmp_path).text
    for form in FORMS:
        assert expected in export_findings(after.findings, form=form).replace(r"\_", "_")


@pytest.mark.parametrize(
    "texts",
    [
        [study_of(3), study_of(3)],
        [study_of(5), study_of("[1, 2, 4, 5]"), study_of(5)],  # a seed that was only put back
        [study_of(1), study_of(3, MARGIN)],  # a single seed tests nothing
        [study_of(STEPS), study_of(STEPS)],
        [study_of(3), study_of(3, ("updates: 12", "updates: 24"))],  # another question
    ],
)
def test_what_changes_no_plan_is_not_named(tmp_path: Path, texts: Sequence[str]) -> None:
    reports = [seen(text, folder=tmp_path) for text in texts]
    assert reports[-1].deviations == []


def test_a_plan_may_change_as_long_as_nobody_has_seen_results(tmp_path: Path) -> None:
    for text in (study_of(3), study_of(5, MARGIN, (WARM, ""))):
        carry_out(opened(text, folder=tmp_path))
    assert seen(study_of(5, MARGIN, (WARM, "")), folder=tmp_path).deviations == []


def test_a_study_under_another_name_keeps_its_past(tmp_path: Path) -> None:
    seen(study_of(3), folder=tmp_path, name="first")
    again = seen(study_of(3, MARGIN), folder=tmp_path, name="second")
    assert "margin now 0.5 of nll, previously none" in answer(again)
    assert "These results were seen before under the name first." in answer(again)
    assert again.inspections == "Inspected 2 times: with 3 and 3 seeds."


def test_studies_planned_before_results_owe_each_other_nothing(tmp_path: Path) -> None:
    plans = {"whole": study_of(3), "part": study_of(3, (WARM, ""))}
    for name, text in plans.items():
        carry_out(opened(text, folder=tmp_path, name=name))
    for name, text in plans.items():
        assert seen(text, folder=tmp_path, name=name).deviations == []


@pytest.mark.parametrize("kept", ["baseline", "each"])
def test_a_variant_that_was_dropped_is_corrected_for(tmp_path: Path, kept: str) -> None:
    against = ("{primary: nll}", f"{{primary: nll, against: {kept}}}")
    (before, *_) = seen(study_of(4, against), folder=tmp_path).on_primary
    after = seen(study_of(4, against, (WARM, ""), (PLAIN, "")), folder=tmp_path).on_primary
    family = {"baseline": 3, "each": 6}[kept]
    assert before.family == after[0].family == family
    assert after[0].p is not None
    assert after[0].p_adjusted == pytest.approx(min(1, family * after[0].p))
    assert f"Holm over {family} " in after[0].reason
    assert f"of which {family - 1} were dropped after results were seen" in after[0].reason
    assert after[0].p_max_t is None


def test_looks_that_are_added_leave_the_planned_ones_as_they_were(tmp_path: Path) -> None:
    seen(study_of(STEPS), folder=tmp_path)
    seen(study_of(MORE), folder=tmp_path)
    most = seen(study_of("{least: 2, most: 9, until: decided}"), folder=tmp_path)
    # 2, 3 as planned; then 4 and 5; of 2, 5, 8 and 9, the last two: 10 k (k - 1) / 2.
    assert most.design.look_factors == {2: 2, 3: 2, 4: 30, 5: 60, 8: 100, 9: 150}
    assert max(len(finding.per_seed) for finding in most.on_primary) == 9
    spent = sum(1 / factor for factor in most.design.look_factors.values())
    assert spent < 1.1
    assert most.on_primary[0].looks == 150
    assert "and a factor of " in most.on_primary[0].reason


@pytest.mark.parametrize("damage", ["record", "line", "end", "edited"])
def test_a_record_with_a_gap_makes_the_number_unknown(tmp_path: Path, damage: str) -> None:
    for seeds in (2, 3, 4):
        seen(study_of(seeds), folder=tmp_path)
    record = tmp_path / "results" / RECORD
    lines = record.read_bytes().splitlines(keepends=True)
    changed = {
        "record": [],
        "line": lines[:2] + lines[3:],
        "end": lines[:-1],
        "edited": [*lines[:2], _edited(lines[2]), *lines[3:]],
    }
    record.write_bytes(b"".join(changed[damage]))
    report = seen(study_of(4), folder=tmp_path)
    assert "How often results were seen before is unknown: " in answer(report)
    assert report.inspections.startswith("How often these results were inspected is unknown")


def _edited(line: bytes) -> bytes:
    """A line that was changed with its own SHA-256 taken away, as an earlier version wrote it."""
    entry = {**json.loads(line), "seeds": [1]}
    del entry["sha256"]
    return json.dumps(entry).encode() + b"\n"


def test_results_without_any_record_are_unknown_and_never_seen_once(tmp_path: Path) -> None:
    carry_out(opened(study_of(3), folder=tmp_path))
    (tmp_path / "results" / RECORD).unlink()
    report = seen(study_of(3), folder=tmp_path)
    assert answer(report).endswith("unknown: these runs are older than the record of their plan.")
    assert [entry.late for entry in read_history(tmp_path / "results").entries] == [True, False]


def harness(*words: object, folder: Path) -> str:
    arguments = [*map(str, words), "--out", str(folder / "results")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_best_variant_alone_is_corrected_for_all(tmp_path: Path) -> None:
    seen(study_of(4), folder=tmp_path)
    names = [tmp_path / f"tiny.yaml:{variant}" for variant in ("baseline", "plain")]
    text = harness("compare", *names, "--margin", 0.5, folder=tmp_path)
    said = "Holm's method over the 3 comparisons, of which 2 were dropped after results were seen"
    assert said in text
    assert "margin now 0.5 of nll, previously none" in text
    assert "margin now none, previously 0.5 of nll" in answer(seen(study_of(4), folder=tmp_path))


def test_a_plan_prints_the_digest_that_stands_in_its_record(tmp_path: Path) -> None:
    study = opened(study_of(3), folder=tmp_path)
    text = harness("plan", study.study.path, folder=tmp_path)
    (entry,) = read_history(tmp_path / "results").entries
    assert f"plan {entry.plan_digest}: " in text
    assert entry.plan_digest == study.as_filed.plan_digest
    assert json.loads(harness("plan", study.study.path, "--json", folder=tmp_path))["plan"] in text
    harness("plan", study.study.path, folder=tmp_path)
    assert len(read_history(tmp_path / "results").entries) == 1


def test_who_cannot_write_can_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = opened(study_of(3), folder=tmp_path)
    (tmp_path / "results").write_text("no folder")  # as for a folder that may not be written
    assert study.freeze_plan() == study.as_filed
    assert "warning: the plan is not frozen: " in capsys.readouterr().err
