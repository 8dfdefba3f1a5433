from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.encoded import token_rows
from torch.nn.utils.rnn import pad_sequence

from harness.contracts import PAD

sentences = st.lists(
    st.lists(st.integers(2, 60_000), min_size=1, max_size=8), min_size=1, max_size=9
)


@given(sentences, st.data())
def test_sentences_are_padded_as_torch_pads_them(
    sentences: list[list[int]], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(0, len(sentences) - 1), min_size=1))
    tensors = [torch.tensor(sentences[row]) for row in rows]
    expected = pad_sequence(tensors, batch_first=True, padding_value=PAD)
    padded = token_rows(sentences).padded(rows)
    assert torch.equal(padded, expected)
    assert padded.dtype == expected.dtype
    assert token_rows(sentences).lengths_of(rows).tolist() == [*map(len, tensors)]


@given(sentences)
def test_rows_are_a_sequence_of_tensors(sentences: list[list[int]]) -> None:
    rows = token_rows(sentences)
    assert [row.tolist() for row in rows] == sentences
    assert rows[-1].tolist() == sentences[-1]
    assert [row.tolist() for row in rows[1:3]] == sentences[1:3]
    assert rows.lengths.tolist() == [*map(len, sentences)]
    with pytest.raises(IndexError):
        rows[len(sentences)]


@given(sentences)
def test_tokens_of_a_part_are_counted_alone(sentences: list[list[int]]) -> None:
    flat = torch.tensor([number for sentence in sentences[1:] for number in sentence]).long()
    counts = token_rows(sentences)[1:].counts(60_001)
    assert torch.equal(torch.from_numpy(counts), torch.bincount(flat, minlength=60_001))
