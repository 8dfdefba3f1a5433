"""Decoding policies: the decoder's input during training."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import DecodingPolicy
from harness.hookspecs import hookimpl
from harness_decoding_policies.free_running import FreeRunning
from harness_decoding_policies.parallel_scheduled_sampling import ParallelScheduledSampling
from harness_decoding_policies.scheduled_sampling import ScheduledSampling
from harness_decoding_policies.teacher_forcing import TeacherForcing


@hookimpl
def harness_decoding_policies() -> Sequence[type[DecodingPolicy]]:
    """The decoding policies of this package."""
    return [TeacherForcing, ScheduledSampling, ParallelScheduledSampling, FreeRunning]
