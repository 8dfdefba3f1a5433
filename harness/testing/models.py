"""The contract of models: causal, deaf to padding, silent without noise, the same step by step."""

from __future__ import annotations

import torch

from harness.components import Architecture
from harness.contracts import PAD, Memory, Site
from harness.model import SequenceModel
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness.testing import fixtures
from harness.testing.claims import Claims, contract

_CLOSE = 1e-9  # in float64: far above rounding, far below what a token seen or missed changes


@contract
def check_model(component: Architecture) -> None:
    """Check that it is filled by name alone, and that no place sees what it must not.

    Give it a small one: its options are those of the component, and it is built in float64.
    """
    claims = Claims(component, base=Architecture)
    built = component.build(fixtures.VOCABULARIES)
    kind = type(built).__name__
    is_one = isinstance(built, SequenceModel)
    claims.that(is_one, f"must build a harness.model.SequenceModel, got {kind}")
    assert isinstance(built, SequenceModel)
    _claim_weights(claims, model=built, component=component)
    model = fixtures.model(component)
    claims.keyed(lambda: _logits(model), what="a pass")
    _claim_shapes(claims, model=model, width=component.d_model)
    _claim_silence(claims, model=model)
    _claim_causality(claims, model=model)
    _claim_padding(claims, model=model)
    _claim_steps(claims, model=model)


def _logits(model: SequenceModel) -> torch.Tensor:
    """The logits of every sentence of the batch at its real places."""
    batch = fixtures.batch()
    hidden = model.decode(model.embed(batch.target_input), model.encode(batch.source))
    return predict_at_real(model, batch, hidden=hidden).logits


def _claim_weights(claims: Claims, *, model: SequenceModel, component: Architecture) -> None:
    """Parameters that initializers fill by name, and all the state that there is."""
    parameters = dict(model.named_parameters())
    for name, weight in parameters.items():
        expected = float(name.endswith("norm.weight"))
        filled = bool((weight == expected).all())
        claims.that(filled, f"{name} must be {expected:g} until an initializer fills it")
    buffers = [name for name, _ in model.named_buffers()]
    claims.that(not buffers, f"must keep no buffer, which no run would store, got {buffers[:1]}")
    count = component.parameter_count(fixtures.VOCABULARIES)
    actual = sum(weight.numel() for weight in parameters.values())
    claims.that(count in {None, actual}, f"has {actual} parameters, and counts {count}")
    wrong = [name for name, site in model.sites.items() if site.path != name]
    claims.that(not wrong, f"a site must go by its path, got {wrong[:1]}")
    # By its matrix: a tied one goes by the name of an embedding.
    own = {id(weight) for weight in parameters.values()}
    strange = [
        name for name, projection in model.projections.items() if id(projection.weight) not in own
    ]
    claims.that(not strange, f"projection {strange[:1]} has no parameter of the model")


def _claim_shapes(claims: Claims, *, model: SequenceModel, width: int) -> None:
    """Hidden states of `d_model` and logits of every class, with a gradient for every weight."""
    batch, before = fixtures.batch(), model.decoded
    embedded = model.embed(batch.target_input)
    claims.shape(embedded, expected=(*batch.target_input.shape, width), what="embedded tokens")
    hidden = model.decode(embedded, model.encode(batch.source))
    claims.shape(hidden, expected=(*batch.target_input.shape, width), what="hidden states")
    counted = model.decoded - before >= batch.target_input.numel()
    claims.that(counted, "must add every target place that it computes to `decoded`")
    logits = predict_at_real(model, batch, hidden=hidden).logits
    claims.shape(logits, expected=(batch.tokens, fixtures.CLASSES), what="logits")
    claims.finite(logits, what="logits")
    logits.square().sum().backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None]
    claims.that(not idle, f"{idle[:1]} takes no part in the logits")
    model.zero_grad()


