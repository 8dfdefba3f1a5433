"""The shape of what each command prints with ``--json``: one object, described by a JSON schema.

A class for each shape; its fields are those of the object, all of them always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from harness.cli.study_answers import (
    ChallengeAnswer,
    ExportedCurves,
    ExportedFindings,
    ExportedModel,
    ExportedScores,
    Plan,
    Pooled,
    StudyAnswer,
)
from harness.exchange.differences import Part
from harness.exchange.merge import Merged
from harness.introspection.translation import Step
from harness.registry.catalog import CatalogRow
from harness.runs.inventory import StoredRun


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with a study; of any other command, why it did not do what was asked.

    `place` is FILE:LINE:COLUMN, or null. After a fault the exit status is 2; warnings, which only
    `harness validate` lists, leave it alone.
    """

    faults: list[FaultEntry]


class FaultEntry(NamedTuple):
    """A fault or a warning."""

    place: str | None
    message: str
    severity: Literal["fault", "warning"]


@dataclass(frozen=True, kw_only=True)
class Translations:
    """A translation for each line; `unknown` are words outside the vocabulary."""

    translations: list[TranslationEntry]


@dataclass(frozen=True, kw_only=True)
class TranslationEntry:
    """A line and its translation."""

    source: str
    text: str
    unknown: list[str]


@dataclass(frozen=True, kw_only=True)
class Traces:
    """With --trace: the tokens that were read and written, under both ways of decoding."""

    translations: list[TraceEntry]


@dataclass(frozen=True, kw_only=True)
class TraceEntry(TranslationEntry):
    """A line, its translation, its reference if there is one, and the steps of the decoder."""

    reference: str | None
    gold: list[str]
    teacher_forcing: list[Step]
    free_running: list[Step]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The studies and the runs of a results folder; sizes are in bytes."""

    studies: list[ListedStudy]
    runs: list[StoredRun]


@dataclass(frozen=True, kw_only=True)
class ListedStudy:
    """A study, its file, the bytes of its report, and its runs by their digests."""

    name: str
    file: str
    size: int
    runs: list[str]


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """What can be removed, in bytes, and whether it was: `removed` is true with --yes."""

    folder: str
    runs: list[str]
    studies: list[str]
    size: int
    removed: bool


@dataclass(frozen=True, kw_only=True)
class Damage:
    """The damaged files of a results folder; `line` is what a person is told."""

    folder: str
    damage: list[DamagedFile]


@dataclass(frozen=True, kw_only=True)
class DamagedFile:
    """A file, its fault and the way out; with --repair, what can be mended was removed."""

    path: str
    fault: str
    way_out: str
    can_be_mended: bool
    line: str


@dataclass(frozen=True, kw_only=True)
class MergedRuns:
    """The fate of each run of the sources."""

    into: str
    runs: list[Merged]


@dataclass(frozen=True, kw_only=True)
class ArchivedStudy:
    """The file that was written; `left_out` has a line for each run that is not in it."""

    path: str
    runs: int
    left_out: list[str]
    size: int


@dataclass(frozen=True, kw_only=True)
class OpenedArchive:
    """Of an archive: its report as text, and the folder that --into named."""

    text: str
    folder: str | None


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A run trained again: changes of the environment, and the first difference of each part."""

    run: str
    environment: list[str]
    parts: list[Part]
    reproduced: bool


@dataclass(frozen=True, kw_only=True)
class Copying:
    """The trackers that failed, a line each."""

    study: str
    failed: list[str]


@dataclass(frozen=True, kw_only=True)
class Link:
    """The page, printed once it is served; the command goes on until it is interrupted."""

    link: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The file of a picture, and numbers by their names, where a figure measures any."""

    picture: str
    numbers: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class NewFiles:
    """The files that were written."""

    files: list[str]


@dataclass(frozen=True, kw_only=True)
class Components:
    """The components that a study can name, and a line for each plugin that is broken.

    The default of a required option is null.
    """

    components: list[CatalogRow]
    warnings: list[str]


Answer: TypeAlias = type[Any]

# The shapes of each command; `figure` is every figure.
ANSWERS: Mapping[str, tuple[Answer, ...]] = {
    "archive": (ArchivedStudy,),
    "challenge": (ChallengeAnswer,),
    "check": (Damage,),
    "clean": (Cleaning,),
    "compare": (StudyAnswer,),
    "export": (ExportedFindings, ExportedScores, ExportedCurves, ExportedModel),
    "figure": (Picture,),
    "generate": (Translations, Traces),
    "list": (Listing,),
    "merge": (MergedRuns,),
    "new plugin": (NewFiles,),
    "new study": (NewFiles,),
    "plan": (Plan,),
    "plugins": (Components,),
    "pool": (Pooled,),
    "replicate": (ChallengeAnswer,),
    "report": (StudyAnswer, OpenedArchive),
    "reproduce": (Reproduction,),
    "run": (StudyAnswer,),
    "sync": (Copying,),
    "ui": (Link,),
    "validate": (Faults,),
}
