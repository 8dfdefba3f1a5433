from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.pretraining_study import ADAPTING
from support.tiny_study import TINY

from harness import pipeline
from harness.errors import StudyError
from harness.planning.preview import PowerQuestion, Preregistration, preview_json, preview_text

VARIANTS = """
variants:
  no-dropout: {regularizers: {dropout: off}}
  constant: {schedule: {constant: {learning_rate: 1.0e-3}}}
  wide: {model: {d_ff: 64}}
  again: {replicate: 1}
seeds: 5
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    before, _, after = TINY.partition("variants:")
    path.write_text(before + VARIANTS + after.partition("seeds: 2")[2])
    return path


def planned(
    study: Path, *, effect: float | None = None, sd: float | None = None
) -> Preregistration:
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=None)
    return pipeline.plan_study(opened, question=PowerQuestion(effect=effect, sd=sd))


def test_a_plan_has_changes_side_effects_and_shared_parts_of_each_variant(study: Path) -> None:
    plan = planned(study, effect=0.1, sd=0.2)
    text = preview_text(plan)
    assert "20 runs; 20 to train or decode" not in text
    assert "25 runs; 25 to train or decode" in text
    before, _, after = text.partition("  constant: schedule:\n")
    assert after.splitlines()[:2] == [
        "       {noam: {warmup: 10, factor: 1.0, late: false}}",
        "    -> {constant: {learning_rate: 0.001}}",
    ]
    assert "  wide: model.d_ff: 32 -> 64\n" in text
    assert "{noam" not in before
    columns = "peak rate rate area parameters trained parameters target tokens updates"
    assert columns in " ".join(text.split())
    rows = {line.split()[0]: line.split() for line in text.splitlines() if "  " in line}
    assert rows["no-dropout"] == ["no-dropout"] + 6 * ["="]
    baseline = json.loads(preview_json(plan))["variants"]["baseline"]["controls"]
    assert baseline["peak_rate"] == pytest.approx(16**-0.5 * 10**-0.5)
    assert baseline["seconds"] is None
    assert "  wide: 42 of 50 initial parameters and the order of batches (not " in text
    assert "  again: all initial weights, not the order of batches" in text
    assert text.endswith(
        "What 5 seeds can show on nll\n"
        "  an effect of 1.68 sd of the paired differences, with a power of 80% at .05; 2.29 at "
        "the strictest level of the correction for 3 tests\n"
        "  in nll: 0.336; 0.458 at the strictest level of the correction for 3 tests\n"
        "    if the sd of the paired differences is 0.2, as given\n"
        "  an effect of 0.1 needs 34 seeds; 45 at the strictest level of the correction for 3 "
        "tests\n\n"
        "warning: constant changes the learning rate along with the schedule (peak rate 0.0126, "
        "area under the schedule 0.0206, as multiples of the baseline's); the rate may explain its "
        "effect"
    )


def test_on_a_terminal_no_line_is_too_long_and_no_word_is_lost(study: Path) -> None:
    plan = planned(study, effect=0.1, sd=0.2)
    lines = preview_text(plan, columns=60).splitlines()
    assert max(map(len, lines)) <= 60
    first = next(place for place, line in enumerate(lines) if "peak rate" in line)
    second = next(place for place, line in enumerate(lines) if "updates" in line)
    assert [lines[second + n].split()[0] for n in (1, 2)] == [
        lines[first + n].split()[0] for n in (1, 2)
    ]
    both = [set(preview_text(plan, columns=columns).split()) for columns in (None, 60)]
    assert both[0] == both[1]


def test_a_change_of_the_model_fits_a_small_terminal(study: Path) -> None:
    other = "decoder: {model: {decoder_only: {d_model: 16, d_ff: 32, heads: 2, layers: 1}}}"
    study.write_text(study.read_text().replace("  again: {replicate: 1}", f"  {other}"))
    plan = planned(study)
    _, _, rest = preview_text(plan).partition("What each variant changes\n")
    changes, _, _ = rest.partition("\n\n")
    assert max(map(len, changes.splitlines())) <= 80
    (change,) = plan.changes["decoder"]
    words = f"decoder: {change.option}: {change.baseline} -> {change.variant}"
    assert words in " ".join(changes.split())


def test_an_effect_without_a_spread_asks_for_one(study: Path) -> None:
    text = preview_text(planned(study, effect=0.5))
    assert "  an effect of 0.5: give --sd (sd of the paired differences), as there are no" in text
    study.write_text(study.read_text().replace("nll}", "nll, method: welch}"))
    unpaired = preview_text(planned(study, effect=0.5))
    assert "  an effect of 0.5: give --sd (sd of the scores), as there are no" in unpaired


def test_a_quantity_that_must_stay_equal_is_refused_with_its_place(
    study: Path,
) -> None:
    equal = "compare: {primary: nll, must_stay_equal: [parameters, peak_rate, seconds_per_update]}"
    study.write_text(study.read_text().replace("compare: {primary: nll}", equal))
    where = "must stay equal (compare.must_stay_equal)"
    expected = [
        f"{study}:18:3: peak rate {where}: 'constant' has 0.001, the baseline 0.07906",
        f"{study}:19:3: parameters {where}: 'wide' has 17,667, the baseline 15,555",
    ]
    assert [str(fault) for fault in pipeline.validate(study)] == expected
    with pytest.raises(StudyError) as refused:
        planned(study)
    assert str(refused.value).splitlines() == expected
    with pytest.raises(StudyError):
        pipeline.run_study(study, out=study.parent / "results", seeds=None, jobs=1)
    assert not (study.parent / "results").exists()


def test_an_unknown_quantity_declared_equal_is_a_fault(study: Path) -> None:
    study.write_text(study.read_text().replace("nll}", "nll, must_stay_equal: [size]}"))
    (fault,) = pipeline.validate(study)
    assert str(fault) == (
        f"{study}:25:43: compare.must_stay_equal[0] must be one of peak_rate, rate_area, "
        "parameters, trained_parameters, target_tokens, updates, seconds_per_update, got 'size'"
    )


def test_a_variant_of_factors_is_refused_at_the_factors(study: Path) -> None:
    text = study.read_text()
    before, _, after = text.partition("variants:")
    crossed = "factors: {width: {wide: {model: {d_ff: 64}}}, rate: {usual: {schedule: noam}}}\n"
    text = before + crossed + "seeds: 5" + after.partition("seeds: 5")[2]
    study.write_text(text.replace("nll}", "nll, must_stay_equal: [parameters]}"))
    faults = [str(fault) for fault in pipeline.validate(study)]
    assert len(faults) == 2
    assert all(fault.startswith(f"{study}:16:1: parameters must stay equal") for fault in faults)


def test_a_variant_with_a_start_is_previewed_in_its_vocabulary(tmp_path: Path) -> None:
    study = tmp_path / "adapting.yaml"
    scratch = "variants:\n  scratch: {starts_from: null}\n"
    study.write_text(ADAPTING.replace("variants:\n", scratch))
    plan = planned(study)
    assert list(plan.controls) == ["baseline", "scratch", "no-dropout", "slower"]
    assert "start general  seed 1" in preview_text(plan)
    both = "all initial weights and the order of batches"
    assert str(plan.shares["slower"]) == both
    assert str(plan.shares["scratch"]) == "the seed only"


def test_a_caution_names_all_that_it_is_about(study: Path) -> None:
    text = study.read_text().replace("variants:", "variants:\n  late: {averaging: {ema: 0.5}}", 1)
    study.write_text(text.replace("baseline:", "baseline:\n  averaging: ema", 1))
    (caution,) = (line for line in planned(study).warnings if "ema" in line)
    assert caution.startswith(
        "baseline, no-dropout, constant, wide, again: averaging ema with a decay of 0.999 keeps "
        "99% of the weights after update 1 to the end of the budget, update 12; "
    )
