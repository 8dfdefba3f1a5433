"""Records of one run in the ledger: the end of its training, and the scores of one decoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: The end of a run: a run that diverged is an outcome, one that failed can be tried again.
Outcome = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The device that a run trained on, and how much of it the run took; no part of what a run is.

    `device` is its name, ``cpu`` without a GPU; `index` its number, or its UUID, among the GPUs of
    its machine. `peak_memory` is in bytes: what torch allocated on the GPU, or the process's own
    memory. `utilization` is the mean share of time in which the GPU computed, for whatever process;
    None where it cannot be measured. `flop_rate` is the model's FLOPs a second in updates, matrix
    products alone, and `matrix_rate` those a second in products of large matrices, as the machine
    made them when training had ended; None for a short run. All are of the run's last process.
    """

    device: str | None = None
    index: str | None = None
    peak_memory: int | None = None
    utilization: float | None = None
    flop_rate: float | None = None
    matrix_rate: float | None = None

    @property
    def flop_utilization(self) -> float | None:
        """The share of the machine's matrix rate that training reached; None if not measured."""
        return self.flop_rate / self.matrix_rate if self.flop_rate and self.matrix_rate else None


@dataclass(frozen=True, kw_only=True)
class TrainingOutcome:
    """The end of a run's training; None for a value that is not known.

    A run that the coordinator ended, because its process or its start failed, has `status`,
    `reason` and `ended` alone. `resumed_after` is the update from which the last process went on,
    0 for none, `seconds` the duration of that process, and `ended` its end in seconds since 1970.
    `chance_nll` is the validation nll that the frequencies of the training targets' tokens give.
    `trained_parameters` counts those that learn. `shapes` and `initial_weights` (a digest each) are
    by parameter name, as training begins, but without those that regularizers add; `rewriters` has
    the regularizers that wrote some of these anew. `order` has the digest of the order of batches
    in every epoch, `usage` the device and how much of it was used. `files` has the SHA-256 of the
    files beside it by name, with which they are checked when they are read.
    """

    status: Outcome
    reason: str | None = None
    updates: int | None = None
    resumed_after: int | None = None
    seconds: float | None = None
    ended: float | None = None
    parameters: int | None = None
    trained_parameters: int | None = None
    chance_nll: float | None = None
    shapes: Mapping[str, tuple[int, ...]] | None = None
    initial_weights: Mapping[str, str] | None = None
    rewriters: Mapping[str, tuple[str, ...]] | None = None
    order: tuple[str, ...] | None = None
    usage: Usage | None = None
    files: Mapping[str, str] | None = None

    @property
    def seconds_per_update(self) -> float | None:
        """Seconds per update of the last process; None if it made no update."""
        if self.seconds is None or self.updates is None or self.resumed_after is None:
            return None
        made = self.updates - self.resumed_after
        return self.seconds / made if made else None


@dataclass(frozen=True, kw_only=True)
class DecodingCost:
    """The work of one decoding, which depends on the machine and is no part of what a run is.

    Generation took `seconds` and wrote `tokens`, an eos for each sentence among them. Sentences
    took so many `passes` of the model's decoder, those of several hypotheses at once counted as
    one. Of the tokens that were `proposed` to the model, it `accepted` so many. None for what a
    generation does not count.
    """

    seconds: float
    tokens: int
    passes: int | None = None
    proposed: int | None = None
    accepted: int | None = None

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens written in a second; None if it took no time that was measured."""
        return self.tokens / self.seconds if self.seconds else None

    @property
    def passes_per_token(self) -> float | None:
        """Passes of the decoder for each token of a sentence; None if they were not counted."""
        return self.passes / self.tokens if self.passes and self.tokens else None

    @property
    def acceptance(self) -> float | None:
        """The share of proposed tokens that were accepted; None if none was proposed."""
        return (self.accepted or 0) / self.proposed if self.proposed else None

    def measures(self) -> dict[str, float]:
        """The three above by name, those that are known."""
        names = ("tokens_per_second", "passes_per_token", "acceptance")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The core's scores of one decoding, by metric; one that overflows is None or absent.

    `sentences` counts the hypotheses. `tokens` and `references` are digests of the target tokens
    and of the sentence pairs that were scored: two runs can be compared only if these are equal.
    `altered` counts the references that their tokens do not give back exactly, as one with an
    unknown word: if there are any, there is no score by the bytes of the text.
    `seconds` are those of scoring and decoding, `decoding` is the work of the latter alone.
    `files` has the SHA-256 of the files beside it by name.
    """

    scores: Mapping[str, float | None]
    sentences: int
    tokens: str | None = None
    references: str | None = None
    altered: int | None = None
    seconds: float | None = None
    decoding: DecodingCost | None = None
    files: Mapping[str, str] | None = None
