"""Layers without attention to a source, one after the other, as in models that only decode."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.components import TransformerOptions
from harness.components.positions import Places
from harness.model.attention import View
from harness.model.layers import EncoderLayer, final_norm
from harness.model.parts import built_positions
from harness.model.sites import every_site


class DecoderStack(nn.Module):
    """From vectors to normalized states; causal, unless a view of the keys is given."""

    def __init__(self, options: TransformerOptions) -> None:
        super().__init__()
        self.options = options
        self.positions = built_positions(options)
        self.sites = every_site(encoder_layers=options.layers, decoder_layers=0)
        self.layers = nn.ModuleList(
            EncoderLayer(options, place=f"encoder.{number}", sites=self.sites)
            for number in range(options.layers)
        )
        self.norm = final_norm(options)

    def forward(self, vectors: Tensor, *, causal: bool = True) -> Tensor:
        places = Places.run(vectors.shape[1], device=vectors.device)
        states = self.positions.embed(vectors, places=places)
        view = View(causal=causal).placed(
            self.positions, queries=places, keys=places, window=self.options.window
        )
        for layer in self.layers:
            states = layer(states, view=view, noise=None)
        return self.norm(states)


def filled(module: nn.Module, *, std: float = 0.3) -> nn.Module:
    """The module with every parameter drawn, the weights of normalizations around 1."""
    generator = torch.Generator().manual_seed(5)
    for name, parameter in module.named_parameters():
        mean = float("norm" in name and name.endswith("weight"))
        torch.nn.init.normal_(parameter, mean=mean, std=std, generator=generator)
    return module.requires_grad_(requires_grad=False).eval()
