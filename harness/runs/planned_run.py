"""A run as a plan names it: which variant and seed, whether it exists, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.runs.identity import (
    Identity,
)
from harness.study.changes import differences

# The digest of each (variant, seed) when the study was planned last.
Previous = Mapping[tuple[str, int], str]


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One variant with one seed; `exists` when there is nothing left to do, `why` if there is.

    A `start` is what variants start from or draw on: it is called after its entry in `pretraining`,
    and is trained and not decoded. Training needs the runs in `needs`, decoding those in `drafts`
    too, by their digests. A `trial` is a start that nothing starts from: it is for tuning.
    """

    variant: str
    seed: int
    digest: str
    evaluation: str
    identity: Identity  # run.json
    decoding: Identity  # evaluation.json
    files: Mapping[str, str]  # where the text files lie, by the digest of their content
    plugins: tuple[str, ...]  # the files that the study names
    exists: bool
    why: str
    start: bool = False
    needs: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    trial: bool = False

    @property
    def label(self) -> str:
        """What it is called where starts and variants stand together."""
        kind = "trial of" if self.trial else "start"
        return f"{kind} {self.variant}" if self.start else self.variant

    @property
    def title(self) -> str:
        """The one run of a study that is meant."""
        return f"{self.label}, seed {self.seed}"


def identity_change(before: Identity, *, now: Identity) -> str:
    """What two identities differ in; a changed option says more than the code it brings."""
    options = list(differences(before["experiment"], new=now["experiment"]))
    if options and all(str(each.old).startswith("sha256:") for each in options):
        return "changed corpus"
    if options:
        return "changed option " + ", ".join(each.option for each in options)
    code = list(differences(before["code"], new=now["code"]))
    if code:
        return "changed code of " + ", ".join(each.option for each in code)
    return "changed " + ", ".join(each.option for each in differences(before, new=now))
