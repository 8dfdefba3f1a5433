from __future__ import annotations

import json
import warnings
from collections.abc import Iterable

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from harness.cli import main
from harness.comparing.external_scores import compare_scores
from harness.comparing.options import ComparisonOptions
from harness.contracts import Finding
from harness.errors import HarnessError
from harness.report import terminal
from harness.report.answer_text import answer
from harness.report.write import as_json

HEADER = "variant,seed,metric,value\n"
# Hours of sleep gained by ten patients with two drugs (Student 1908; R's data set `sleep`).
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def table(**scores: Iterable[float]) -> str:
    """A table with one metric, the baseline and others, a seed a score."""
    rows = [
        f"{variant},{seed},hours,{value}\n"
        for variant, values in scores.items()
        for seed, value in enumerate(values, start=1)
    ]
    return HEADER + "".join(rows)


def compare(text: str, **given: object) -> list[Finding]:
    options = ComparisonOptions(**given)  # type: ignore[arg-type] # whatever a test asks for
    return [*compare_scores(text.encode(), name="t", options=options).findings]


def faults(text: str, **given: object) -> list[str]:
    with pytest.raises(HarnessError) as refused:
        compare(text, **given)
    return str(refused.value).splitlines()


SLEEP = table(baseline=FIRST, second=SECOND)


def test_sleep_has_the_paired_t_of_r() -> None:
    (finding,) = compare(SLEEP)
    assert finding.p == pytest.approx(0.00283289, abs=5e-9)
    assert finding.interval_low == pytest.approx(0.7001142, abs=5e-8)
    assert finding.interval_high == pytest.approx(2.4598858, abs=5e-8)
    assert finding.verdict == "better"


def test_sleep_has_the_welch_of_r() -> None:
    (finding,) = compare(SLEEP, method="welch")
    assert finding.p == pytest.approx(0.0793941, abs=5e-8)
    assert finding.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("baseline", "others"),
    [
        ("NA", ["null", "nan", "None", "N/A"]),
        ("1e3", ["1000", "1000.0", "true"]),
        ("a", ["A", "ä"]),
    ],
)
def test_a_variant_has_its_name_as_it_is_written(baseline: str, others: list[str]) -> None:
    """Names that some readers of tables take as missing, as numbers or as equal."""
    text = table(**dict.fromkeys((baseline, *others), FIRST))
    findings = compare(text, baseline=baseline)
    assert [finding.label for finding in findings] == [
        f"{name} against {baseline}" for name in others
    ]
    assert {finding.n for finding in findings} == {len(FIRST)}


def test_another_baseline_reverses_the_difference() -> None:
    (finding,) = compare(SLEEP, baseline="second")
    assert finding.interval_low == pytest.approx(-2.4598858, abs=5e-8)
    assert finding.interval_high == pytest.approx(-0.7001142, abs=5e-8)
    assert (finding.verdict, finding.label) == ("worse", "baseline against second")


def test_lower_is_better_reverses_the_verdict_but_not_the_difference() -> None:
    (up,), (down,) = compare(SLEEP), compare(SLEEP, lower_is_better=["hours"])
    assert down.difference == up.difference
    assert (up.verdict, down.verdict) == ("better", "worse")


def test_the_core_s_own_metrics_know_their_direction() -> None:
    (finding,) = compare(SLEEP.replace("hours", "nll"))
    assert (finding.higher_is_better, finding.verdict) == (False, "worse")


@pytest.mark.parametrize(
    "name",
    [
        *("loss", "valid_loss", "WER", "test/cer", "TER", "rmse", "evalMAE", "latency_ms"),
        *("error rate", "PER", "valid_per", "seconds_per_token", "edits per word", "bits_per_char"),
    ],
)
def test_the_usual_names_of_errors_and_costs_mean_lower_is_better(name: str) -> None:
    text = SLEEP.replace("hours", name)
    report = compare_scores(text.encode(), name="t", options=ComparisonOptions())
    assert report.findings[0].verdict == "worse"
    reading = f"{name}, lower is better (say --higher-is-better {name} if not)"
    assert report.readings == [reading]
    assert f"Read as: {reading}." in terminal.Summary(report, failed=()).text
    (other,) = compare(text, higher_is_better=[name])
    assert other.verdict == "better"


