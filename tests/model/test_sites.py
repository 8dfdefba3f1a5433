from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from harness.contracts import Memory, Site
from harness.model import TABLE, every_site

PATHS = sorted(every_site(encoder_layers=1, decoder_layers=2))


def _record(model, calls: list[tuple[str, Tensor]]) -> None:
    def note(value: Tensor, site: Site, _noise) -> Tensor:
        calls.append((site.path, value.detach().clone()))
        return value

    for site in model.sites.values():
        site.fill(note)


def _zero(value, _site, _noise):
    return value * 0


def test_every_layer_has_every_site_of_the_table() -> None:
    sites = every_site(encoder_layers=1, decoder_layers=1)
    attention = [f"attention.{what}" for what in ("scores", "weights", "heads")]
    expected = {
        *(f"{side}.{kind}" for side in ("encoder", "decoder") for kind in ["embedding"]),
        *(f"encoder.0.self_attention.{kind}" for kind in [*attention, "residual"]),
        *(f"decoder.0.self_attention.{kind}" for kind in [*attention, "residual"]),
        *(f"decoder.0.cross_attention.{kind}" for kind in [*attention, "residual"]),
        *(f"{side}.0.{kind}" for side in ("encoder", "decoder") for kind in ["feed_forward"]),
        *(f"{side}.0.feed_forward.residual" for side in ("encoder", "decoder")),
        *(f"{side}.0.layer" for side in ("encoder", "decoder")),
    }
    assert set(sites) == expected
    deeper = every_site(encoder_layers=3, decoder_layers=2)
    assert {path for path in deeper if path.startswith("encoder.2.")} == {
        path.replace("encoder.0.", "encoder.2.") for path in expected if "encoder.0." in path
    }
    assert not any(path.startswith("decoder.2.") for path in deeper)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("encoder.embedding", ["embedding"]),
        (
            "decoder.1.cross_attention.attention.weights",
            ["attention.weights", "decoder.attention.weights", "decoder.1.attention.weights"],
        ),
        ("decoder.1.feed_forward.residual", ["residual", "decoder.residual", "decoder.1.residual"]),
        ("encoder.0.feed_forward", ["feed_forward", "encoder.feed_forward"]),
        ("encoder.0.layer", ["layer", "encoder.layer"]),
    ],
)
def test_names_run_from_the_kind_to_the_whole_path(path, names) -> None:
    assert every_site(encoder_layers=1, decoder_layers=2)[path].names == (*names, path)


def test_a_pass_calls_every_site_once_with_a_value_of_its_layout(
    build, forward, source, target, noise
) -> None:
    model, calls = build(encoder_layers=1, decoder_layers=2), []
    _record(model, calls)
    forward(model, source, target, noise)
    assert sorted(path for path, _ in calls) == PATHS
    layouts = {row.kind: row.layout for row in TABLE}
    sizes = {"sentences": 3, "heads": 4, "head": 4, "d_model": 16, "d_ff": 24, "1": 1}
    for path, value in calls:
        site, encoder = model.sites[path], path.startswith("encoder.")
        places = 5 if encoder else 4
        length = {"places": places, "target": places, "source": 5 if "cross" in path else places}
        assert site.layout == layouts[site.kind]
        assert list(value.shape) == [(sizes | length)[word] for word in site.layout.split()]


@pytest.mark.parametrize("path", PATHS)
def test_a_filled_site_acts_at_its_place_and_no_earlier(
    build, forward, source, target, noise, path
) -> None:
    clean, altered = ([], [])
    outputs = []
    for calls in (clean, altered):
        model = build(encoder_layers=1, decoder_layers=2)
        _record(model, calls)
        if calls is altered:
            model.sites[path].fill(_zero)
        outputs.append(forward(model, source, target, noise))
    until = [name for name, _ in clean].index(path) + 1
    for (name, value), (same_name, same_value) in zip(clean[:until], altered, strict=False):
        assert name == same_name
        assert torch.equal(value, same_value)
    later = [logits[:, 1:] for logits in outputs]  # the first place has only itself to attend to
    assert not torch.isclose(*later).any(-1).any()


