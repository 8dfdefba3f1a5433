"""The card of an exported model: what it was trained for, what was found, and how to load it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.loading.model_folder import CARD, CONFIG, TENSORS, VOCABULARY
from harness.report import Report, tables
from harness.report.answer_text import answer
from harness.report.markdown import Markdown, block, code, escape, table
from harness.report.tables import Table
from harness.runs.records import RunIdentity
from harness.runs.restored import RestoredRun
from harness.study.values import BASELINE

_LOAD = """\
from safetensors.torch import load_file

weights = load_file("{weights}")"""
_ENCODE = """\
from tokenizers import Tokenizer

ids = Tokenizer.from_file("{file}").encode("...").ids"""

_UNCHANGED = {True: "None: this is the baseline.", False: "This is what variants start from."}


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that a card says of a model; `report` is None where no study was named with it."""

    run: RestoredRun
    identity: RunIdentity
    files: Sequence[str]
    variant: str = ""
    report: Report | None = field(default=None, repr=False)

    def text(self) -> str:
        """The card in Markdown."""
        parts = [*self._head(), *self._study(), *self._training(), *self._loading()]
        return "\n\n".join(parts) + "\n"

    def _head(self) -> Iterator[str]:
        yield "---\nlibrary_name: transformer-harness\n---"
        seed = f"seed {self.identity.seed}"
        if self.report:
            yield f"# {escape(f'{self.variant} of {self.report.name}, {seed}')}"
        else:
            yield f"# Run {self.run.name}, {seed}"

    def _study(self) -> Iterator[str]:
        """The question, the changes against the baseline, and the answer in the report's words."""
        report = self.report
        if report is None:
            yield "No study was named with this run, so its question and its verdict are not here."
            return
        yield f"**Question:** {escape(report.question)}"
        yield "## Changes from the baseline"
        changes = report.changes.get(self.variant, ())
        if changes:
            header = ("Option", "Baseline", "Here")
            rows = [(change.option, change.baseline, change.variant) for change in changes]
            yield table(Table(header, rows, right=len(header)))
        else:
            yield _UNCHANGED[self.variant == BASELINE]
        yield "## Verdict"
        yield escape(answer(report))
        if report.on_primary:
            yield table(tables.verdicts(report))
        if report.inspections:
            yield escape(report.inspections)
        seeds = ", ".join(map(str, report.seeds))
        yield f"Seeds of the study: {seeds}. To see the report again:"
        yield block(report.command, language="console")

    def _training(self) -> Iterator[str]:
        """The data with its digests, the budget, and the versions."""
        experiment = self.identity.experiment
        yield "## Training"
        yield "Data, with the SHA-256 of each file of text:"
        yield _data(experiment["dataset"])
        yield f"Tokenizer, and budget, in {code(experiment['budget']['precision'])}:"
        yield _data({name: experiment[name] for name in ("tokenizer", "budget")})
        yield (
            f"Run {code(self.run.digest)}, trained with torch {escape(self.identity.torch)}; "
            f"{code(CONFIG)} has all its choices, and the digests of its code."
        )

    def _loading(self) -> Iterator[str]:
        yield "## Loading"
        yield f"In a study, to start from it: {code('starts_from: ./FOLDER')}, this folder's path."
        yield "The weights, by the names of the modules, and nothing else:"
        yield block(_LOAD.format(weights=TENSORS), language="python")
        yield (
            f"A matrix that goes by two names is there once; {code('tied')} in {code(CONFIG)} has "
            "the other name."
        )
        tokenizers = [name for name in self.files if name.startswith("tokenizer")]
        for name in tokenizers:
            yield block(_ENCODE.format(file=name), language="python")
        if tokenizers:
            yield (
                "Ids below 4 are pad, bos, eos and unk; the model reads a source that ends in eos, "
                "and a target that begins with bos."
            )
        yield table(_files(self.files))


def _data(data: object) -> Markdown:
    return block(json.dumps(data, indent=1, ensure_ascii=False), language="json")


def _files(names: Sequence[str]) -> Table:
    """A row for each file of the folder."""
    contents = {
        CARD: "this card",
        CONFIG: "the choices behind the model, its sizes, its run",
        TENSORS: "the final weights",
        VOCABULARY: "the vocabulary, for starts_from",
    }
    rows = [
        (name, contents.get(name, "the tokenizer, in the format of Hugging Face's tokenizers"))
        for name in sorted({*names, CARD})
    ]
    return Table(("File", "Content"), rows, right=2)