@pytest.mark.parametrize("name", ["distinct_n", "Distinct-2", "self_bleu", "SelfBLEU", "length"])
def test_what_only_describes_a_text_has_no_better_direction(name: str) -> None:
    text = SLEEP.replace("hours", name)
    report = compare_scores(text.encode(), name="t", options=ComparisonOptions())
    assert report.findings[0].verdict == "higher"
    said = f"say --lower-is-better {name} or --higher-is-better {name} if it has one"
    assert report.readings == [f"{name}, no direction is better ({said})"]
    assert f"By {name} (taken to have no better direction), over" in answer(report)
    (stated,) = compare(text, lower_is_better=[name])
    assert stated.verdict == "worse"


@pytest.mark.parametrize(
    "name",
    [
        *("hours", "bleu", "chrf", "losslessness", "terse", "percentage"),
        *("tokens_per_second", "tokensPerMs", "words per error"),
    ],
)
def test_other_names_mean_higher_is_better_and_the_answer_says_so(name: str) -> None:
    text = SLEEP.replace("hours", name)
    report = compare_scores(text.encode(), name="t", options=ComparisonOptions())
    assert report.findings[0].verdict == "better"
    assert report.readings == [f"{name}, higher is better (say --lower-is-better {name} if not)"]
    stated = ComparisonOptions(lower_is_better=[name])
    assert compare_scores(text.encode(), name="t", options=stated).readings == []


@pytest.mark.parametrize(
    ("name", "higher"),
    [("neg_mean_squared_error", True), ("negative log likelihood", False), ("neg_bleu", False)],
)
def test_a_negated_metric_has_the_other_direction(name: str, *, higher: bool) -> None:
    (finding,) = compare(SLEEP.replace("hours", name))
    assert finding.higher_is_better == higher


def test_the_answer_says_what_was_presumed_and_no_more() -> None:
    def told(**given: object) -> str:
        options = ComparisonOptions(**given)  # type: ignore[arg-type] # whatever a test asks for
        report = compare_scores(SLEEP.replace("hours", "loss").encode(), name="t", options=options)
        return terminal.Summary(report, failed=()).text

    assert "By loss (taken as lower is better), over 10 seeds: second is worse" in told()
    assert "By loss, over 10 seeds:" in told(lower_is_better=["loss"])
    assert "By loss (taken as lower is better) on the validation split," in told(split="validation")


def test_findings_as_json_come_with_the_directions_that_were_presumed() -> None:
    done = CliRunner().invoke(main, ["compare", "--from-csv", "-", "--json"], input=SLEEP)
    assert done.stderr == "read as: hours, higher is better (say --lower-is-better hours if not)\n"
    assert json.loads(done.stdout)["findings"][0]["split"] == ""


def test_names_that_differ_in_composition_only_are_one_variant() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    text = f"{HEADER}{composed},1,m,1\n{decomposed},2,m,2\nx,1,m,2\nx,2,m,3\n"
    (finding,) = compare(text, baseline=decomposed)
    assert (finding.against, finding.n) == (composed, 2)
    assert faults(f"{HEADER}baseline,1,m,1\n{composed},1,m,1\n{decomposed},1,m,2\n") == [
        f"t:4: {composed}, seed 1, m is already in t:3"
    ]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (("1,234", "987"), "value '1,234' beside '987' is 1234 or has decimals;"),
        (("987", "1.234"), "value '1.234' beside '987' is 1234 or has decimals;"),
    ],
)
def test_a_mark_of_thousands_or_of_decimals_is_refused(values: tuple[str, str], fault: str) -> None:
    rows = "".join(f"baseline;{seed};m;{value}\n" for seed, value in enumerate(values))
    (told,) = faults(f"variant;seed;metric;value\n{rows}x;1;m;500\n")
    assert told.partition(": ")[2].startswith(fault)


