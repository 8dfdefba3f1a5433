from __future__ import annotations

import torch

from harness.contracts import Batch
from harness.prediction import predict_at_real, writable
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

TARGET = torch.tensor([[1, 5, 6, 2], [1, 7, 2, 0], [1, 2, 0, 0]])
BATCH = Batch(source=torch.tensor([[4], [4], [4]]), target=TARGET, tokens=6)


def _model() -> Transformer:
    options = EncoderDecoder(d_model=4, d_ff=4, heads=1, layers=1)
    model = Transformer(options, source_classes=8, target_classes=8).double()
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return model


def test_real_positions_are_in_reading_order_with_the_token_they_predict() -> None:
    hidden = torch.arange(9.0, dtype=torch.float64).view(3, 3, 1).expand(3, 3, 4)
    prediction = predict_at_real(_model(), BATCH, hidden=hidden)
    assert prediction.targets.tolist() == [5, 6, 2, 7, 2, 2]
    assert prediction.hidden[:, 0].tolist() == [0, 1, 2, 3, 4, 6]


def test_logits_are_the_projection_of_the_hidden_states() -> None:
    model, hidden = _model(), torch.randn(3, 3, 4, dtype=torch.float64)
    prediction = predict_at_real(model, BATCH, hidden=hidden)
    weight, bias = model.projection.weight, model.projection.bias
    expected = torch.stack([weight @ row + bias for row in hidden[BATCH.real]])
    torch.testing.assert_close(prediction.logits, expected, rtol=0, atol=1e-12)


def test_padded_positions_get_no_gradient() -> None:
    hidden = torch.randn(3, 3, 4, dtype=torch.float64, requires_grad=True)
    predict_at_real(_model(), BATCH, hidden=hidden).hidden.sum().backward()
    assert hidden.grad is not None
    assert torch.equal(hidden.grad[..., 0], BATCH.real.double())


def test_padding_and_bos_are_never_predicted() -> None:
    logits = torch.tensor([[9.0, 8.0, 1.0, 2.0, 3.0]])
    assert writable(logits).tolist() == [[-torch.inf, -torch.inf, 1.0, 2.0, 3.0]]
    assert logits[0, 0] == 9.0
