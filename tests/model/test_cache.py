from __future__ import annotations

import pytest
import torch

from harness_positions import Alibi, Rotary


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_every_step_equals_feeding_all_again(build, source, norm) -> None:
    model = build(norm=norm)
    target = torch.tensor([[1, 4, 5, 6, 2], [1, 7, 8, 4, 5], [1, 4, 4, 4, 4]])
    memory = model.encode(source)
    cache = model.start(memory)
    for length in range(1, 6):
        stepped = model.step(target[:, length - 1], cache)
        again = model.decode(model.embed(target[:, :length]), memory)[:, -1]
        torch.testing.assert_close(stepped, again, rtol=0, atol=1e-12)


def test_a_selection_goes_on_with_its_sentences_in_their_new_order(build, source) -> None:
    model = build()
    target = torch.tensor([[1, 4, 5, 6], [1, 7, 8, 4], [1, 5, 4, 4]])
    cache = model.start(model.encode(source))
    for tokens in target[:, :2].T:
        model.step(tokens, cache)
    rows = torch.tensor([2, 0, 0])  # drops a sentence, swaps, and splits one as a beam does
    chosen, continued = cache.select(rows), target[rows]
    continued[2, 2:] = torch.tensor([8, 7])
    for tokens in continued[:, 2:].T:
        stepped = model.step(tokens, chosen)
    again = model.decode(model.embed(continued), model.encode(source[rows]))[:, -1]
    torch.testing.assert_close(stepped, again, rtol=0, atol=1e-12)


def test_a_selection_leaves_its_cache_alone(build, source, target) -> None:
    model = build()
    memory = model.encode(source)
    disturbed, alone = model.start(memory), model.start(memory)
    for cache in (disturbed, alone):
        model.step(target[:, 0], cache)
    model.step(torch.tensor([8, 8]), disturbed.select(torch.tensor([1, 2])))
    steps = [model.step(target[:, 1], cache) for cache in (disturbed, alone)]
    assert torch.equal(*steps)


def test_a_cache_before_its_first_step_can_be_selected_from(build, source) -> None:
    model = build()
    rows, first = torch.tensor([2, 1]), torch.tensor([1, 1])
    selected = model.step(first, model.start(model.encode(source)).select(rows))
    alone = model.step(first, model.start(model.encode(source[rows, :3])))
    torch.testing.assert_close(selected, alone, rtol=0, atol=1e-12)


def test_the_source_is_projected_once_and_each_token_once(build, source, target) -> None:
    model = build()
    seen: dict[str, list[int]] = {"self_attention": [], "cross_attention": []}
    for name, places in seen.items():
        model.get_submodule(f"decoder.2.{name}.key").register_forward_hook(
            lambda _module, args, _output, places=places: places.append(args[0].shape[1])
        )
    cache = model.start(model.encode(source))
    for tokens in target.T:
        model.step(tokens, cache)
        cache = cache.select(torch.tensor([2, 1, 0]))
    assert seen == {"self_attention": [1, 1, 1, 1], "cross_attention": [5]}


@pytest.mark.parametrize(
    "options", [{}, {"window": 2}, {"kv_heads": 1}, {"positions": Rotary()}, {"positions": Alibi()}]
)
def test_a_run_of_tokens_equals_feeding_all_again(build, source, options) -> None:
    model = build(**options)
    target = torch.tensor([[1, 4, 5, 6, 2, 7, 4], [1, 7, 8, 4, 5, 4, 8], [1, 4, 4, 4, 4, 5, 5]])
    memory = model.encode(source)
    cache = model.start(memory)
    again = model.decode(model.embed(target), memory)
    model.feed(target[:, :2], cache, first=torch.tensor([0, 0, 0]))
    # Guesses that are taken back: the next run begins before their end, in each row elsewhere.
    model.feed(torch.full((3, 3), 8), cache, first=torch.tensor([2, 1, 2]))
    first = torch.tensor([2, 1, 2])
    model.feed(torch.stack([target[0, 2:4], target[1, 1:3], target[2, 2:4]]), cache, first=first)
    kept = torch.tensor([2, 1])
    chosen, first = cache.select(kept), torch.tensor([4, 3])
    runs = torch.stack([target[2, 4:7], target[1, 3:6]])
    states = model.feed(runs, chosen, first=first)
    expected = torch.stack([again[2, 4:7], again[1, 3:6]])
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-12)


def test_hypotheses_of_a_sentence_are_reordered_without_copying_its_source(build, source) -> None:
    model = build()
    cache = model.start(model.encode(source)).select(torch.tensor([0, 0, 1, 1]))
    model.step(torch.tensor([1, 1, 1, 1]), cache)
    within = cache.select(torch.tensor([1, 0, 3, 3]))
    across = cache.select(torch.tensor([2, 0, 3, 3]))
    assert within.memory.states is cache.memory.states
    assert within.layers[0].source is cache.layers[0].source
    assert torch.equal(across.memory.states, cache.memory.states[[2, 0, 3, 3]])
    assert torch.equal(across.layers[0].source.keys, cache.layers[0].source.keys[[2, 0, 3, 3]])
    assert torch.equal(within.layers[0].own.keys, cache.layers[0].own.keys[[1, 0, 3, 3]])
