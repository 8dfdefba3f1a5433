"""A model by its name or by bare options: in the baseline, in variants, in grids and in factors."""

from __future__ import annotations

from typing import Any

import pytest
from support.tiny_study import TINY

from harness.loading.study_file import load
from harness.study.serialization import resolved_experiment
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder

BARE = "{d_model: 16, d_ff: 32, heads: 2, layers: 1}"
OWN: dict[str, Any] = {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 1}


def models(tmp_path: Any, *, baseline: str = BARE, more: str) -> dict[str, Any]:
    """The model of each variant."""
    text = TINY.replace(f"model: {BARE}", f"model: {baseline}")
    variants = "  no-dropout: {regularizers: {dropout: off}}\n"
    path = tmp_path / "study.yaml"
    path.write_text(text.replace(f"variants:\n{variants}", more), encoding="utf-8")
    study, _ = load(path)
    return {name: variant.model for name, variant in study.variants.items()}


def faults(tmp_path: Any, *, baseline: str = BARE, more: str) -> list[str]:
    with pytest.raises(Exception, match="study") as error:
        models(tmp_path, baseline=baseline, more=more)
    return [line.partition("study.yaml:")[2] for line in str(error.value).splitlines()]


def test_bare_options_mean_the_encoder_decoder(tmp_path: Any) -> None:
    named = f"  named: {{model: {{decoder_only: {BARE}}}}}\n  name: {{model: decoder_only}}\n"
    assert models(tmp_path, more=f"variants:\n{named}") == {
        "baseline": EncoderDecoder(**OWN),
        "named": DecoderOnly(**OWN),
        "name": DecoderOnly(),
    }


def test_a_record_has_bare_options_for_it_as_before_and_a_name_for_others(tmp_path: Any) -> None:
    named = f"variants:\n  named: {{model: {{decoder_only: {BARE}}}}}\n"
    path = tmp_path / "study.yaml"
    models(tmp_path, more=named)
    study, _ = load(path)
    recorded = {
        name: resolved_experiment(variant)["model"] for name, variant in study.variants.items()
    }
    assert recorded["baseline"]["d_model"] == 16
    assert [*recorded["named"]] == ["decoder_only"]


def test_bare_options_of_a_variant_change_the_baseline_s_model(tmp_path: Any) -> None:
    more = "variants:\n  wide: {model: {d_model: 32}}\n"
    baseline = "{decoder_only: {d_model: 16, d_ff: 32, heads: 2, layers: 1, prefix: true}}"
    wide = models(tmp_path, baseline=baseline, more=more)["wide"]
    assert wide == DecoderOnly(**{**OWN, "d_model": 32}, prefix=True)
    assert models(tmp_path, baseline="decoder_only", more=more)["wide"] == DecoderOnly(d_model=32)
    own = models(tmp_path, baseline=f"{{encoder_decoder: {BARE}}}", more=more)
    assert own["wide"] == EncoderDecoder(**{**OWN, "d_model": 32})


def test_a_part_of_a_model_is_no_name_of_one(tmp_path: Any) -> None:
    """One option with a mapping as its value, as `{decoder_only: {...}}` has."""
    more = "variants:\n  learned: {model: {positions: {learned: {places: 9}}}}\n"
    learned = models(tmp_path, more=more)["learned"]
    assert isinstance(learned, EncoderDecoder)
    assert (learned.d_model, learned.positions.name) == (16, "learned")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_factor_of_names_and_one_of_options_combine(
    order: tuple[int, int], tmp_path: Any
) -> None:
    both = (
        f"  kind: {{one: {{model: {{decoder_only: {BARE}}}}}}}\n",
        "  width: {wide: {model: {d_model: 32}}}\n",
    )
    crossed = models(tmp_path, more=f"factors:\n{both[order[0]]}{both[order[1]]}")
    cell = ("kind=one+width=wide", "width=wide+kind=one")[order[0]]
    assert crossed["kind=one"] == DecoderOnly(**OWN)
    assert crossed["width=wide"] == EncoderDecoder(**{**OWN, "d_model": 32})
    assert crossed[cell] == DecoderOnly(**{**OWN, "d_model": 32})


def test_a_name_without_options_is_combined_with_them_too(tmp_path: Any) -> None:
    more = "factors:\n  a: {x: {model: decoder_only}}\n  b: {y: {model: {d_model: 32}}}\n"
    assert models(tmp_path, more=more)["a=x+b=y"] == DecoderOnly(d_model=32)


def test_two_factors_that_name_a_model_are_refused(tmp_path: Any) -> None:
    more = "factors:\n  a: {x: {model: decoder_only}}\n  b: {y: {model: {decoder_only: }}}\n"
    said = "17:11: model is already changed by factor 'a'; factor 'b' must change something else"
    assert said in faults(tmp_path, more=more)


def test_a_grid_reaches_the_options_of_every_model(tmp_path: Any) -> None:
    named = f"{{decoder_only: {BARE}}}"
    grid = "grid: {model.heads: [4, 8]}\n"
    assert models(tmp_path, more=grid)["heads=4"] == EncoderDecoder(**{**OWN, "heads": 4})
    swept = models(tmp_path, baseline=named, more=grid)
    assert swept["heads=4"] == DecoderOnly(**{**OWN, "heads": 4})
    by_name = models(tmp_path, baseline=named, more="grid: {model.decoder_only.heads: [4, 8]}\n")
    assert by_name == swept
    kinds = models(tmp_path, more="grid: {model: [decoder_only, encoder_decoder]}\n")
    assert kinds["model=decoder_only"] == DecoderOnly()


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (
            "{decoder_onli: {heads: 2}}",
            "no model named 'decoder_onli'; did you mean 'decoder_only'",
        ),
        ("decoder_onli", "no model named 'decoder_onli'; did you mean 'decoder_only'?"),
        ("{decoder_only: {haeds: 2}}", "no option 'haeds' in decoder_only; did you mean 'heads'?"),
        ("{decoder_only: 3}", "decoder_only must be {option: value}, got 3"),
        ("{haeds: 2}", "no option 'haeds' in model; did you mean 'heads'?"),
        ("{decoder_only: {d_model: 6, heads: 4}}", "heads must divide d_model, got 4 heads and d_"),
        ("3", "a model must be a name or {name: options}, got 3"),
        ("{layers: 1000, d_model: 100000, heads: 2}", "the model would have"),
        ("{decoder_only: {layers: 1000, d_model: 100000, heads: 2}}", "the model would have"),
    ],
)
def test_a_fault_of_a_model_says_what_is_meant(model: str, fault: str, tmp_path: Any) -> None:
    (line,) = faults(tmp_path, more=f"variants:\n  odd: {{model: {model}}}\n")
    place, _, message = line.partition(": ")
    assert message.startswith(fault)
    assert place.startswith("16:")
