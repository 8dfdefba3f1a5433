from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from support.predicted_study import predicted_of
from support.tiny_experiment import BUDGET, experiment

from harness.comparability.sharing import (
    InitialState,
    Shared,
    broken_predictions,
    observe_sharing,
    predict_sharing,
)
from harness.components import Regularizer
from harness.contracts import Model, Regularization, Setting
from harness.study.experiment import Experiment
from harness.training.assembly import assemble
from harness_initializers.annotated_transformer import AnnotatedTransformer
from harness_initializers.scaled_residuals import ScaledResiduals
from harness_initializers.xavier_normal import XavierNormal
from harness_losses.cross_entropy import CrossEntropy
from harness_models.encoder_decoder import EncoderDecoder
from harness_regularizers.lora import Lora
from harness_regularizers.reinitialize_top import ReinitializeTop
from harness_tokenizers.char import Char

MODEL = experiment().model


def predicted_and_observed(
    variant: Experiment, *, baseline: Experiment | None = None
) -> tuple[Shared, Shared]:
    """The sharing predicted from options, and that of two assembled runs."""
    first, second = (assemble(choices, seed=3) for choices in (baseline or experiment(), variant))
    baseline_facts, facts = (predicted_of(parts.experiment, seed=3) for parts in (first, second))
    predicted = predict_sharing(
        first.experiment,
        variant=variant,
        shapes=facts.shapes,
        baseline_shapes=baseline_facts.shapes,
        rewriters=facts.rewriters,
        baseline_rewriters=baseline_facts.rewriters,
    )
    states = [
        InitialState(weights=parts.initial_weights, order=(parts.order.digest(0),))
        for parts in (first, second)
    ]
    return predicted, observe_sharing(states[0], variant=states[1])


def test_another_loss_shares_everything() -> None:
    predicted, observed = predicted_and_observed(experiment(loss=CrossEntropy()))
    assert predicted == observed
    assert str(predicted) == "all initial weights and the order of batches"


def test_passes_in_bfloat16_share_everything_and_weights_in_float64_the_order() -> None:
    budget = replace(BUDGET, precision="bfloat16")
    predicted, observed = predicted_and_observed(experiment(budget=budget))
    assert predicted == observed
    assert str(predicted) == "all initial weights and the order of batches"
    budget = replace(BUDGET, precision="float64")
    predicted, _ = predicted_and_observed(experiment(budget=budget))
    assert str(predicted) == "the order of batches only"


def test_another_initializer_shares_the_order_and_by_chance_the_vectors() -> None:
    predicted, observed = predicted_and_observed(experiment(initializer=XavierNormal()))
    assert str(predicted) == "the order of batches only"
    assert all("weight" in name and "norm" not in name for name in observed.others)
    assert observed.parameters  # zeros and ones are the same in any distribution
    assert list(broken_predictions(predicted, observed=observed)) == []


def test_another_replicate_shares_the_weights_and_not_the_order() -> None:
    predicted, observed = predicted_and_observed(experiment(replicate=1))
    assert predicted == observed
    assert str(predicted) == "all initial weights, not the order of batches"


def test_another_vocabulary_shares_what_has_no_classes() -> None:
    predicted, observed = predicted_and_observed(experiment(tokenizer=Char()))
    assert predicted.others == {
        "source_embedding.weight",
        "target_embedding.weight",
        "projection.weight",
        "projection.bias",
    }
    assert observed.others == predicted.others
    assert not predicted.order
    assert str(predicted).endswith(
        "initial parameters, not the order of batches (not projection.bias, projection.weight, "
        "source_embedding.weight, target_embedding.weight)"
    )


def test_a_rewritten_layer_is_not_shared() -> None:
    drawn = experiment(initializer=AnnotatedTransformer())  # with biases that are not 0
    again = replace(drawn, regularizers={"reinitialize_top": ReinitializeTop()})
    predicted, observed = predicted_and_observed(again, baseline=drawn)
    assert {name.split(".")[0] for name in predicted.others} == {"decoder", "decoder_norm"}
    assert len(predicted.others) == 28
    # A gain of 1 is written over a gain of 1.
    assert observed.others == {name for name in predicted.others if "norm" not in name}
    assert str(predicted).startswith("22 of 50 initial parameters and the order of batches (not ")
    assert list(broken_predictions(predicted, observed=observed)) == []


