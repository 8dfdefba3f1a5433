from __future__ import annotations

import pytest
from support.tiny_experiment import experiment

from harness.introspection.draw_sites import draw_sites, dropped
from harness.model import every_site
from harness.report.style import style
from harness_models.encoder_decoder import EncoderDecoder
from harness_regularizers.clip_norm import ClipNorm
from harness_regularizers.drop_head import DropHead
from harness_regularizers.drop_key import DropKey
from harness_regularizers.dropout import Dropout
from harness_regularizers.layer_drop import LayerDrop

RATES = {"residual": 0.25, "decoder.embedding": 0.5, "encoder.0.feed_forward": 0.0}


def test_every_site_of_the_model_is_there_once() -> None:
    model = EncoderDecoder(d_model=16, d_ff=32, heads=2, encoder_layers=1, decoder_layers=3)
    sites = dropped(experiment(model=model))
    assert sorted(site.path for site in sites) == sorted(
        every_site(encoder_layers=1, decoder_layers=3)
    )


def test_rates_are_what_the_options_say_site_by_site() -> None:
    sites = dropped(experiment(regularizers={"dropout": Dropout(rate=0.125, rates=RATES)}))
    rates = {site.path: site.rate for site in sites}
    assert rates["encoder.embedding"] == 0.125
    assert rates["decoder.embedding"] == 0.5
    assert rates["encoder.0.feed_forward"] == 0.0
    assert rates["decoder.0.feed_forward"] == 0.125
    assert rates["decoder.0.cross_attention.residual"] == 0.25
    assert rates["decoder.0.cross_attention.attention.weights"] == 0.125
    assert {rate for path, rate in rates.items() if path.endswith((".scores", ".heads"))} == {0.0}
    assert rates["encoder.0.layer"] == 0.0


def test_regularizers_that_meet_at_a_site_drop_together() -> None:
    both = {
        "drop_head": DropHead(rate=0.5),
        "dropout": Dropout(rates={"attention.heads": 0.5}),
    }
    sites = {site.path: site for site in dropped(experiment(regularizers=both))}
    heads = sites["encoder.0.self_attention.attention.heads"]
    assert heads.rates == (0.5, 0.5)
    assert heads.rate == 0.75


def test_other_regularizers_are_recorded_at_their_sites() -> None:
    some = {
        "clip_norm": ClipNorm(norm=1.0),
        "drop_key": DropKey(rate=0.25),
        "layer_drop": LayerDrop(rate=0.5),
    }
    rates = {site.path: site.rate for site in dropped(experiment(regularizers=some)) if site.rate}
    assert rates == {
        "encoder.0.self_attention.attention.scores": 0.25,
        "decoder.0.self_attention.attention.scores": 0.25,
        "decoder.0.cross_attention.attention.scores": 0.25,
        "encoder.0.layer": 0.5,
        "decoder.0.layer": 0.5,
    }


def test_the_picture_goes_from_the_source_to_the_target() -> None:
    with style("sites"):
        drawn = draw_sites(experiment(), name="tiny, baseline")
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "encoder",
        "encoder.0",
        "encoder.0.self_attention",
        "encoder.0.feed_forward",
        "decoder",
        "decoder.0",
        "decoder.0.self_attention",
        "decoder.0.cross_attention",
        "decoder.0.feed_forward",
    ]
    written = [text.get_text() for text in axes.texts]
    assert written.count("0.1") == 12
    assert axes.get_title().startswith("tiny, baseline")
    with pytest.raises(ValueError, match="rates"):
        Dropout(rates={"nowhere": 0.1})