@pytest.mark.parametrize("values", [("1,234", "2,345"), ("1,234", "987", "0,5"), ("1,5", "987")])
def test_decimals_that_cannot_be_thousands_are_read(values: tuple[str, ...]) -> None:
    rows = "".join(
        f"{variant};{seed};m;{value}\n"
        for variant in ("baseline", "x")
        for seed, value in enumerate(values)
    )
    (finding,) = compare(f"variant;seed;metric;value\n{rows}")
    assert finding.per_seed[0].variant == float(values[0].replace(",", "."))


def test_a_difference_that_the_metric_cannot_have_is_not_promised() -> None:
    def noisy(name: str, scale: float) -> Finding:
        text = table(baseline=[scale * x for x in (10, 90, 40)], x=[scale * x for x in (80, 5, 60)])
        (finding,) = compare(text.replace("hours", name))
        return finding

    for beyond in (noisy("bleu", 1.0), noisy("accuracy", 0.01)):
        assert beyond.detectable is None
        assert f"no difference that {beyond.metric} can have would show" in beyond.reason
    for unbounded in (noisy("hours", 1.0), noisy("loss", 1.0), noisy("bleu", 2.0)):
        assert unbounded.detectable is not None
        assert "a difference of" in unbounded.reason


def test_welch_without_a_finished_baseline_counts_the_variants_runs() -> None:
    text = "variant,seed,metric,value,outcome\nbaseline,1,,,failed\nbaseline,2,,,failed\n"
    (finding,) = compare(f"{text}x,1,m,3,\nx,2,m,5,\n", method="welch")
    assert (finding.n, finding.n_baseline, finding.variant_mean) == (2, 0, 4.0)
    assert finding.reason.startswith("2 runs against 0 runs of the baseline")


def test_the_least_p_of_drawn_patterns_is_that_of_the_draws() -> None:
    (finding,) = compare(table(baseline=range(40), x=[n + 1 + n % 3 for n in range(40)]))
    assert "sign-flip p < .001, the least that 9,999 draws can show" in finding.reason


def test_two_seeds_stand_in_the_reason() -> None:
    (finding,) = compare(table(baseline=(1.0, 2.0), x=(3.0, 4.5)))
    assert finding.reason.startswith("two seeds only: 2 of 2 seeds higher;")


def test_diverged_runs_rank_worst_if_that_is_asked_for() -> None:
    rows = "".join(f"x,{seed},,,diverged\n" for seed in range(1, 11))
    baseline = "".join(f"baseline,{seed},m,{seed},\n" for seed in range(1, 11))
    text = f"variant,seed,metric,value,outcome\n{baseline}{rows}"
    (finding,) = compare(text, diverged="worst")
    assert (finding.verdict, finding.p) == ("worse", 2 / 2**10)
    assert compare(text)[0].verdict == "no_inference"
    (fault,) = faults(text, diverged="worst", method="welch")
    assert fault.startswith("diverged runs rank worst among pairs, and welch pairs nothing")
    (fault,) = faults(text, diverged="worst", method="sign_test")
    assert fault.startswith("diverged runs rank worst among pairs, and sign_test ranks nothing")


def test_a_metric_has_one_direction() -> None:
    (fault,) = faults(SLEEP, lower_is_better=["hours"], higher_is_better=["hours"])
    assert fault == "t: hours is said to be better both lower and higher"


def test_runs_with_other_seeds_are_compared_by_welch_without_a_missing_one() -> None:
    text = SLEEP
    for seed in range(1, 11):
        text = text.replace(f"second,{seed},", f"second,{seed + 10},")
    (finding,) = compare(text, method="welch")
    assert finding.p == pytest.approx(0.0793941, abs=5e-8)
    assert (finding.planned, finding.n, finding.n_baseline) == (10, 10, 10)
    assert "not run" not in finding.reason
    assert finding.per_seed == ()


