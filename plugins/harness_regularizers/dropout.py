"""Dropout at named sites."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from harness.components import Regularizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Model, Perturbation, Regularization, Setting, Site
from harness.errors import HarnessError
from harness.streams import Noise, kept_share

_POSITIONS = ("embedding", "attention.weights", "feed_forward", "residual")
_KINDS = (*_POSITIONS, "attention.heads")
_LOW = -1.7580993408473766  # a SELU's limit at minus infinity, -lambda * alpha
_PLACE = r"((encoder|decoder)\.([0-9]+\.(\w+\.)*)?)?"  # a side, a layer of it, a path within
_SITE = re.compile(_PLACE + f"({'|'.join(re.escape(kind) for kind in _KINDS)})")


@dataclass(frozen=True, kw_only=True)
class Dropout(Regularizer):
    """Drops elements at random and scales up the rest (Srivastava et al. 2014, inverted form).

    y = x * m / (1 - rate), with m ~ Bernoulli(1 - rate) for each element. `rate` is the probability
    of dropping, to the nearest 2^-16, at the four positions of a Transformer: token vectors plus
    positions (``embedding``), softmax weights before they meet the values (``attention.weights``),
    inside the feed-forward network (``feed_forward``), and what a sublayer adds to the residual
    stream (``residual``). Vaswani et al. (2017, section 5.4) name the first and the last.

    `rates` gives sites a rate of their own by kind, side, layer (counted from 0) or path, and the
    narrowest name counts: ``residual``, ``decoder.residual``, ``decoder.1.residual``,
    ``decoder.1.cross_attention.residual``. It alone reaches ``attention.heads``.

    `kind` says what falls together in a sentence, and what is left there. Where a site holds a
    vector for each place, ``feature`` drops a component of it at all places, ``token`` all
    components of a place, which is what torch's feature_dropout does to (sentences, places,
    d_model). At attention weights, ``feature`` takes a key from all queries of a head and ``token``
    takes all keys of a query, in every head. ``alpha`` (Klambauer et al. 2017, section 3) sets
    elements to the lowest value of a SELU and keeps mean 0 and variance 1, for values that have
    them, which no site of this model promises; ``feature_alpha`` does so to whole features.
    """

    name = "dropout"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.0
    kind: Literal["standard", "feature", "token", "alpha", "feature_alpha"] = "standard"
    rates: Mapping[str, ProbabilityBelowOne] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.rates:
            if not _SITE.fullmatch(name):
                raise ValueError(
                    f"rates: {name!r} is no site whose elements can be dropped; kinds of site are "
                    f"{', '.join(_KINDS)}, alone or after 'encoder.', 'decoder.' or 'decoder.1.'"
                )

    def build(self, setting: Setting) -> Regularization:
        """Fills sites; one whose rate is 0 stays empty."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        known = {name for site in model.sites.values() for name in site.names}
        missing = [name for name in self.rates if name not in known]
        if missing:
            raise HarnessError("\n".join(_no_site(name, known=known) for name in missing))
        for site in model.sites.values():
            rate = self._rate_at(site)
            if kept_share(rate) < 1:
                site.fill(_effect(rate, kind=self.kind))

    def _rate_at(self, site: Site) -> float:
        rest = self.rate if site.kind in _POSITIONS else 0.0
        return next((self.rates[name] for name in reversed(site.names) if name in self.rates), rest)


def _no_site(name: str, *, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name, sorted(known), n=4, cutoff=0)
    return f"dropout: this model has no site {name!r}; the nearest are {', '.join(nearest)}"


def _effect(rate: float, *, kind: str) -> Perturbation:
    act = _set_low if kind.endswith("alpha") else _scale_up

    def drop(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        kept = noise.keep(site.path, _shape(value, site=site, kind=kind), rate)
        return act(value, kept=kept, share=kept_share(rate))

    return drop


def _shape(value: torch.Tensor, *, site: Site, kind: str) -> list[int]:
    """The mask's: 1 along the dimensions in which elements fall together."""
    if kind in ("standard", "alpha"):
        return list(value.shape)
    sizes = dict(zip(site.layout.split(), value.shape, strict=True))
    (place,) = sizes.keys() & {"places", "target"}
    if kind == "token":
        return [size if name in ("sentences", place) else 1 for name, size in sizes.items()]
    return [1 if name == place else size for name, size in sizes.items()]


def _scale_up(value: torch.Tensor, *, kept: torch.Tensor, share: float) -> torch.Tensor:
    # As bytes, a mask becomes factors five times faster than as booleans.
    return value * kept.view(torch.uint8).to(value.dtype).mul_(1 / share)


def _set_low(value: torch.Tensor, *, kept: torch.Tensor, share: float) -> torch.Tensor:
    """A x + b where kept, else a low + b, with a and b such that mean 0 and variance 1 stay."""
    a: float = (share * (1 + (1 - share) * _LOW**2)) ** -0.5
    b = -a * (1 - share) * _LOW
    return torch.where(kept, value, _LOW) * a + b
