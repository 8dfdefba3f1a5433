"""Feed-forward networks: their activations, and whether these are gated."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import FeedForward
from harness.components.relu import Relu
from harness.hookspecs import hookimpl
from harness_feed_forwards.geglu import Geglu
from harness_feed_forwards.gelu import Gelu
from harness_feed_forwards.swiglu import Swiglu


@hookimpl
def harness_feed_forwards() -> Sequence[type[FeedForward]]:
    """The feed-forward networks of this package, and the core's default."""
    return [Geglu, Gelu, Relu, Swiglu]