def test_two_that_rewrite_alike_share_everything_and_two_that_do_not_the_rest() -> None:
    narrow, wide = (
        experiment(regularizers={"reinitialize_top": ReinitializeTop(std=std)})
        for std in (0.02, 0.2)
    )
    predicted, observed = predicted_and_observed(
        replace(narrow, loss=CrossEntropy()), baseline=narrow
    )
    assert predicted == observed
    assert not predicted.others
    predicted, observed = predicted_and_observed(wide, baseline=narrow)
    assert len(predicted.others) == 28
    assert len(observed.others) == 10  # the matrices


def test_adapters_leave_what_both_models_have_shared() -> None:
    predicted, observed = predicted_and_observed(experiment(regularizers={"lora": Lora()}))
    assert predicted == observed
    assert len(predicted.parameters) == 50
    assert str(predicted) == "all initial weights and the order of batches"


class _Silent(Regularizer):
    """Rewrites a bias by a way around torch's count of writes, and another with its own value."""

    name = "silent"

    def build(self, setting: Setting) -> Regularization:
        """A change of two vectors."""
        return Regularization(modify_model=self._write)

    def _write(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        weights = dict(model.named_parameters())
        weights["encoder_norm.bias"].data = torch.ones(16)
        with torch.no_grad():
            weights["decoder_norm.bias"].fill_(0.0)


def test_a_weight_counts_as_rewritten_however_it_is_written() -> None:
    both = ("encoder_norm.bias", "decoder_norm.bias")
    predicted, observed = predicted_and_observed(experiment(regularizers={"silent": _Silent()}))
    assert predicted.others == {*both}
    assert observed.others == {both[0]}


def test_one_more_layer_leaves_the_others_alone() -> None:
    predicted, observed = predicted_and_observed(experiment(model=replace(MODEL, decoder_layers=2)))
    assert all(name.startswith("decoder.1.") for name in predicted.others)
    assert len(predicted.others) == 26
    assert observed.order
    assert observed.parameters >= predicted.parameters
    assert "and 22 more)" in str(predicted)


def test_a_scale_by_depth_is_not_expected_in_a_deeper_model() -> None:
    ours = experiment(initializer=ScaledResiduals(of=XavierNormal()))
    deeper = replace(ours, model=replace(MODEL, decoder_layers=2))
    predicted, observed = predicted_and_observed(deeper, baseline=ours)
    assert "decoder.0.feed_forward.outer.weight" in observed.others
    assert list(broken_predictions(predicted, observed=observed)) == []
    predicted, observed = predicted_and_observed(replace(ours, loss=CrossEntropy()), baseline=ours)
    assert predicted == observed
    assert predicted.others == frozenset()


def test_nothing_in_common_is_the_seed_only() -> None:
    wide = EncoderDecoder(d_model=32, d_ff=64, heads=2, layers=1)
    budget = replace(BUDGET, batch_tokens=70)
    predicted, observed = predicted_and_observed(experiment(model=wide, budget=budget))
    assert str(predicted) == "the seed only"
    assert list(broken_predictions(predicted, observed=observed)) == []


def test_a_bias_as_wide_as_its_matrix_asks_is_not_predictedd() -> None:
    # Its vectors of d_model have the same shape under another d_ff, but another distribution.
    ours = experiment(initializer=AnnotatedTransformer())
    theirs = replace(ours, model=replace(MODEL, d_ff=64))
    predicted, observed = predicted_and_observed(theirs, baseline=ours)
    assert "encoder.0.feed_forward.outer.bias" in observed.others
    assert list(broken_predictions(predicted, observed=observed)) == []


def test_only_a_broken_predicted_is_named() -> None:
    predicted = Shared(parameters=frozenset("ab"), others=frozenset("c"), order=True)
    more = Shared(parameters=frozenset("abc"), others=frozenset(), order=True)
    less = Shared(parameters=frozenset("b"), others=frozenset("ac"), order=False)
    assert list(broken_predictions(predicted, observed=more)) == []
    assert list(broken_predictions(predicted, observed=less)) == [
        "different initial weights in a",
        "a different order of batches",
    ]


def test_orders_are_compared_as_far_as_both_runs_went() -> None:
    short = InitialState(weights={}, order=("x", "y"))
    assert observe_sharing(short, variant=InitialState(weights={}, order=("x", "y", "z"))).order
    assert not observe_sharing(short, variant=InitialState(weights={}, order=("x", "z"))).order