def test_sites_without_noise_and_noise_without_effects_change_no_bit(
    build, forward, source, target, noise
) -> None:
    model = build()
    logits = forward(model, source, target)
    assert torch.equal(forward(model, source, target, noise), logits)
    for site in model.sites.values():
        site.fill(_zero)
    assert torch.equal(forward(model, source, target), logits)
    assert not torch.isclose(forward(model, source, target, noise), logits).any(-1).any()


def test_a_change_acts_without_noise_and_before_any_effect(
    build, forward, source, target, noise
) -> None:
    model, moved = build(), build()
    vector = torch.linspace(-1, 2, 16, dtype=torch.float64).square()
    site = model.sites["decoder.embedding"]
    site.fill(lambda value, _site, _noise: value * 3)
    site.alter(lambda value: value + 4 * vector)
    moved.get_submodule("target_embedding").weight.data.add_(vector)  # sqrt(d_model) is 4
    expected = forward(moved, source, target)
    torch.testing.assert_close(forward(model, source, target), expected, rtol=0, atol=1e-12)
    moved.sites["decoder.embedding"].fill(lambda value, _site, _noise: value * 3)
    expected = forward(moved, source, target, noise)
    torch.testing.assert_close(forward(model, source, target, noise), expected, rtol=0, atol=1e-12)


def test_no_site_hears_the_noise_of_a_member(build, forward, source, target, noise) -> None:
    model, member = build(), replace(noise, stream="members")
    logits = forward(model, source, target)
    for site in model.sites.values():
        site.fill(_zero)
    assert not any(site.active(member) for site in model.sites.values())
    assert torch.equal(forward(model, source, target, member), logits)


def test_only_the_attention_whose_site_is_filled_leaves_the_fused_path(
    build, forward, source, target, noise, monkeypatch
) -> None:
    masks = []
    fused = torch.nn.functional.scaled_dot_product_attention

    def spy(*args, attn_mask, is_causal):
        masks.append((attn_mask is not None, is_causal))
        return fused(*args, attn_mask=attn_mask, is_causal=is_causal)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
    model = build(encoder_layers=1, decoder_layers=1)
    model.sites["decoder.0.feed_forward"].fill(_zero)
    model.sites["decoder.0.cross_attention.attention.heads"].fill(_zero)
    forward(model, source, target, noise)
    assert masks == [(True, False), (False, True), (True, False)]
    masks.clear()
    model.encode(source[:1], noise=noise)
    assert masks == [(False, False)]  # nothing is padded, nothing is masked
    masks.clear()
    model.sites["decoder.0.self_attention.attention.weights"].fill(_zero)
    forward(model, source, target, noise)
    assert masks == [(True, False), (True, False)]


def test_embedding_is_what_a_stack_is_fed(build, forward, source, target, noise) -> None:
    vector = torch.linspace(-1, 2, 16, dtype=torch.float64).square()
    for side, table in {"encoder": "source_embedding", "decoder": "target_embedding"}.items():
        model, moved = build(), build()
        model.sites[f"{side}.embedding"].fill(lambda value, _site, _noise: value + 4 * vector)
        moved.get_submodule(table).weight.data.add_(vector)  # sqrt(d_model) is 4
        outputs = [forward(one, source, target, noise) for one in (model, moved)]
        torch.testing.assert_close(*outputs, rtol=0, atol=1e-12)


def test_a_score_of_minus_infinity_hides_a_key(build, source, target, noise) -> None:
    model = build()
    states, visible = model.encode(source)
    for site in model.sites.values():
        if "cross_attention.attention.scores" in site.path:
            site.fill(lambda v, _s, _n: v.masked_fill(torch.arange(5) == 1, -torch.inf))
    hidden = model.decode(model.embed(target), Memory(states, visible), noise=noise)
    without = visible & (torch.arange(5) != 1)
    expected = model.decode(model.embed(target), Memory(states, without))
    torch.testing.assert_close(hidden, expected, rtol=0, atol=1e-12)


