"""Noise at every site of one kind."""

from __future__ import annotations

from harness.contracts import Model, Perturbation
from harness.streams import kept_share


def fill_sites(model: Model, *, kind: str, perturbation: Perturbation, rate: float) -> None:
    """Put a perturbation at every site of a kind; none where the rate rounds to 0."""
    # Asked of the rate in 16 bits: one that rounds to 0 leaves the model as it is.
    if kept_share(rate) < 1:
        for site in model.sites.values():
            if site.kind == kind:
                site.fill(perturbation)
