"""Held against products of masked matrices, their rank, and at rate 0 lora bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.regularized_model import NOISE, SETTING, Recording, hidden_states, regularize
from support.tiny_experiment import experiment, weights
from support.tiny_study import TINY

from harness.contracts import Batch
from harness.errors import StudyError
from harness.loading import load
from harness.model.projection import Projection
from harness.streams import Noise, kept_share
from harness.training import checkpoint
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_models.transformer import Transformer
from harness_regularizers import Dropout, Lora, LoraDropout
from harness_regularizers.adapter import Adapter

MakeModel = Callable[[], Transformer]


def _random(*shape: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def _adapted(choice: LoraDropout, *, inputs: int = 5, outputs: int = 7) -> Projection:
    """A matrix with an adapter, both random."""
    projection = Projection(inputs, outputs).double()
    projection.weight.data = _random(outputs, inputs, seed=1)
    projection.adapter = Adapter(
        "here",
        projection=projection,
        rank=choice.rank,
        scale=choice.scale,
        perturb=choice._factor_noise(),
        generator=lambda name: torch.Generator().manual_seed(2),
    )
    projection.adapter.B.data = _random(outputs, choice.rank, seed=3)
    return projection


def _added(projection: Projection, noise: Noise | None) -> torch.Tensor:
    """The matrix of the adapter in one pass, computed from unit vectors."""
    unit = torch.eye(projection.weight.shape[1], dtype=torch.float64)
    return (projection(unit, noise) - projection(unit * 0, noise)).T - projection.weight


def _masks(noise: Noise, *, rate: float = 0.5) -> tuple[torch.Tensor, torch.Tensor]:
    """The masks of inputs and outputs, drawn by their keys."""
    return tuple(
        noise.keep(f"lora_dropout.here.{matrix}", (size,), rate)
        for matrix, size in (("A", 5), ("B", 7))
    )


# --- the masks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("matrices", ["both", "A", "B"])
@pytest.mark.parametrize("rescale", ["none", "inverted"])
def test_only_columns_of_a_and_rows_of_b_are_dropped(matrices: Any, rescale: Any) -> None:
    choice = LoraDropout(rank=3, alpha=6.0, rate=0.5, matrices=matrices, rescale=rescale)
    projection = _adapted(choice)
    inputs, outputs = _masks(NOISE)
    assert 0 < inputs.sum() < 5
    assert 0 < outputs.sum() < 7
    adapter = projection.adapter
    expected = 2.0 * (adapter.B @ adapter.A)
    if matrices != "B":
        expected = expected * inputs
    if matrices != "A":
        expected = expected * outputs[:, None]
    if rescale == "inverted":
        expected = expected * (4 if matrices == "both" else 2)
    torch.testing.assert_close(_added(projection, NOISE), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(
        _added(projection, None), 2.0 * (adapter.B @ adapter.A), rtol=0, atol=1e-12
    )
    torch.testing.assert_close(adapter.delta(), 2.0 * (adapter.B @ adapter.A))


@pytest.mark.parametrize("matrices", ["both", "A", "B"])
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_by_default_evaluation_has_the_mean_of_training(matrices: Any, rate: float) -> None:
    projection = _adapted(LoraDropout(rank=3, rate=rate, matrices=matrices))
    passes = 1500
    mean = sum(_added(projection, Noise(seed=seed, update=1)) for seed in range(passes)) / passes
    evaluated = _added(projection, None)
    kept = (1 - rate) ** (2 if matrices == "both" else 1)
    deviation = evaluated.abs() * ((1 / kept - 1) / passes) ** 0.5
    assert ((mean - evaluated).abs() < 5 * deviation).all()


def test_inverted_divides_by_the_exact_kept_share() -> None:
    for matrices, power in (("both", 2), ("A", 1), ("B", 1)):
        none, inverted = (
            _added(_adapted(LoraDropout(rate=0.3, matrices=matrices, rescale=rescale)), NOISE)
            for rescale in ("none", "inverted")
        )
        torch.testing.assert_close(inverted, none / kept_share(0.3) ** power, rtol=0, atol=1e-12)


@given(seed=st.integers(0, 10_000), rank=st.integers(1, 4), rate=st.sampled_from([0.1, 0.4, 0.7]))
def test_masks_never_lower_the_rank(seed: int, rank: int, rate: float) -> None:
    noise = Noise(seed=seed, update=1)
    projection = _adapted(LoraDropout(rank=rank, rate=rate))
    inputs, outputs = _masks(noise, rate=rate)
    surviving = min(int(inputs.sum()), int(outputs.sum()), rank)
    assert torch.linalg.matrix_rank(_added(projection, noise), atol=1e-9).item() == surviving


def test_a_mask_is_one_vector_per_matrix_and_pass(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(LoraDropout(rate=0.5, targets=("query", "feed_forward")), transformer())
    recording = Recording(seed=3, update=5)
    hidden_states(model, batch, recording)  # raises on a repeated key
    shapes = {name: tuple(mask.shape) for name, mask in recording.masks.items()}
    places = [name for name, part in model.projections.items() if part.adapter is not None]
    assert len(places) == 5 + 6
    expected = {}
    for place in places:
        outputs, inputs = model.projections[place].weight.shape
        expected[f"lora_dropout.{place}.A"] = (1, inputs)
        expected[f"lora_dropout.{place}.B"] = (outputs, 1)
    assert shapes == expected
    words = [tuple(mask.flatten().tolist()) for mask in recording.masks.values()]
    assert len(set(words)) > 15, "masks have different keys"


# --- in training --------------------------------------------------------------------------------


def _trained(**regularizers: Any) -> dict[str, torch.Tensor]:
    parts = assemble(experiment(regularizers=regularizers), seed=2)
    for update in train(parts):
        if update.number == 4:
            break
    return dict(weights(parts))


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_at_a_rate_of_0_it_equals_lora_bit_for_bit() -> None:
    dropout = Dropout(rate=0.1)
    shape = {"rank": 3, "alpha": 5.0, "targets": ("key", "output"), "rslora": True}
    nothing = LoraDropout(rate=0.0, instances=3, members=4, **shape)
    lora = _trained(dropout=dropout, lora=Lora(**shape))
    assert _same(_trained(dropout=dropout, lora_dropout=nothing), lora)
    assert not _same(_trained(dropout=dropout, lora_dropout=LoraDropout(rate=0.3, **shape)), lora)
    assert nothing.build(SETTING).members == 0


def test_the_loss_is_the_mean_over_instances_with_independent_masks() -> None:
    from harness_losses.cross_entropy import CrossEntropy

    choice = LoraDropout(rate=0.5, instances=3)
    choices = experiment(regularizers={"lora_dropout": choice}, loss=CrossEntropy())
    parts = assemble(choices, seed=1)
    with torch.no_grad():
        for name, parameter in parts.model.named_parameters():
            if name.endswith("adapter.B"):
                parameter.normal_(generator=torch.Generator().manual_seed(1))
    batch = parts.task.train.batch(next(parts.order.batches()), device="cpu")
    noise = Noise(seed=1, update=1)
    passes = [noise, noise.of_pass("pass 1"), noise.of_pass("pass 2")]
    losses = []
    for pass_noise in passes:
        prediction = parts.predict(parts.model, batch, update=1, noise=pass_noise)
        loss = parts.loss(prediction.logits, prediction.targets)
        losses.append(loss.item() / batch.tokens)
    assert len(set(losses)) == 3
    updates = train(parts)
    next(updates)
    loss = next(m.value for m in next(updates).measurements if m.metric == "loss")
    assert loss == pytest.approx(sum(losses) / 3, rel=1e-6)


def test_members_draw_no_other_dropout_masks(transformer: MakeModel, batch: Batch) -> None:
    def hidden(*, dropout: bool, noise: Noise | None) -> torch.Tensor:
        model = regularize(LoraDropout(rate=0.5, targets=("query", "value")), transformer())
        for part in model.projections.values():
            if part.adapter is not None:
                part.adapter.B.data = _random(*part.adapter.B.shape, seed=5)
        if dropout:
            regularize(Dropout(rate=0.5), model)
        return hidden_states(model, batch, noise)

    member = Noise(seed=3, update=0, forward="member 0", stream="members")
    alone = hidden(dropout=False, noise=member)
    assert torch.equal(hidden(dropout=True, noise=member), alone)
    assert not torch.allclose(hidden(dropout=False, noise=None), alone)
    training = Noise(seed=3, update=0, forward="member 0")
    assert not torch.allclose(hidden(dropout=False, noise=training), alone), (
        "streams are independent"
    )


# --- with lora ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regularizers", "variant", "line"),
    [
        ("{lora: 4, lora_dropout: 0.1}", "{loss: cross_entropy}", 8),
        ("{lora: 4}", "{regularizers: {lora_dropout: 0.1}}", 16),
    ],
)
def test_combining_it_with_lora_is_an_error_with_its_place(
    tmp_path: Path, regularizers: str, variant: str, line: int
) -> None:
    study = TINY.replace("{dropout: 0.1}", regularizers)
    study = study.replace("no-dropout: {regularizers: {dropout: off}}", f"other: {variant}")
    path = tmp_path / "study.yaml"
    path.write_text(study)
    with pytest.raises(StudyError) as raised:
        load(path)
    (fault,) = raised.value.faults
    expected = "lora_dropout and lora cannot be combined; turn one off"
    assert str(fault).endswith(f": {expected}")
    assert f"study.yaml:{line}:" in str(fault)
    written = path.read_text().replace("{lora_dropout: 0.1}", "{lora: off, lora_dropout: 0.1}")
    path.write_text(written.replace("{lora: 4, lora_dropout: 0.1}", "{lora_dropout: 0.1}"))
    assert load(path)


def test_resuming_from_a_checkpoint_changes_no_bit(tmp_path: Path) -> None:
    choices = experiment(regularizers={"lora_dropout": LoraDropout(rate=0.3, members=2)})
    whole = assemble(choices, seed=1)
    (tmp_path / "measurements.jsonl").touch()
    for update in train(whole):
        if update.number == 4:
            checkpoint.save(whole, path=tmp_path, update=4, size=0)
    resumed = assemble(choices, seed=1)
    assert checkpoint.resume(resumed, path=tmp_path) == 4
    list(train(resumed, after=4))
    assert _same(dict(weights(resumed)), dict(weights(whole)))
