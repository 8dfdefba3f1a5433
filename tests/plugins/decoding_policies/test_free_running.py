"""Held against one pass per position, and the output of greedy decoding."""

from __future__ import annotations

from collections.abc import Callable

import torch

from harness.contracts import EOS, Batch, Setting, Site
from harness.streams import Noise
from harness_decoding_policies import FreeRunning, TeacherForcing
from harness_generations.greedy import Greedy
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
NOISE = Noise(seed=1, update=3)
MakeModel = Callable[[], Transformer]


@torch.no_grad()
def _own_tokens(model: Transformer, batch: Batch) -> torch.Tensor:
    """The input of the last pass, by as many parallel passes as positions."""
    read = batch.target_input
    memory = model.encode(batch.source)
    for _ in range(read.shape[1]):
        logits = model.project(model.decode(model.embed(read), memory))
        after = torch.cat([read[:, :1], logits[:, :-1, 2:].argmax(-1) + 2], 1)
        read = torch.where(batch.real, after, batch.target_input)
    return read


def test_one_pass_over_the_greedy_output_equals_as_many_passes_as_positions(
    transformer: MakeModel, batch: Batch
) -> None:
    model = transformer()
    read = _own_tokens(model, batch)
    assert not torch.equal(read, batch.target_input)
    expected = model.project(model.decode(model.embed(read), model.encode(batch.source)))
    prediction = FreeRunning().build(SETTING)(model, batch, update=1, noise=None)
    torch.testing.assert_close(prediction.logits, expected[batch.real], rtol=0, atol=1e-12)
    assert torch.equal(prediction.targets, batch.target_next[batch.real])

    names, weights = zip(*model.named_parameters(), strict=True)
    ours = torch.autograd.grad(prediction.logits.logsumexp(-1).sum(), weights)
    theirs = torch.autograd.grad(expected[batch.real].logsumexp(-1).sum(), weights)
    for name, our, their in zip(names, ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-10, msg=name)


def test_it_reads_the_output_of_greedy_decoding(transformer: MakeModel, batch: Batch) -> None:
    model, long = (
        transformer(),
        Batch(
            source=torch.tensor([[4, 5, 6, 2], [7, 8, 9, 2], [9, 4, 11, 2]]),
            target=torch.tensor([[1, *[5] * 8, 2]] * 3),
            tokens=27,
        ),
    )
    written = Greedy().build(SETTING)(model, long.source, sentences=range(3))
    seen: list[torch.Tensor] = []
    embed = model.embed
    model.embed = lambda tokens: (seen.append(tokens), embed(tokens))[1]
    FreeRunning().build(SETTING)(model, long, update=1, noise=NOISE)
    for row, words in zip(seen[-1].tolist(), written, strict=True):
        assert row[0] == 1
        assert row[1 : len(words) + 2] == [*words, EOS][:8]


def test_noise_acts_in_the_last_pass_only(transformer: MakeModel, batch: Batch) -> None:
    model = transformer()
    read = _own_tokens(model, batch)

    def drop(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        assert noise is NOISE
        return value * noise.keep(site.path, value.shape, 0.5) / 0.5

    for site in model.sites.values():
        if site.kind == "residual":
            site.fill(drop)
    memory = model.encode(batch.source, noise=NOISE)
    expected = model.project(model.decode(model.embed(read), memory, noise=NOISE))
    prediction = FreeRunning().build(SETTING)(model, batch, update=1, noise=NOISE)
    torch.testing.assert_close(prediction.logits, expected[batch.real], rtol=0, atol=1e-12)


def test_it_equals_teacher_forcing_if_the_model_predicts_gold(
    transformer: MakeModel, batch: Batch
) -> None:
    model = transformer()
    own = torch.cat([_own_tokens(model, batch), batch.target[:, -1:]], 1)
    gold = Batch(source=batch.source, target=own, tokens=batch.tokens)
    ours, forced = (
        policy.build(SETTING)(model, gold, update=1, noise=NOISE)
        for policy in (FreeRunning(), TeacherForcing())
    )
    assert torch.equal(ours.logits, forced.logits)