def test_diverged_missing_and_unscored_runs_are_counted() -> None:
    text = (
        "variant,seed,metric,value,outcome\n"
        "baseline,1,m,1,\nbaseline,2,m,2,\nbaseline,3,m,3,finished\nbaseline,4,m,4,\n"
        "x,1,m,2,\nx,2,,,diverged\nx,3,m,,\n"
    )
    (finding,) = compare(text)
    assert (finding.planned, finding.finished, finding.diverged, finding.n) == (4, 2, 1, 1)
    rates = "diverged in 1 of 3 seeds, the baseline in 0 of 4 (McNemar p = 1 over the 3 seeds in"
    assert rates in finding.reason
    assert "the variant has no finite score in 1 of 3 seeds" in finding.reason
    assert "the table has no run of the variant in 1 of 4 seeds" in finding.reason
    assert finding.p_diverged is not None


@pytest.mark.parametrize(
    ("scores", "verdict", "reason"),
    [
        ((3.0, 4.0, 5.0), "inconclusive", "the same difference in 3 of 3 seeds"),
        ((1.0, 2.0, 3.0), "inconclusive", "three seeds only: equal scores in 3 of 3 seeds"),
        ((1.5,), "no_inference", "1 complete pair, and a test needs 2"),
        ((1.1, 2.2), "inconclusive", "the table has no run of the variant in 1 of 3 seeds"),
    ],
)
def test_degenerate_scores_get_the_right_reason_and_no_warning(
    scores: tuple[float, ...], verdict: str, reason: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (finding,) = compare(table(baseline=(1.0, 2.0, 3.0), x=scores))
    assert finding.verdict == verdict
    assert reason in finding.reason


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    header, *rows = table(baseline=FIRST, a=SECOND, b=FIRST[::-1]).splitlines()
    reversed_rows = [",".join(["more", *reversed(row.split(","))]) for row in (header, *rows)]
    again = "\n".join(
        [reversed_rows[0], *reversed_rows[1:11], *reversed_rows[21:], *reversed_rows[11:21]]
    )
    assert sorted(compare(again), key=lambda finding: finding.variant) == compare(
        "\n".join([header, *rows])
    )


def test_a_decimal_comma_is_read_where_semicolons_delimit() -> None:
    german = SLEEP.replace(",", ";").replace(".", ",")
    assert compare(german) == compare(SLEEP)
    assert faults(german.replace("3,4", "3.4", 1)) == [
        "t:7: value has a decimal point, but other rows have a decimal comma: '3.4'"
    ]


def test_all_faults_are_reported_at_once_with_their_lines() -> None:
    text = (
        "variant,seed,metric,value,outcome\n"
        "base,1,m,nan\nbase,x,m,1\nbase,3,m,1\nbase,3,m,2\n"
        ',4,m,"1,5"\nq,4,,1\nq,5,,,died\nq,6,m,1e999\nq,1.5,m,1\n"a\nb",1,m,2\n'
        "q,7,,,failed\nq,7,m,1,finished\n"
    )
    assert faults(text) == [
        "t:2: value must be finite, got 'nan'; leave it empty if there is none",
        "t:3: seed must be a whole number, got 'x'",
        "t:6: variant is missing",
        "t:6: value must be a number, got '1,5'",
        "t:7: metric is missing",
        "t:8: outcome must be finished, diverged, failed or empty, got 'died'",
        "t:9: value is too large: '1e999'",
        "t:10: seed must be a whole number, got '1.5'",
        r"t:11: variant must be printable, on one line, got 'a\nb'",
        "t:5: base, seed 3, m is already in t:4",
        "t:14: q, seed 7 is finished here, but failed in t:13",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("variant,seed,metrics,value\na,1,m,2\n", "t:1: no column named 'metric'; did you mean"),
        ("variant,seed,metric,value,seed\na,1,m,2,1\n", "t:1: 2 columns are named 'seed'"),
        (HEADER, "t: no rows below the header"),
        ("what\n", "t:1: no column named 'variant'"),
        (f"{HEADER}basline,1,m,2\nx,1,m,2\n", "t: no variant named 'baseline'; did you mean"),
        (f"{HEADER}baseline,1,m,2\n", "t: the only variant is baseline, so there is nothing to"),
        (
            f"{HEADER}baseline,1,m,2\nx,1,n,2\n",
            "t: several metrics (m, n); set the primary one with --primary",
        ),
    ],
)
def test_missing_columns_and_rows_are_reported(text: str, fault: str) -> None:
    assert faults(text)[0].startswith(fault)


