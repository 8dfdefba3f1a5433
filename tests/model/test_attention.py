from __future__ import annotations

import pytest
import torch

WRITTEN_OUT = ["attention.scores", "attention.weights"]


def _identity(value, _site, _noise):
    return value


def _fill(model, *kinds) -> None:
    for site in model.sites.values():
        if site.kind in kinds:
            site.fill(_identity)


@pytest.mark.parametrize("kinds", [WRITTEN_OUT[:1], WRITTEN_OUT[1:], WRITTEN_OUT])
def test_attention_written_out_equals_the_fused_one(
    build, forward, source, target, noise, kinds
) -> None:
    model = build()
    fused = forward(model, source, target, noise)
    fused.square().sum().backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    _fill(model, *kinds)
    model.zero_grad()
    written_out = forward(model, source, target, noise)
    written_out.square().sum().backward()
    torch.testing.assert_close(written_out, fused, rtol=0, atol=1e-12)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kinds", [[], WRITTEN_OUT])
def test_a_later_token_never_changes_an_earlier_logit(
    build, forward, source, target, noise, kinds
) -> None:
    model = build()
    _fill(model, *kinds)
    logits = forward(model, source, target, noise)
    for place in range(1, target.shape[1]):
        altered = target.clone()
        altered[:, place] = (altered[:, place] + 3) % 9
        others = forward(model, source, altered, noise)
        assert torch.equal(others[:, :place], logits[:, :place])
        assert not torch.isclose(others[:, place], logits[:, place]).all(-1).any()


@pytest.mark.parametrize("kinds", [[], WRITTEN_OUT])
def test_source_padding_never_reaches_a_logit(build, forward, source, target, noise, kinds) -> None:
    model = build()
    _fill(model, *kinds)
    logits = forward(model, source, target, noise)
    model.source_embedding.weight.data[0] += 100
    assert torch.equal(forward(model, source, target, noise), logits)
    for sentence, length in enumerate([5, 3, 2]):
        alone = forward(model, source[[sentence], :length], target[[sentence]], noise)
        torch.testing.assert_close(alone[0], logits[sentence], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kinds", [[], WRITTEN_OUT])
def test_a_mask_of_ones_own_replaces_the_causal_one(build, source, target, noise, kinds) -> None:
    model = build()
    _fill(model, *kinds)
    memory, embedded = model.encode(source, noise=noise), model.embed(target)
    causal = torch.ones(1, 4, 4, dtype=torch.bool).tril()
    explicit = model.decode(embedded, memory, visible=causal, noise=noise)
    implied = model.decode(embedded, memory, noise=noise)
    torch.testing.assert_close(explicit, implied, rtol=0, atol=1e-12)
    everything = model.decode(embedded, memory, visible=causal | True, noise=noise)
    altered = embedded.clone()
    altered[:, 3] = -embedded[:, 3]
    others = model.decode(altered, memory, visible=causal | True, noise=noise)
    assert not torch.isclose(others[:, 0], everything[:, 0]).all(-1).any()


@pytest.mark.parametrize("kinds", [[], WRITTEN_OUT])
def test_a_query_that_sees_nothing_takes_nothing(
    build, forward, source, target, noise, kinds
) -> None:
    model = build(encoder_layers=1, decoder_layers=1)
    _fill(model, *kinds)
    mixes = []
    model.sites["decoder.0.cross_attention.attention.heads"].fill(
        lambda value, _site, _noise: mixes.append(value) or value
    )
    source[1] = 0
    logits = forward(model, source, target, noise)
    assert mixes[0][1].eq(0).all()
    assert mixes[0][0].ne(0).all()
    logits.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_hiding_every_visible_key_leaves_them_all_and_reveals_no_other(
    build, source, target, noise
) -> None:
    model = build(encoder_layers=1, decoder_layers=1)
    weights = []
    site = model.sites["decoder.0.self_attention.attention.scores"]
    own_and_later = torch.ones(4, 4).triu() > 0
    site.fill(lambda value, _site, _noise: value.masked_fill(own_and_later, -torch.inf))
    model.sites["decoder.0.self_attention.attention.weights"].fill(
        lambda value, _site, _noise: weights.append(value) or value
    )
    hidden = model.decode(model.embed(target), model.encode(source), noise=noise)
    hidden.sum().backward()
    first, *others = weights[0].unbind(2)
    assert torch.equal(first, torch.tensor([1.0, 0, 0, 0], dtype=torch.float64).expand(3, 4, 4))
    for place, row in enumerate(others, start=1):
        assert row[..., place:].eq(0).all()
        torch.testing.assert_close(row.sum(-1), torch.ones(3, 4, dtype=torch.float64))
    gradients = [parameter.grad for parameter in model.decoder.parameters()]
    assert all(gradient.isfinite().all() for gradient in gradients)
