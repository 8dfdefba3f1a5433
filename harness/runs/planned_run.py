"""Planned runs: the variant and seed of each, and its state in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from harness.runs.found_with import FoundWith, found_with
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.study.changes import differences

# The digest of each (variant, seed) when the study was planned last.
Previous = Mapping[tuple[str, int], str]


class RunState(Enum):
    """The state of a planned run in the ledger; values are its words, with a place for a detail."""

    NEW = "new"
    CHANGED = "changed {}"
    START_CHANGED = "its start {} changed"
    INTERRUPTED = "interrupted at update {}"
    FAILED = "failed before: {}"
    DAMAGED = "trained, {}"
    NOT_DECODED = "trained, not decoded{}"
    WITHOUT_WEIGHTS = "trained, weights gone"
    DIVERGED = "diverged"
    EXISTS = "exists"
    NOT_NEEDED = "not needed"

    @property
    def done(self) -> bool:
        """True if nothing is left to train or decode."""
        return self in {RunState.DIVERGED, RunState.EXISTS, RunState.NOT_NEEDED}


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One variant with one seed, and its `state`, with a `detail` such as the changed option.

    A `start` is a run that variants start from or draw on: it has the name of its entry in
    `pretraining`, and is trained and not decoded. Training needs the runs in `needs`, decoding
    those in `drafts` too, by their digests. A `trial` is a start that nothing starts from: it is
    for tuning. `today` is the identity that a run would have now which was found with other code or
    in another environment, and so under another digest. `ranks` is the number of processes that
    carry it out together. `documents` has the document of each line
    of the test split, if the dataset knows them.
    """

    variant: str
    seed: int
    digest: str
    evaluation: str
    identity: RunIdentity
    decoding: DecodingIdentity
    files: Mapping[str, str]  # the paths of text files, by the digest of their content
    plugins: tuple[str, ...]  # the files that the study names
    state: RunState
    detail: str = ""
    start: bool = False
    documents: Sequence[str] = ()
    needs: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    trial: bool = False
    today: RunIdentity | None = None
    ranks: int = 1

    @property
    def exists(self) -> bool:
        """True if nothing is left to do."""
        return self.state.done

    @property
    def damaged(self) -> bool:
        """True if files of the run have changed since they were written, which `why` names."""
        return self.state is RunState.DAMAGED or bool(
            self.detail and self.state is RunState.NOT_DECODED
        )

    @property
    def changed_around(self) -> bool:
        """True if it was planned before, and not its choices have changed but what is around."""
        return self.state is RunState.CHANGED and not self.detail.startswith(("option ", "corpus"))

    @property
    def why(self) -> str:
        """The state in words, for people; code compares `state`."""
        words = self.state.value.format(self.detail)
        return f"{words}, found with {self.found_with.then}" if self.today else words

    @property
    def found_with(self) -> FoundWith:
        """The code and environment of a run that was found with others, then and now, in words."""
        assert self.today is not None, "a run of today's code and environment has no other"
        return found_with(self.identity, today=self.today)

    @property
    def label(self) -> str:
        """The variant's name, marked in a list of starts and variants if the run is a start."""
        kind = "trial of" if self.trial else "start"
        return f"{kind} {self.variant}" if self.start else self.variant

    @property
    def title(self) -> str:
        """The label and the seed, which are unique in a study."""
        return f"{self.label}, seed {self.seed}"


def without_results(name: object, *, path: Path, runs: Sequence[PlannedRun]) -> str:
    """The message for runs of a study of which none has ended, with the way out.

    `name` is what was asked for, all of the study in the file `path` or a part.
    """
    changed = [run for run in runs if run.state in (RunState.CHANGED, RunState.START_CHANGED)]
    if not changed:
        return f"{name}: nothing has been run yet; harness run {path}"
    return (
        f"{name}: no run of it as it is written now; {len(changed)} of its last plan differ "
        f"({changed[0].title}: {changed[0].why}); harness run {path}, or --reuse any for those"
    )


def identity_change(before: RunIdentity, *, now: RunIdentity) -> str:
    """The difference of two identities, such as ``option loss``: options before code.

    A changed option often brings other code along, and says more than that.
    """
    options = list(differences(before.experiment, new=now.experiment))
    # A text file's option is a digest here, and two digests would tell a reader nothing.
    if options and all(str(change.old).startswith("sha256:") for change in options):
        return "corpus"
    if options:
        return "option " + ", ".join(change.option for change in options)
    code = list(differences(before.code, new=now.code))
    if code:
        return "code of " + ", ".join(change.option for change in code)
    return ", ".join(change.option for change in differences(before.deciding(), new=now.deciding()))