def test_unknown_metrics_are_reported() -> None:
    assert faults(SLEEP, primary="hour", lower_is_better=["ter"]) == [
        "t: no metric named 'hour'; did you mean 'hours'?",
        "t: no metric named 'ter'; there are hours",
    ]


CELLS = st.one_of(
    st.sampled_from(["baseline", "x", "1", "2", "m", "nll", "0.5", "-1e-300", "1e300", "diverged"]),
    st.sampled_from(
        ["", "nan", "1e999", '"', '""', "-0", "1_0", "٣", "\x00", "\ufeff", "9" * 5000]
    ),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
LINES = st.lists(st.lists(CELLS, max_size=6), max_size=8)
GOOD = st.lists(
    st.tuples(
        st.sampled_from(["baseline", "x", "y"]),
        st.integers(1, 4).map(str),
        st.sampled_from(["m", "nll"]),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.sampled_from(["", "", "finished", "failed", "diverged"]),
    ),
    max_size=12,
    unique_by=lambda row: row[:3],
)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda header, rows, delimiter: "\n".join(
                [*header, *(delimiter.join(row) for row in rows)]
            ).encode(),
            st.sampled_from([[], ["variant,seed,metric,value,outcome"], ["value\tseed"]]),
            st.one_of(LINES, GOOD),
            st.sampled_from(",;\t"),
        ),
    ),
    st.sampled_from(["paired_t", "welch"]),
)
@example(b"variant,seed,metric,value\nbaseline,1,m,1e308\nx,1,m,-1e308\n", "paired_t")
def test_any_content_gives_findings_or_one_line_per_fault(content: bytes, method: str) -> None:
    options = ComparisonOptions(primary="m", method=method)  # type: ignore[arg-type] # one of two literals
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report, fault = None, ""
        try:
            report = compare_scores(content, name="t", options=options)
        except HarnessError as error:
            fault = str(error)
        assert all(line.startswith("t") for line in fault.split("\n") if fault)
        if report:
            assert json.loads(as_json(report.findings))
            assert terminal.Summary(report, failed=()).text


@pytest.mark.parametrize(
    ("scores", "after", "runs"),
    [
        (SECOND[:5], 4, "5 runs per side"),
        (SECOND[:3], 5, "5 scored runs of the baseline and only 3 of the variant"),
    ],
)
def test_a_table_without_pairs_has_no_plan(
    scores: tuple[float, ...], after: int, runs: str
) -> None:
    rows = (f"x,{seed},hours,{value}\n" for seed, value in enumerate(scores, start=1 + after))
    text = table(baseline=FIRST[:5]) + "".join(rows)
    report = compare_scores(text.encode(), name="t", options=ComparisonOptions(method="welch"))
    (finding,) = report.findings
    assert (finding.n, finding.n_baseline, finding.planned) == (len(scores), 5, 5)
    assert "no run" not in finding.reason
    assert "not run" not in finding.reason
    assert f", over {runs}: " in answer(report)
    assert "planned" not in finding.reason + answer(report)
    assert ("from 3 runs against 5" in finding.reason) == (len(scores) == 3)


def test_a_paired_table_has_seeds_and_no_plan() -> None:
    report = compare_scores(
        table(baseline=FIRST, x=SECOND[:6]).encode(), name="t", options=ComparisonOptions()
    )
    (finding,) = report.findings
    assert finding.reason.startswith("from 6 of 10 seeds: ")
    assert "from 6 of 10 seeds, x is" in answer(report)
    assert "the table has no run of the variant in 4 of 10 seeds" in finding.reason
