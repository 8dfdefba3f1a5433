from __future__ import annotations

import torch

from harness.introspection.draw_masks import draw_masks, labels, masks
from harness.report.style import style

SOURCE, TARGET = ["ein", "hund"], ["a", "dog", "sleeps"]


def test_the_source_hides_its_padding_from_encoder_and_decoder() -> None:
    seen = masks(SOURCE, target=TARGET, padding=2)
    columns = torch.tensor([True, True, True, False, False])
    assert torch.equal(seen["encoder.0.self_attention"], columns.expand(5, 5))
    assert torch.equal(seen["decoder.0.cross_attention"], columns.expand(6, 5))


def test_the_target_is_seen_up_to_its_own_place() -> None:
    seen = masks(SOURCE, target=TARGET, padding=2)["decoder.0.self_attention"]
    assert torch.equal(seen, torch.ones(6, 6, dtype=torch.bool).tril())


def test_without_padding_all_of_the_source_is_seen() -> None:
    assert masks(SOURCE, target=TARGET, padding=0)["encoder.0.self_attention"].all()


def test_labels_say_what_is_read() -> None:
    read, fed = labels(SOURCE, target=TARGET, padding=1)
    assert read == ["ein", "hund", "<eos>", "<pad>"]
    assert fed == ["<bos>", "a", "dog", "sleeps", "<pad>"]


def test_the_picture_has_a_map_for_each_attention() -> None:
    with style("masks"):
        drawn = draw_masks(SOURCE, target=TARGET, padding=1)
    encoder, decoder, cross = drawn.axes
    assert [len(axes.get_yticklabels()) for axes in (encoder, decoder, cross)] == [4, 5, 5]
    assert [len(axes.get_xticklabels()) for axes in (encoder, decoder, cross)] == [4, 5, 4]
    assert "causal" in decoder.get_title()