@torch.no_grad()
def _claim_silence(claims: Claims, *, model: SequenceModel) -> None:
    """Noise acts at sites alone, and each site is called."""
    batch, noise = fixtures.batch(), fixtures.NOISE
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(batch.target_input), memory, noise=noise)
    noisy = predict_at_real(model, batch, hidden=hidden).logits
    claims.that(torch.equal(noisy, _logits(model)), "acts on noise at no site; call sites instead")
    seen: list[str] = []

    def see(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        seen.append(site.path)
        return value

    for site in model.sites.values():
        site.fill(see)
    memory = model.encode(batch.source, noise=noise)
    model.decode(model.embed(batch.target_input), memory, noise=noise)
    for site in model.sites.values():
        site.perturbations.pop()
    silent = sorted({*model.sites} - {*seen})
    claims.that(not silent, f"never calls its site {silent[:1]}")


@torch.no_grad()
def _claim_causality(claims: Claims, *, model: SequenceModel) -> None:
    """A later target token changes no earlier state, unless `visible` shows it."""
    batch = fixtures.batch()
    memory = model.encode(batch.source)
    fed = batch.target_input
    changed = fed.clone()
    changed[:, -1] = 4
    states, other = (model.decode(model.embed(tokens), memory) for tokens in (fed, changed))
    early, places = slice(None, -1), fed.shape[1]
    alike = torch.allclose(states[:, early], other[:, early], rtol=_CLOSE, atol=_CLOSE)
    claims.that(alike, "a later target token changes earlier hidden states")
    causal = torch.ones(1, places, places, dtype=torch.bool).tril()
    written_out = model.decode(model.embed(fed), memory, visible=causal)
    alike = torch.allclose(written_out, states, rtol=_CLOSE, atol=_CLOSE)
    claims.that(alike, "a causal `visible` must change nothing")
    seeing = model.decode(model.embed(fed), memory, visible=torch.ones_like(causal))
    claims.that(not torch.allclose(seeing[:, 0], states[:, 0]), "`visible` is not looked at")
    blind = model.decode(model.embed(fed), model.encode(batch.source.flip(0)))
    claims.that(not torch.allclose(blind, states), "the source is not looked at")


@torch.no_grad()
def _claim_padding(claims: Claims, *, model: SequenceModel) -> None:
    """More padding, and other sentences beside it, change no logit of a sentence."""
    batch = fixtures.batch()
    whole = model.decode(model.embed(batch.target_input), model.encode(batch.source))
    for row in range(len(batch.source)):
        source, fed = batch.source[row], batch.target_input[row]
        alone = source[source != PAD][None], fed[fed != PAD][None]
        padded = tuple(torch.nn.functional.pad(side, (0, 3), value=PAD) for side in alone)
        length = alone[1].shape[1]
        for what, (read, written) in {"alone": alone, "padded more": padded}.items():
            states = model.decode(model.embed(written), model.encode(read))[0, :length]
            alike = torch.allclose(states, whole[row, :length], rtol=_CLOSE, atol=_CLOSE)
            claims.that(alike, f"a sentence {what} has other hidden states than in its batch")


@torch.no_grad()
def _claim_steps(claims: Claims, *, model: SequenceModel) -> None:
    """Step by step as at once, also for sentences that are selected, one of them twice."""
    batch = fixtures.batch()
    memory, fed = model.encode(batch.source), batch.target_input
    whole = model.decode(model.embed(fed), memory)
    rows = torch.tensor([2, 0, 0])
    cache, kept = model.start(memory), torch.arange(len(fed))
    for place in range(4):
        if place == 2:
            cache, kept = cache.select(rows), kept[rows]
        before = model.decoded
        states = model.step(fed[kept, place], cache)
        alike = torch.allclose(states, whole[kept, place], rtol=_CLOSE, atol=_CLOSE)
        claims.that(alike, f"step {place + 1} has other hidden states than decoding at once")
        counted = model.decoded - before >= len(kept)
        claims.that(counted, "must add every place that a step computes to `decoded`")
    if memory.visible is not None:
        selected = Memory(memory.states[rows], memory.visible[rows])
        alike = torch.allclose(
            model.decode(model.embed(fed[rows]), selected), whole[rows], rtol=_CLOSE, atol=_CLOSE
        )
        claims.that(alike, "rows of a memory are not the memory of these sentences")
