"""Scheduled sampling in two passes: the decoder reads some of its own tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Decay, DecodingPolicy
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Batch, Model, Predict, Prediction, Rate, Setting
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness_decoding_policies.mixtures import DISCRETE, Mixture, Name
from harness_decoding_policies.replacing import expected_there, replaced


@dataclass(frozen=True, kw_only=True)
class ScheduledSampling(DecodingPolicy):
    """Feeds the decoder its own tokens in place of gold ones, more of them as training goes on.

    Bengio et al. (2015), in the two passes that a Transformer needs (Mihaylova & Martins 2019).
    `decay` gives eps(update), the probability of the gold token. The first pass reads gold tokens,
    without gradients; the second reads, at every position t >= 1 and for every sentence apart,

        e_t = embed(y_t) with probability eps, else mixture(logits_{t-1}),

    where logits_{t-1} of the first pass predict y_t. The loss is the second pass's; the source is
    encoded once. bos and padding are never replaced, and the model never feeds itself either.
    Without noise there are no coins, and all tokens are gold.

    `mixture` turns logits z into the vector that is read: of the likeliest token (``argmax``, what
    greedy decoding would write), of a token drawn from the model's distribution (``sample``, as
    Duckworth et al. 2019), or sum_v w_v embed(v) with w = softmax over the `top_k` largest z
    (``top_k``), softmax(z / temperature) (``softmax``), softmax((z + g) / temperature) with
    standard Gumbel g (``gumbel``), or sparsemax(z) (``sparsemax``).

    `steps` makes the share of gold fall with the place in the sentence too, as errors add up there
    (Liu et al. 2021): y_t, the t-th target token from 1, is kept with probability eps(update) *
    steps(t). Their g(t) = 0.99^t alone is ``{decay: {constant: 1.0}, steps: {exponential: 0.99}}``;
    the product is one of the ways in which both can be joined. A decay counts target tokens here
    where it otherwise counts updates, so that ``linear`` needs its `over`.

    With `through_first_pass` gradients flow through the weights w into the first pass too, which
    the authors found worse; token vectors have theirs either way.
    """

    name = "scheduled_sampling"

    decay: Decay
    steps: Decay | None = None
    mixture: Name = "argmax"
    top_k: PositiveInt = 5
    temperature: PositiveFloat = 1.0
    through_first_pass: bool = False

    def __post_init__(self) -> None:
        if self.through_first_pass and self.mixture in DISCRETE:
            raise ValueError(
                f"through_first_pass: no gradient comes through {self.mixture}; take another "
                "mixture, such as softmax"
            )

    def build(self, setting: Setting) -> Predict:
        """Two passes over the decoder, or one where every coin shows gold."""
        of_update = self.decay.build(setting)
        of_place = self.steps.build(setting) if self.steps else None
        mix = Mixture(name=self.mixture, top_k=self.top_k, temperature=self.temperature)

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            embedded = model.embed(batch.target_input)
            if noise is not None:
                share = _shares(batch, of_update=of_update(update), of_place=of_place)
                places = replaced(batch, gold_share=share, noise=noise)
                if places.any():
                    first = noise.of_pass("first")
                    with torch.set_grad_enabled(
                        self.through_first_pass and torch.is_grad_enabled()
                    ):
                        logits = expected_there(
                            model, embedded=embedded, memory=memory, places=places, noise=first
                        )
                    vectors = mix(logits, model=model, noise=noise)
                    embedded = embedded.index_put((places,), vectors)
            hidden = model.decode(embedded, memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict


def _shares(
    batch: Batch, *, of_update: float, of_place: Rate | None
) -> float | Float[torch.Tensor, "target"]:
    """The probability of gold: one number, or one for each place that the decoder reads."""
    if of_place is None:
        return of_update
    read = batch.target_input
    shares = [1.0, *(of_update * of_place(place) for place in range(1, read.shape[1]))]
    return torch.tensor(shares, device=read.device)
