"""The layers of both stacks (Vaswani et al. 2017, section 3.1; pre-norm: Xiong et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from harness.components import TransformerOptions
from harness.contracts import Memory, Site
from harness.model.attention import Attention, View
from harness.model.cache import Past
from harness.model.parts import built_activation, built_normalization
from harness.model.projection import Projection
from harness.streams import Noise

States = Float[Tensor, "sentences places d_model"]


class FeedForward(nn.Module):
    """f(x W1^T + b1) W2^T + b2 at each place (Vaswani et al. 2017, section 3.3), or gated."""

    gate: Projection | None

    def __init__(self, options: TransformerOptions, *, site: Site) -> None:
        super().__init__()
        d_model, d_ff, bias = options.d_model, options.d_ff, options.bias
        self.inner = Projection(d_model, d_ff, bias=bias)
        gated = options.feed_forward.gated
        self.register_module("gate", Projection(d_model, d_ff, bias=bias) if gated else None)
        self.outer = Projection(d_ff, d_model, bias=bias)
        self._activation = built_activation(options)
        self._units = site

    def forward(self, states: States, *, noise: Noise | None) -> States:
        """Apply the same network at every place."""
        units = self.inner(states, noise)
        if self.gate is None:
            units = self._activation(units)
        else:
            units = self._activation(self.gate(states, noise)) * units
        output: Tensor = self.outer(self._units(units, noise), noise)
        return output


class _Layer(nn.Module):
    """The parts that both kinds of layer share: two sublayers with residual paths, and a gate."""

    def __init__(
        self, options: TransformerOptions, *, place: str, sites: Mapping[str, Site]
    ) -> None:
        super().__init__()
        self._pre_norm = options.norm == "pre"
        self._place, self._sites = place, sites
        self.self_attention = self._attention("self_attention", options=options)
        self.self_attention_norm = built_normalization(options)
        self.feed_forward = FeedForward(options, site=sites[f"{place}.feed_forward"])
        self.feed_forward_norm = built_normalization(options)

    def _attention(self, name: str, *, options: TransformerOptions) -> Attention:
        return Attention(options, place=f"{self._place}.{name}", sites=self._sites)

    def _enter(self, sublayer: str, *, states: States) -> States:
        """The input of a sublayer: the states, normalized first if pre-norm."""
        return getattr(self, f"{sublayer}_norm")(states) if self._pre_norm else states

    def _leave(
        self, sublayer: str, *, states: States, output: States, noise: Noise | None
    ) -> States:
        """The states after a sublayer: its output added, normalized afterward if post-norm."""
        states = states + self._sites[f"{self._place}.{sublayer}.residual"](output, noise)
        return states if self._pre_norm else getattr(self, f"{sublayer}_norm")(states)

    def _attend(self, states: States, *, past: Past, view: View, noise: Noise | None) -> States:
        x = self._enter("self_attention", states=states)
        # Without a cache the past is empty, so training and decoding step by step share this code.
        own = past.grow(self.self_attention.keys_values(x, view=view, noise=noise))
        x = self.self_attention(x, to=own, view=view, noise=noise)
        return self._leave("self_attention", states=states, output=x, noise=noise)

    def _transform(self, states: States, *, noise: Noise | None) -> States:
        x = self._enter("feed_forward", states=states)
        x = self.feed_forward(x, noise=noise)
        return self._leave("feed_forward", states=states, output=x, noise=noise)

    def _gated(
        self, states: States, *, sublayers: Callable[[Tensor], Tensor], noise: Noise | None
    ) -> States:
        """The sublayers' output for sentences whose gate is open; the others keep their states."""
        gate = self._sites[f"{self._place}.layer"]
        if not gate.active(noise):
            return sublayers(states)
        used = gate(states.new_ones(len(states), 1, 1), noise) != 0
        # Selected afterward and not left out, as other sites draw masks for the whole batch. Where
        # every sentence skips the layer, it is not computed, and its weights get no gradient.
        return torch.where(used, sublayers(states), states) if used.any() else states


class EncoderLayer(_Layer):
    """Self-attention, then the feed-forward network."""

    def forward(
        self, states: States, *, view: View, noise: Noise | None, past: Past | None = None
    ) -> States:
        """States of the next layer; `view` hides padding, and what is to come; `past` grows."""

        def sublayers(states: Tensor) -> Tensor:
            states = self._attend(states, past=past or Past(), view=view, noise=noise)
            return self._transform(states, noise=noise)

        return self._gated(states, sublayers=sublayers, noise=noise)


class DecoderLayer(_Layer):
    """Self-attention, attention to the source, then the feed-forward network."""

    def __init__(
        self, options: TransformerOptions, *, place: str, sites: Mapping[str, Site]
    ) -> None:
        super().__init__(options, place=place, sites=sites)
        self.cross_attention = self._attention("cross_attention", options=options)
        self.cross_attention_norm = built_normalization(options)

    def forward(
        self, states: States, *, memory: Memory, past: Past, view: View, noise: Noise | None
    ) -> States:
        """States of the next layer; `view` masks the target; `past` grows."""

        def sublayers(states: Tensor) -> Tensor:
            states = self._attend(states, past=past, view=view, noise=noise)
            states = self._attend_to_source(states, memory=memory, past=past, noise=noise)
            return self._transform(states, noise=noise)

        return self._gated(states, sublayers=sublayers, noise=noise)

    def _attend_to_source(
        self, states: States, *, memory: Memory, past: Past, noise: Noise | None
    ) -> States:
        x = self._enter("cross_attention", states=states)
        # Without places: those of the source and those of the target are not to be compared.
        view = View.of_source(memory.visible)
        # The source does not grow: its keys and values are made once, and not at every step.
        if past.source is None:
            past.source = self.cross_attention.keys_values(memory.states, view=view, noise=noise)
        x = self.cross_attention(x, to=past.source, view=view, noise=noise)
        return self._leave("cross_attention", states=states, output=x, noise=noise)


def final_norm(options: TransformerOptions) -> nn.Module:
    """The normalization after a stack, if it ends with one."""
    return built_normalization(options) if options.ends_normalized else nn.Identity()
