from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.streams import Noise
from harness_models.transformer import Transformer


class LowRank(nn.Module):
    """B A x, as an adapter."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.A = nn.Parameter(torch.randn(2, inputs, dtype=torch.float64))
        self.B = nn.Parameter(torch.randn(outputs, 2, dtype=torch.float64))
        self.noises: list[Noise | None] = []

    def forward(self, states: Tensor, noise: Noise | None) -> Tensor:
        self.noises.append(noise)
        return states @ self.A.T @ self.B.T


def _projections(model: Transformer) -> dict[str, nn.Module]:
    return {name: part for name, part in model.named_modules() if hasattr(part, "adapter")}


def test_an_adapter_beside_any_matrix_acts_as_if_added_to_it(
    build, forward, source, target
) -> None:
    merged = build()
    names = list(_projections(merged))
    assert len(names) == 2 * (4 + 2) + 3 * (8 + 2) + 1
    for name in names:
        model, merged = build(), build()
        projection = model.get_submodule(name)
        projection.adapter = LowRank(*reversed(projection.weight.shape))
        delta = projection.adapter.B @ projection.adapter.A
        merged.get_submodule(name).weight.data.add_(delta.detach())
        adapted, expected = (forward(one, source, target) for one in (model, merged))
        torch.testing.assert_close(adapted, expected, rtol=0, atol=1e-12)


def test_an_adapter_renames_no_parameter_and_is_told_the_noise(
    build, forward, source, target, noise
) -> None:
    model = build()
    names = {name for name, _ in model.named_parameters()}
    query = model.get_submodule("decoder.1.cross_attention.query")
    query.adapter = LowRank(16, 16)
    added = {name for name, _ in model.named_parameters()} - names
    assert added == {f"decoder.1.cross_attention.query.adapter.{matrix}" for matrix in "AB"}
    forward(model, source, target, noise)
    forward(model, source, target)
    assert query.adapter.noises == [noise, None]


def test_cached_decoding_passes_through_adapters(build, source, target) -> None:
    model = build()
    for projection in _projections(model).values():
        projection.adapter = LowRank(*reversed(projection.weight.shape))
    memory = model.encode(source)
    cache = model.start(memory)
    stepped = torch.stack([model.step(tokens, cache) for tokens in target.T], dim=1)
    whole = model.decode(model.embed(target), memory)
    torch.testing.assert_close(stepped, whole, rtol=0, atol=1e-12)
