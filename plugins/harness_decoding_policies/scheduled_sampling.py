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
from harness_decoding_policies.mixtures import DISCRETE, Mixture, MixtureName
from harness_decoding_policies.replacement import logits_at, sample_replaced


@dataclass(frozen=True, kw_only=True)
class ScheduledSampling(DecodingPolicy):
    """Replaces gold tokens in the decoder's input by the model's own, more of them over training.

    Bengio et al. (2015), in the two passes that a Transformer needs (Mihaylova & Martins 2019).
    `decay` gives eps(update), the probability of the gold token. The first pass reads gold tokens,
    without gradients; the second reads, independently at every position t >= 1 of every sentence,

        e_t = embed(y_t) with probability eps, else mixture(logits_{t-1}),

    where logits_{t-1} of the first pass predict y_t. The loss is that of the second pass; the
    source is encoded once. bos and padding are never replaced, and never predicted as replacements.
    Without noise all tokens are gold.

    `mixture` turns logits z into the embedding that is read: that of the likeliest token
    (``argmax``, as in greedy decoding), that of a token sampled from the model's distribution
    (``sample``, as in Duckworth et al. 2019), or sum_v w_v embed(v) with w = softmax over the
    `top_k` largest z (``top_k``), softmax(z / temperature) (``softmax``), softmax((z + g) /
    temperature) with standard Gumbel g (``gumbel``), or sparsemax(z) (``sparsemax``).

    `steps` also lowers the share of gold with the position in the sentence, where errors accumulate
    (Liu et al. 2021): y_t, the t-th target token from 1, is kept with probability eps(update) *
    steps(t). Their g(t) = 0.99^t alone is ``{decay: {constant: 1.0}, steps: {exponential: 0.99}}``;
    the product is one of several ways to combine the two. For `steps` a decay counts target tokens
    instead of updates, so ``linear`` needs its `over`.

    With `through_first_pass`, gradients also flow through the weights w into the first pass, which
    the authors found to be worse; the embeddings get gradients either way.
    """

    name = "scheduled_sampling"

    decay: Decay
    steps: Decay | None = None
    mixture: MixtureName = "argmax"
    top_k: PositiveInt = 5
    temperature: PositiveFloat = 1.0
    through_first_pass: bool = False

    def __post_init__(self) -> None:
        self._refuse_unused()
        if self.through_first_pass and self.mixture in DISCRETE:
            raise ValueError(
                f"through_first_pass: no gradient flows through {self.mixture}; use another "
                "mixture, such as softmax"
            )

    def _refuse_unused(self) -> None:
        """Refuse an option that the mixture does not use, and a decay over too many tokens."""
        for option, mixtures in {"top_k": ("top_k",), "temperature": ("softmax", "gumbel")}.items():
            default = type(self).__dataclass_fields__[option].default
            if getattr(self, option) != default and self.mixture not in mixtures:
                raise ValueError(
                    f"{option}: the mixture {self.mixture} does not use it; remove it, or use "
                    f"{' or '.join(mixtures)}"
                )
        # `linear` has it: a decay of any plugin whose default length is the budget's is meant here.
        if self.steps is not None and getattr(self.steps, "over", 0) is None:
            raise ValueError(
                "steps: over is missing, and its default is a number of updates; give the number "
                "of target tokens over which it falls"
            )

    def build(self, setting: Setting) -> Predict:
        """Two decoder passes, or one if every coin shows gold."""
        update_share = self.decay.build(setting)
        step_share = self.steps.build(setting) if self.steps else None
        mix = Mixture(name=self.mixture, top_k=self.top_k, temperature=self.temperature)

        def predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
            memory = model.encode(batch.source, noise=noise)
            embedded = model.embed(batch.target_input)
            if noise is not None:
                share = _gold_share(batch, at_update=update_share(update), at_step=step_share)
                replaced = sample_replaced(batch, gold_share=share, noise=noise)
                if replaced.any():
                    first = noise.of_pass("first")
                    # `and`, because set_grad_enabled(True) would override a no_grad around it.
                    with torch.set_grad_enabled(
                        self.through_first_pass and torch.is_grad_enabled()
                    ):
                        logits = logits_at(
                            replaced, model=model, embedded=embedded, memory=memory, noise=first
                        )
                    # Outside the block: the embeddings that are mixed always have gradients.
                    vectors = mix(logits, model=model, noise=noise)
                    # Not in place: backward() through the first pass needs the gold embeddings.
                    embedded = embedded.index_put((replaced,), vectors)
            hidden = model.decode(embedded, memory, noise=noise)
            return predict_at_real(model, batch, hidden=hidden)

        return predict


def _gold_share(
    batch: Batch, *, at_update: float, at_step: Rate | None
) -> float | Float[torch.Tensor, "target"]:
    """The probability of gold: one number, or one per position of the decoder's input."""
    if at_step is None:
        return at_update
    tokens = batch.target_input
    # 1 for bos, which is kept; the first target token is at position 1.
    shares = [1.0, *(at_update * at_step(step) for step in range(1, tokens.shape[1]))]
    return torch.tensor(shares, device=tokens.device)