def test_scores_are_scaled_and_weights_are_their_softmax_over_what_is_visible(
    build, source, noise
) -> None:
    model, calls = build(encoder_layers=1), []
    _record(model, calls)
    states = model.encode(source, noise=noise)
    values = {path.rpartition(".")[2]: value for path, value in calls}
    layer = model.encoder[0]
    x = layer.self_attention_norm(values["embedding"])
    q, k, v = (
        torch.stack((x @ p.weight.T + p.bias).split(4, dim=-1), dim=1)
        for p in (layer.self_attention.query, layer.self_attention.key, layer.self_attention.value)
    )
    scores = torch.einsum("nhtc,nhsc->nhts", q, k) / 2  # sqrt(16 / 4 heads)
    odds = scores.exp() * states.visible[:, None, None]
    weights = odds / odds.sum(-1, keepdim=True)
    torch.testing.assert_close(values["scores"], scores.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(values["weights"], weights.detach(), rtol=0, atol=1e-12)
    mixes = torch.einsum("nhts,nhsc->nhtc", weights, v)
    torch.testing.assert_close(values["heads"], mixes.detach(), rtol=0, atol=1e-12)


def test_weights_say_how_much_of_each_value_is_taken(build, source, target, noise) -> None:
    model, mixes, values = build(decoder_layers=1), [], []
    where = "decoder.0.cross_attention"
    only = torch.tensor([0, 1, 0, 0, 0], dtype=torch.float64)
    model.sites[f"{where}.attention.weights"].fill(lambda v, _s, _n: v * 0 + only)
    model.sites[f"{where}.attention.heads"].fill(lambda v, _s, _n: mixes.append(v) or v)
    model.get_submodule(f"{where}.value").register_forward_hook(
        lambda _module, _args, output: values.append(output)
    )
    model.decode(model.embed(target), model.encode(source), noise=noise)
    side_by_side = mixes[0].transpose(1, 2).flatten(2)
    expected = values[0][:, 1:2].expand(-1, 4, -1)
    torch.testing.assert_close(side_by_side, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("where", ["encoder.1.self_attention", "decoder.2.cross_attention"])
def test_a_zeroed_head_is_an_output_projection_without_its_columns(
    build, forward, source, target, noise, where
) -> None:
    model, pruned = build(), build()
    keep = torch.tensor([1, 1, 0, 1], dtype=torch.float64).view(1, 4, 1, 1)
    model.sites[f"{where}.attention.heads"].fill(lambda v, _s, _n: v * keep)
    pruned.get_submodule(f"{where}.output").weight.data[:, 8:12] = 0
    expected = forward(pruned, source, target)
    torch.testing.assert_close(forward(model, source, target, noise), expected, rtol=0, atol=1e-12)


def test_a_zeroed_hidden_unit_is_an_outer_matrix_without_its_column(
    build, forward, source, target, noise
) -> None:
    model, pruned, units = build(), build(), []
    keep = (torch.arange(24) != 5).double()
    model.sites["decoder.1.feed_forward"].fill(lambda v, _s, _n: units.append(v) or v * keep)
    pruned.decoder[1].feed_forward.outer.weight.data[:, 5] = 0
    expected = forward(pruned, source, target)
    torch.testing.assert_close(forward(model, source, target, noise), expected, rtol=0, atol=1e-12)
    assert units[0].ge(0).all()
    assert units[0].eq(0).any()


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize(
    ("sublayer", "last"),
    [("self_attention", "output"), ("cross_attention", "output"), ("feed_forward", "outer")],
)
def test_a_zeroed_residual_is_a_sublayer_that_answers_zero(
    build, forward, source, target, noise, norm, sublayer, last
) -> None:
    model, silent = build(norm=norm), build(norm=norm)
    model.sites[f"decoder.1.{sublayer}.residual"].fill(_zero)
    for parameter in silent.get_submodule(f"decoder.1.{sublayer}.{last}").parameters():
        parameter.data.zero_()
    expected = forward(silent, source, target)
    torch.testing.assert_close(forward(model, source, target, noise), expected, rtol=0, atol=1e-12)
