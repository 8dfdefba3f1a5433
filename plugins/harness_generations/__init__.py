"""Decoding strategies for trained models."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Generation
from harness.hookspecs import hookimpl
from harness_generations.beam import Beam
from harness_generations.contrastive import Contrastive
from harness_generations.greedy import Greedy
from harness_generations.lookahead import Lookahead
from harness_generations.sampling import Sampling
from harness_generations.speculative import Speculative


@hookimpl
def harness_generations() -> Sequence[type[Generation]]:
    """Offer greedy decoding, beam search, sampling, and faster or less repetitive methods."""
    return [Greedy, Beam, Sampling, Contrastive, Lookahead, Speculative]
