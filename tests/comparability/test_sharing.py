from __future__ import annotations

from dataclasses import replace

from experiments import BUDGET, experiment

from harness.comparability.sharing import (
    InitialState,
    Shared,
    observe_sharing,
    predict_sharing,
    unmet_predictions,
)
from harness.study.experiment import Experiment, ModelOptions
from harness.training.assembly import assemble
from harness_initializers.annotated_transformer import AnnotatedTransformer
from harness_initializers.xavier_normal import XavierNormal
from harness_losses.cross_entropy import CrossEntropy
from harness_tokenizers.char import Char

MODEL = experiment().model


def promise_and_facts(
    variant: Experiment, *, baseline: Experiment | None = None
) -> tuple[Shared, Shared]:
    """The sharing that the choices promise, and that of two assembled runs."""
    first, second = (assemble(choices, seed=3) for choices in (baseline or experiment(), variant))
    shapes = [
        {name: tuple(weight.shape) for name, weight in parts.model.named_parameters()}
        for parts in (first, second)
    ]
    promise = predict_sharing(
        first.experiment, variant=variant, shapes=shapes[1], baseline_shapes=shapes[0]
    )
    initial = [
        InitialState(weights=parts.initial_weights, order=(parts.order.digest(0),))
        for parts in (first, second)
    ]
    return promise, observe_sharing(initial[0], variant=initial[1])


def test_another_loss_shares_everything() -> None:
    promise, facts = promise_and_facts(experiment(loss=CrossEntropy()))
    assert promise == facts
    assert str(promise) == "all initial weights and the order of batches"


def test_another_initializer_shares_the_order_and_by_chance_the_vectors() -> None:
    promise, facts = promise_and_facts(experiment(initializer=XavierNormal()))
    assert str(promise) == "the order of batches only"
    assert all("weight" in name and "norm" not in name for name in facts.others)
    assert facts.parameters  # zeros and ones are the same by any law
    assert list(unmet_predictions(promise, kept=facts)) == []


def test_another_replicate_shares_the_weights_and_not_the_order() -> None:
    promise, facts = promise_and_facts(experiment(replicate=1))
    assert promise == facts
    assert str(promise) == "all initial weights, not the order of batches"


def test_another_vocabulary_shares_what_has_no_classes() -> None:
    promise, facts = promise_and_facts(experiment(tokenizer=Char()))
    assert promise.others == {
        "source_embedding.weight",
        "target_embedding.weight",
        "projection.weight",
        "projection.bias",
    }
    assert facts.others == promise.others
    assert not promise.order
    assert str(promise).endswith(
        "initial parameters, not the order of batches (not projection.bias, projection.weight, "
        "source_embedding.weight, target_embedding.weight)"
    )


def test_one_more_layer_leaves_the_others_alone() -> None:
    promise, facts = promise_and_facts(experiment(model=replace(MODEL, decoder_layers=2)))
    assert all(name.startswith("decoder.1.") for name in promise.others)
    assert len(promise.others) == 26
    assert facts.order
    assert facts.parameters >= promise.parameters
    assert "and 22 more)" in str(promise)


def test_nothing_in_common_is_the_seed_only() -> None:
    wide = ModelOptions(d_model=32, d_ff=64, heads=2, layers=1)
    budget = replace(BUDGET, batch_tokens=70)
    promise, facts = promise_and_facts(experiment(model=wide, budget=budget))
    assert str(promise) == "the seed only"
    assert list(unmet_predictions(promise, kept=facts)) == []


def test_a_bias_as_wide_as_its_matrix_asks_is_not_promised() -> None:
    # Its vectors of d_model have the same shape under another d_ff, and another law.
    ours = experiment(initializer=AnnotatedTransformer())
    theirs = replace(ours, model=replace(MODEL, d_ff=64))
    promise, facts = promise_and_facts(theirs, baseline=ours)
    assert "encoder.0.feed_forward.outer.bias" in facts.others
    assert list(unmet_predictions(promise, kept=facts)) == []


def test_only_a_broken_promise_is_named() -> None:
    promise = Shared(parameters=frozenset("ab"), others=frozenset("c"), order=True)
    more = Shared(parameters=frozenset("abc"), others=frozenset(), order=True)
    less = Shared(parameters=frozenset("b"), others=frozenset("ac"), order=False)
    assert list(unmet_predictions(promise, kept=more)) == []
    assert list(unmet_predictions(promise, kept=less)) == [
        "other initial weights in a",
        "another order of batches",
    ]


def test_orders_are_compared_as_far_as_both_runs_went() -> None:
    short = InitialState(weights={}, order=("x", "y"))
    assert observe_sharing(short, variant=InitialState(weights={}, order=("x", "y", "z"))).order
    assert not observe_sharing(short, variant=InitialState(weights={}, order=("x", "z"))).order
