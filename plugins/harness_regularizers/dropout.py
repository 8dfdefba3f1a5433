"""Dropout, at named sites of the model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from harness.components import Regularizer
from harness.components.options import OptionalRepeats, ProbabilityBelowOne, unused_options
from harness.contracts import Model, Perturbation, Regularization, Setting, Site
from harness.errors import HarnessError
from harness.streams import Noise, kept_share

_POSITIONS = ("embedding", "attention.weights", "feed_forward", "residual")
_KINDS = (*_POSITIONS, "attention.heads")
_UNITS = ("d_model", "d_ff", "heads", "head")  # dimensions along which a network is thinned
_SELU_MINIMUM = -1.7580993408473766  # a SELU's limit at minus infinity, -lambda * alpha
_PREFIX = r"((encoder|decoder)\.([0-9]+\.(\w+\.)*)?)?"  # a stack, a layer of it, a path within
_SITE = re.compile(_PREFIX + f"({'|'.join(re.escape(kind) for kind in _KINDS)})")


@dataclass(frozen=True, kw_only=True)
class Dropout(Regularizer):
    """Drops elements at random and rescales the rest (Srivastava et al. 2014, inverted form).

    y = x * m / (1 - rate), with m ~ Bernoulli(1 - rate) for each element. `rate` is the probability
    of dropping, to the nearest 2^-16, at the four usual sites of a Transformer: token embeddings
    plus positions (``embedding``), attention weights after the softmax (``attention.weights``), the
    inner layer of the feed-forward network (``feed_forward``), and the output of a sublayer before
    the residual addition (``residual``). Vaswani et al. (2017, section 5.4) use the first and last.

    `rates` sets the rate of individual sites by kind, stack, layer (counted from 0) or path, and
    the most specific name wins: ``residual``, ``decoder.residual``, ``decoder.1.residual``,
    ``decoder.1.cross_attention.residual``. Only `rates` can reach ``attention.heads``.

    `kind` selects the elements that are dropped together, and their new value. At sites with a
    vector per position, ``feature`` drops a feature at all positions of a sentence and ``token``
    all features of a position, as torch's feature_dropout does for (sentences, positions, d_model).
    At attention weights, ``feature`` drops a key for all queries of a head, and ``token`` drops all
    keys of a query in every head. ``alpha`` (Klambauer et al. 2017, section 3) sets elements to the
    minimum of a SELU and preserves mean 0 and variance 1 of inputs that have them, which no site of
    this model guarantees: evaluation, with the values as they are, is not the mean of training.
    ``feature_alpha`` does so for whole features, ``token_alpha`` for whole positions, as torch's
    feature_alpha_dropout does for (sentences, positions, d_model).

    With `members` above 0, evaluation and generation average the probabilities of as many thinned
    networks, Monte Carlo dropout (Gal & Ghahramani 2016, section 4), in place of one pass through
    the whole network. A member is one draw of the weights that remain: a mask over features, the
    same for all sentences and positions and at every evaluation (as Gal and Ghahramani's for
    recurrent networks), so that no score depends on what shares a batch. Attention weights, which
    belong to no unit, stay whole in members; so the members of a `kind` that drops positions would
    be equal, and are refused. Training is the same with and without.
    """

    name = "dropout"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.0
    kind: Literal["standard", "feature", "token", "alpha", "feature_alpha", "token_alpha"] = (
        "standard"
    )
    rates: Mapping[str, ProbabilityBelowOne] = field(default_factory=dict)
    members: OptionalRepeats = 0

    def __post_init__(self) -> None:
        if self.members and self.kind.startswith("token"):
            raise ValueError(
                f"members: kind {self.kind} drops positions, and members drop features; "
                "leave members out, or use kind standard, feature, alpha or feature_alpha"
            )
        for name in self.rates:
            if not _SITE.fullmatch(name):
                raise ValueError(
                    f"rates: {name!r} is not a site with dropout; kinds of site are "
                    f"{', '.join(_KINDS)}, alone or after 'encoder.', 'decoder.' or 'decoder.1.'"
                )

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if not self._drops:
            reason = "no rate is above 0"
            yield from unused_options(self, "members", reason=reason, instead="raise rate")

    def build(self, setting: Setting) -> Regularization:
        """A perturbation at every site whose rate is above 0, and the members, if any drops."""
        members = self.members if self._drops else 0
        return Regularization(modify_model=self._fill, members=members)

    @property
    def _drops(self) -> bool:
        return any(kept_share(rate) < 1 for rate in (self.rate, *self.rates.values()))

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        known = {name for site in model.sites.values() for name in site.names}
        missing = [name for name in self.rates if name not in known]
        if missing:
            raise HarnessError("\n".join(_no_site(name, known=known) for name in missing))
        for site in model.sites.values():
            rate = self._rate_at(site)
            if kept_share(rate) < 1:
                site.fill(_perturbation(rate, kind=self.kind))
                if self.members and site.kind != "attention.weights":
                    site.fill_members(_perturbation(rate, kind=self.kind, thinned=True))

    def _rate_at(self, site: Site) -> float:
        default = self.rate if site.kind in _POSITIONS else 0.0
        # A site lists its names from the kind to the path.
        specific_first = reversed(site.names)
        return next((self.rates[name] for name in specific_first if name in self.rates), default)


def _no_site(name: str, *, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name, sorted(known), n=4, cutoff=0)
    return f"dropout: this model has no site {name!r}; the nearest are {', '.join(nearest)}"


def _perturbation(rate: float, *, kind: str, thinned: bool = False) -> Perturbation:
    apply_mask = _alpha_dropout if kind.endswith("alpha") else _inverted_dropout

    def drop(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        shape = _mask_shape(value, site=site, kind="unit" if thinned else kind)
        kept = noise.keep(site.path, shape, rate)
        return apply_mask(value, kept=kept, share=kept_share(rate))

    return drop


def _mask_shape(value: torch.Tensor, *, site: Site, kind: str) -> list[int]:
    """The shape of the mask: 1 along the dimensions whose elements are dropped together."""
    if kind in ("standard", "alpha"):
        return list(value.shape)
    sizes = dict(zip(site.layout.split(), value.shape, strict=True))
    if kind == "unit":
        return [size if name in _UNITS else 1 for name, size in sizes.items()]
    # Positions have this name in a layout: places along a sentence, or queries in attention.
    (place,) = sizes.keys() & {"places", "target"}
    if kind.startswith("token"):
        return [size if name in ("sentences", place) else 1 for name, size in sizes.items()]
    return [1 if name == place else size for name, size in sizes.items()]


def _inverted_dropout(value: torch.Tensor, *, kept: torch.Tensor, share: float) -> torch.Tensor:
    # Converting bytes to floats is five times faster than converting booleans.
    return value * kept.view(torch.uint8).to(value.dtype).mul_(1 / share)


def _alpha_dropout(value: torch.Tensor, *, kept: torch.Tensor, share: float) -> torch.Tensor:
    """A x + b if kept, else a minimum + b, with a and b that preserve mean 0 and variance 1."""
    # With share q and minimum m: the variance of the masked value is q (1 + (1 - q) m^2).
    a: float = (share * (1 + (1 - share) * _SELU_MINIMUM**2)) ** -0.5
    b = -a * (1 - share) * _SELU_MINIMUM
    return torch.where(kept, value, _SELU_MINIMUM) * a + b
