"""Guards name the component, pass what is right unchanged, and are all that knows of faults."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from support.tiny_experiment import experiment

from harness.components import Averaging, Loss, Optimizer, ParameterGroups, Regularizer, Tokenizer
from harness.contracts import Codecs, ParameterGroup, Parameters, Regularization, Setting
from harness.errors import ComponentError, HarnessError
from harness.testing import fixtures
from harness.training import guards, regularizer_guards
from harness.training.assembly import assemble
from harness.training.divergence import Diverged, check_finite
from harness_losses.cross_entropy import CrossEntropy
from harness_optimizers.adam import Adam
from harness_tokenizers.word import Word

SETTING = fixtures.SETTING
TRAINING = Path(guards.__file__).parent


@dataclass(frozen=True, kw_only=True)
class Given(Loss):
    """A loss that builds what it is given."""

    name = "given"
    function: Any

    def build(self, setting: Setting) -> Any:
        return self.function


@dataclass(frozen=True, kw_only=True)
class Acting(Regularizer):
    """A regularizer with the parts that it is given."""

    name = "acting"
    parts: Regularization

    def build(self, setting: Setting) -> Regularization:
        return self.parts


def raising(error: Exception) -> Callable[..., Any]:
    def raise_it(*values: object, **named: object) -> None:
        raise error

    return raise_it


@pytest.mark.parametrize("module", ["loop", "objective", "evaluation", "batches"])
def test_training_knows_neither_checks_nor_attribution(module: str) -> None:
    tree = ast.parse((TRAINING / f"{module}.py").read_text(encoding="utf-8"))
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not [name for name in imported if "contract_checks" in name or "attribution" in name]


def test_an_error_is_the_component_s_and_keeps_its_cause() -> None:
    cause = KeyError("odd")
    loss = guards.loss(component := Given(function=raising(cause)), setting=SETTING)
    with pytest.raises(ComponentError, match="^loss given: raised KeyError: 'odd'$") as error:
        loss(fixtures.logits(3), fixtures.targets(3))
    assert error.value.component is component
    assert error.value.__cause__ is cause


@pytest.mark.parametrize("error", [HarnessError("for the user"), MemoryError()])
def test_what_is_nobody_s_fault_passes(error: Exception) -> None:
    loss = guards.loss(Given(function=raising(error)), setting=SETTING)
    with pytest.raises(type(error)) as raised:
        loss(fixtures.logits(3), fixtures.targets(3))
    assert raised.value is error


def test_a_guarded_loss_is_the_loss_to_the_bit() -> None:
    logits, targets = fixtures.logits(5).requires_grad_(), fixtures.targets(5)
    guarded = guards.loss(CrossEntropy(), setting=SETTING)(logits, targets)
    assert torch.equal(guarded, CrossEntropy().build(SETTING)(logits, targets))


def test_a_loss_needs_a_gradient_only_where_gradients_are_recorded() -> None:
    detached = Given(function=lambda logits, targets: logits.detach().sum())
    loss = guards.loss(detached, setting=SETTING)
    with pytest.raises(ComponentError, match="loss given: the loss has no gradient"):
        loss(fixtures.logits(3).requires_grad_(), fixtures.targets(3))
    with torch.no_grad():
        assert loss(fixtures.logits(3), fixtures.targets(3)).ndim == 0


def test_a_part_that_a_regularizer_lacks_is_still_lacking() -> None:
    plain = Regularization(passes=3, members=2)
    assert regularizer_guards.regularizer(Acting(parts=plain), setting=SETTING) == plain


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("part", ["modify_gradients", "modify_weights"])
def test_values_that_a_regularizer_spoils_end_the_run(part: str, value: float) -> None:
    def spoil(parameters: Parameters, **_: object) -> None:
        weight = parameters["encoder.0.feed_forward.inner.weight"]
        tensor = weight.grad if part == "modify_gradients" else weight
        assert tensor is not None
        tensor.detach()[-1] = value

    component = Acting(parts=Regularization(**{part: spoil}))
    guarded = getattr(regularizer_guards.regularizer(component, setting=SETTING), part)
    model = fixtures.model()
    fixtures.gradients(model)
    rest: dict[str, Any] = {"learning_rate": 0.1}
    if part == "modify_gradients":
        rest = {"generator": fixtures.NOISE.generator}
    with pytest.raises(Diverged, match="not finite after regularizer acting changed them at") as e:
        guarded(dict(model.named_parameters()), update=3, **rest)
    assert e.value.component is component


@pytest.mark.parametrize("value", [1e3, 1e100, 1e160, -1e200, math.inf, math.nan])
def test_the_norm_decides_what_is_finite(value: float) -> None:
    """The squared norm is only a short cut: it overflows where the norm may not."""
    values = [torch.zeros(2, dtype=torch.float64), torch.full((2, 2), value, dtype=torch.float64)]
    finite = torch.nn.utils.get_total_norm(values).isfinite()
    with nullcontext() if finite else pytest.raises(Diverged, match="at update 4"):
        check_finite(values, name="the weights", update=4, owner=CrossEntropy())


def test_sites_belong_to_the_regularizer_that_filled_them() -> None:
    def part_of(fault: str) -> Acting:
        def modify_model(model: Any, *, generator: object) -> None:
            site = model.sites["encoder.embedding"]
            site.fill(lambda value, site, noise: value if not fault else value[0])

        return Acting(parts=Regularization(modify_model=modify_model))

    model = fixtures.model()
    fine, faulty = part_of(""), part_of("shape")
    for component in (fine, faulty):
        part = regularizer_guards.regularizer(component, setting=SETTING)
        assert part.modify_model is not None
        part.modify_model(model, generator=fixtures.generator_of())
    with pytest.raises(ComponentError, match="site encoder.embedding must give shape") as error:
        model.encode(fixtures.batch().source, noise=fixtures.NOISE)
    assert error.value.component is faulty


def test_every_codec_of_a_tokenizer_is_guarded_and_its_tokens_are_its_own() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Mute(Tokenizer):
        """Reads, and cannot write."""

        name = "mute"

        def build(self, corpus: Any) -> Codecs:
            codecs = Word().build(corpus)
            object.__setattr__(codecs.target, "decode", lambda tokens: None)
            return codecs

    corpus = fixtures.corpus()
    plain, codecs = Word().build(corpus), guards.tokenizer(Mute(), corpus=corpus)
    line = corpus.train[2].source
    assert codecs.source.encode(line) == plain.source.encode(line)
    assert codecs.source.size == plain.source.size
    with pytest.raises(ComponentError, match="tokenizer mute: decode must give text, got None"):
        codecs.target.decode([4])


def test_multiples_are_checked_at_the_update_that_asks_for_them() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Late(ParameterGroups):
        """No number from the second update on."""

        name = "late"

        def build(self, setting: Setting) -> Any:
            return lambda names: [ParameterGroup(names, lambda update: 0.5 if update == 1 else -1)]

    (group,) = guards.parameter_groups(Late(), names=["a", "b"], setting=SETTING)
    assert (group.names, group.multiple(1)) == (["a", "b"], 0.5)
    fault = "parameter groups late: a multiple at update 2 must be a number at least 0, got -1"
    with pytest.raises(ComponentError, match=fault):
        group.multiple(2)


def test_a_guarded_optimizer_is_torch_s_own_and_its_state_is_untouched() -> None:
    parts = assemble(experiment(), seed=1)
    bare = Adam().build(parts.setting)([{"params": list(parts.model.parameters())}])
    assert type(parts.optimizer) is type(bare)
    assert parts.optimizer.state_dict().keys() == bare.state_dict().keys()


def test_a_step_that_raises_is_the_optimizer_s() -> None:
    class Stumbling(torch.optim.SGD):
        def step(self) -> None:  # type: ignore[override]  # without a closure
            raise ValueError("stumbled")

    @dataclass(frozen=True, kw_only=True)
    class Faulty(Optimizer):
        """Raises at its first step."""

        name = "faulty"

        def build(self, setting: Setting) -> Any:
            return lambda groups: Stumbling(groups, lr=0.0)

    optimizer = assemble(experiment(optimizer=Faulty()), seed=1).optimizer
    with pytest.raises(ComponentError, match="optimizer faulty: raised ValueError: stumbled"):
        optimizer.step()


def test_averages_are_checked_and_none_is_none() -> None:
    class Keeps:
        kept: Any = None

        def update(self, weights: Any, update: int) -> None:
            self.kept = {"a": torch.zeros(1)}

        def weights(self) -> Any:
            return self.kept

        def state(self) -> Any:
            return raising(OSError("no state"))()

        def restore(self, state: Any) -> None: ...

    @dataclass(frozen=True, kw_only=True)
    class Keeping(Averaging):
        """Keeps weights of other names."""

        name = "keeping"

        def build(self, setting: Setting) -> Any:
            return Keeps()

    averager = guards.averaging(Keeping(), model=fixtures.model(), setting=SETTING)
    assert averager.weights() is None
    averager.update({}, 1)
    with pytest.raises(ComponentError, match=r"averaging keeping: weights\(\) must have"):
        averager.weights()
    with pytest.raises(ComponentError, match="averaging keeping: raised OSError: no state"):
        averager.state()
