"""Gradients of one run from several processes, its ranks, added as a single process adds them.

The micro-batches of an update are dealt in turns, the m-th to rank m modulo their number, and noise
is keyed by micro-batch. After each turn every rank sends each other one its share of the vector of
gradients, and adds the shares that it receives in the order of micro-batches; at the end of the
update the shares of the sum are gathered. So each element is the sum that one process would have,
to the bit; with a micro-batch for each rank, as much is sent as by a ring all-reduce.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import distributed
from torch.nn import Parameter

from harness.contracts import Batch
from harness.errors import HarnessError
from harness.streams import Noise
from harness.training.assembly import Assembly
from harness.training.loop import Accumulated, backpropagate

_NOTHING = -0.0  # stands for a missing gradient: x + -0.0 is x for every x, 0.0 included
_AS_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by the bytes of an element


class RankLost(Exception):
    """Another rank has ended in the middle of what all of them do together."""


@dataclass(kw_only=True)
class RankGroup:
    """One of the processes of a run, number `rank` of `count`, in torch's default process group.

    With `exact`, gradients are added in the order of micro-batches, otherwise by an all-reduce of
    the sums of each rank. Whatever waits for other ranks raises `RankLost` when one has ended.
    """

    rank: int
    count: int
    device: str = "cpu"
    exact: bool = True
    _sums: list[_Sum] = field(default_factory=list)

    def accumulate(self, parts: Assembly, *, window: Sequence[Batch], noise: Noise) -> Accumulated:
        """Leave the sum of the window's gradients in the model of every rank, the same bits.

        The window has at least as many micro-batches as there are ranks.
        """
        decoded, tokens = parts.model.decoded, sum(batch.tokens for batch in window)
        sums = self._started([*parts.model.parameters()])
        turns, losses = -(-len(window) // self.count), []
        for turn in range(turns):
            number = turn * self.count + self.rank
            if number < len(window):  # the last turn may have fewer than one for each rank
                key = replace(noise, micro_batch=number)
                losses.append(backpropagate(parts, batch=window[number], noise=key, tokens=tokens))
            for part in sums:
                part.end_turn()
        for part in sums:
            part.add_up()
        present = [has for part in sums for has in part.present]
        facts = torch.tensor([parts.model.decoded - decoded, *present], dtype=torch.float64)
        rows = self._gathered(torch.cat([_padded(losses, length=turns), facts.to(self.device)]))
        anywhere = iter(rows[:, turns + 1 :].any(0).tolist())
        for part in sums:
            part.give(anywhere)
        in_order = rows[:, :turns].t().flatten()[: len(window)]
        return Accumulated([*in_order.to(losses[0].dtype).unbind()], int(rows[:, turns].sum()))

    def any_rank(self, *, has: bool) -> bool:
        """True on every rank if it is on one of them."""
        return bool(self._gathered(torch.tensor([float(has)], device=self.device)).any())

    def wait(self) -> None:
        """Wait until every rank is here."""
        self.any_rank(has=False)

    def refuse_difference(self, parts: Assembly, *, update: int) -> None:
        """Raise `HarnessError` unless the weights of all ranks are the same."""
        sums = [
            weight.detach().view(_AS_INTEGERS[weight.element_size()]).sum()
            for weight in parts.model.parameters()
        ]
        rows = self._gathered(torch.stack(sums))
        for rank, row in enumerate(rows):
            names = [name for name, _ in parts.model.named_parameters()]
            different = [name for name, same in zip(names, row == rows[0], strict=True) if not same]
            if different:
                raise HarnessError(
                    f"ranks 0 and {rank} have other weights after update {update}, first"
                    f" {different[0]}: a component acts differently in each process; train with"
                    " parallel: {data: 1}"
                )

    def _started(self, weights: Sequence[Parameter]) -> list[_Sum]:
        """A sum for each type of the parameters that train, in the memory of the last update."""
        trained = [weight for weight in weights if weight.requires_grad]
        known = [weight for part in self._sums for weight in part.weights]
        if {*map(id, trained)} != {*map(id, known)}:
            types = dict.fromkeys(weight.dtype for weight in trained)
            alike = [[weight for weight in trained if weight.dtype == dtype] for dtype in types]
            self._sums = [
                (_OrderedSum if self.exact else _AllReduced)(ranks=self, weights=same)
                for same in alike
            ]
        for part in self._sums:
            part.start()
        return self._sums

    def _gathered(self, row: torch.Tensor) -> torch.Tensor:
        """The rows of all ranks, in their order."""
        rows = row.new_empty(self.count, *row.shape)
        with together():
            distributed.all_gather([*rows.unbind()], row)
        return rows


@contextmanager
def together() -> Iterator[None]:
    """Tell the end of another rank from errors of this one."""
    try:
        yield
    except RuntimeError as fault:
        raise RankLost(str(fault)) from fault


def _padded(losses: Sequence[torch.Tensor], *, length: int) -> torch.Tensor:
    """The losses as a vector of float64, in which each is exact, with zeros to its length."""
    zeros = [losses[0].new_zeros(())] * (length - len(losses))
    return torch.stack([*losses, *zeros]).double()


class _Sum(ABC):
    """The sum of gradients of parameters of one type, as a vector with equal shares for ranks."""

    def __init__(self, *, ranks: RankGroup, weights: Sequence[Parameter]) -> None:
        self.ranks, self.weights = ranks, weights
        self.present = [False] * len(weights)
        self._sizes = [weight.numel() for weight in weights]
        share = -(-sum(self._sizes) // ranks.count)
        self.vector = weights[0].new_empty(share * ranks.count, requires_grad=False)

    def start(self) -> None:
        """Forget the update before."""
        self.present = [False] * len(self.weights)

    @abstractmethod
    def end_turn(self) -> None:
        """Take in the gradients of a turn, in which each rank had a micro-batch or none."""

    @abstractmethod
    def add_up(self) -> None:
        """Put the sum over all ranks into the vector."""

    def take(self) -> None:
        """Move the gradients of this rank from the model to the vector."""
        self.vector.fill_(_NOTHING)
        for place, (weight, part) in enumerate(zip(self.weights, self._parts(), strict=True)):
            if weight.grad is not None:
                part.copy_(weight.grad.flatten())
                weight.grad, self.present[place] = None, True

    def give(self, anywhere: Iterator[bool]) -> None:
        """Leave the sum in the model, where it has a summand in any rank."""
        for weight, part in zip(self.weights, self._parts(), strict=True):
            # In memory of its own, laid out as one process has it: some kernels, such as those of
            # matrix products, add up in an order that depends on where their operands lie.
            if next(anywhere):
                weight.grad = torch.empty_like(weight, requires_grad=False)
                weight.grad.copy_(part.view(weight.shape))
            else:
                weight.grad = None

    def _parts(self) -> Iterator[torch.Tensor]:
        yield from self.vector[: sum(self._sizes)].split(self._sizes)


class _OrderedSum(_Sum):
    """A sum in the order of micro-batches; each rank adds up one share of the vector."""

    def __init__(self, *, ranks: RankGroup, weights: Sequence[Parameter]) -> None:
        super().__init__(ranks=ranks, weights=weights)
        self._received = torch.empty_like(self.vector)
        self._share = torch.empty_like(self.vector.chunk(ranks.count)[0])

    def start(self) -> None:
        super().start()
        self._share.fill_(_NOTHING)

    def end_turn(self) -> None:
        self.take()
        with together():
            distributed.all_to_all_single(self._received, self.vector)
        for share in self._received.chunk(self.ranks.count):
            self._share += share

    def add_up(self) -> None:
        with together():
            distributed.all_gather([*self.vector.chunk(self.ranks.count)], self._share)


class _AllReduced(_Sum):
    """A sum of the sums of each rank, in the order that the library prefers."""

    def end_turn(self) -> None:
        """Leave it to the model, which accumulates."""

    def add_up(self) -> None:
        self.take()
        with together():
            distributed.all_reduce(self.vector)
