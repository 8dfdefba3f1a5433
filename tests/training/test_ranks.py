"""One run on several processes, against one process: the same bits, or nearly where it asks so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.rank_processes import (
    catalog,
    equal_to_one_process,
    in_ranks,
    traps,
    two_ranks,
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What either of two ranks found, all of it in one start, which takes seconds."""
    return in_ranks(two_ranks, count=2, folder=tmp_path_factory.mktemp("ranks"), given=traps())


@pytest.mark.parametrize("trap", traps())
def test_two_ranks_give_the_bits_of_one_process(said: list[Any], trap: str) -> None:
    (equal,) = [of_rank["equal"][trap] for of_rank in said if trap in of_rank["equal"]]
    assert equal == (True, True)


def test_ranks_agree(said: list[Any]) -> None:
    assert [of_rank["any"] for of_rank in said] == [[True, False]] * 2


def test_other_weights_in_a_rank_are_an_error_in_every_one(said: list[Any]) -> None:
    faults = {of_rank["difference"] for of_rank in said}
    assert len(faults) == 1
    (fault,) = faults
    assert fault.startswith("HarnessError: ranks 0 and 1 have other weights after update 7, first ")


def test_a_divergence_in_one_rank_ends_all_as_it_ends_one_process(said: list[Any]) -> None:
    ends = [updates for of_rank in said for updates in of_rank["diverged"]]
    assert all(end == ends[0] for end in ends)
    assert "the penalty of" in ends[0][-1]


def test_without_the_order_of_micro_batches_results_are_equal_up_to_rounding(
    said: list[Any],
) -> None:
    first, second = (of_rank["inexact"] for of_rank in said)
    alone = said[0]["alone"]
    assert all(torch.equal(first[name], weight) for name, weight in second.items())
    for name, weight in alone.items():
        torch.testing.assert_close(first[name], weight, rtol=0, atol=1e-12)
    assert any(not torch.equal(first[name], weight) for name, weight in alone.items())


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [2, 3])
def test_every_technique_gives_the_bits_of_one_process(count: int, tmp_path: Path) -> None:
    cases = dict(catalog(tmp_path))
    assert len(cases) > 60
    results = in_ranks(equal_to_one_process, count=count, folder=tmp_path, given=cases)
    equal = {case: same for of_rank in results for case, same in of_rank.items()}
    assert equal == dict.fromkeys(cases, (True, True))
