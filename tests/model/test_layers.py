from __future__ import annotations

import pytest
import torch


def _without_layer(build, norm: str, path: str):
    """The same model, one layer shorter."""
    side, number = path.split(".")
    whole = build(norm=norm)
    depths = {"encoder_layers": len(whole.encoder), "decoder_layers": len(whole.decoder)}
    short = build(norm=norm, **(depths | {f"{side}_layers": depths[f"{side}_layers"] - 1}))
    del whole.get_submodule(side)[int(number)]
    short.load_state_dict(whole.state_dict())
    return short


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("path", ["encoder.0", "encoder.1", "decoder.1"])
def test_a_closed_gate_takes_the_layer_out_for_its_sentences_only(
    build, forward, source, target, noise, norm, path
) -> None:
    model = build(norm=norm)
    closed = torch.tensor([1.0, 0, 1], dtype=torch.float64).view(3, 1, 1)
    model.sites[f"{path}.layer"].fill(lambda gate, _site, _noise: gate * closed)
    logits = forward(model, source, target, noise)
    whole, short = forward(model, source, target), _without_layer(build, norm, path)
    assert torch.equal(logits[[0, 2]], whole[[0, 2]])
    expected = forward(short, source, target)[1]
    torch.testing.assert_close(logits[1], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("path", ["encoder.1", "decoder.1"])
def test_a_layer_that_no_sentence_uses_is_not_computed(
    build, forward, source, target, noise, path
) -> None:
    model, computed = build(), []
    for name in ("encoder.0", "encoder.1", "decoder.0", "decoder.1", "decoder.2"):
        model.get_submodule(f"{name}.feed_forward").register_forward_pre_hook(
            lambda _module, _args, name=name: computed.append(name)
        )
    model.sites[f"{path}.layer"].fill(lambda gate, _site, _noise: gate * 0)
    forward(model, source, target, noise)
    assert path not in computed
    assert len(computed) == 4


def test_a_gate_opens_a_layer_wholly_whatever_its_size(
    build, forward, source, target, noise
) -> None:
    model = build()
    model.sites["decoder.0.layer"].fill(lambda gate, _site, _noise: gate * 1.25)
    assert torch.equal(forward(model, source, target, noise), forward(model, source, target))
