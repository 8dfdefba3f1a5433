"""The values that the templates of both report.md and report.html use."""

from __future__ import annotations

from typing import Any

from harness.report import answer_text, design_text, tables
from harness.report.checklist import checklist
from harness.report.corpora_table import corpora_note, over_corpora, ranks_table
from harness.report.decoding_table import decoding_note, decoding_table
from harness.report.screen_notes import notes
from harness.report.tokens_text import tokens_note, unscored_note
from harness.report.values import Report
from harness.report.variance_table import variance_note, variance_table


def template_values(report: Report) -> dict[str, Any]:
    """The report, its tables, and its sentences by the names that the templates use."""
    correction = design_text.correction_text(report)
    return {
        "report": report,
        "tables": tables,
        "answer": answer_text.answer(report),
        "design": [*design_text.design_sentences(report)],
        "direction": answer_text.direction(report.primary),
        "method_note": answer_text.method_note(report, correction=correction) + tokens_note(report),
        "notes": [*notes(report)] if report.on_primary else [],
        "supporting": tables.supporting_statistics(report),
        "supporting_note": answer_text.supporting_note(report),
        "over_corpora": over_corpora(report),
        "ranks": ranks_table(report),
        "corpora_note": corpora_note(report),
        "variance": variance_table(report),
        "decoding": decoding_table(report),
        "decoding_note": decoding_note(report),
        "variance_note": variance_note(report),
        "intervals_note": answer_text.intervals_note(report),
        "pretraining": [*map(answer_text.pretraining_sentence, report.pretraining)],
        "checklist": checklist(report),
        "captions": _captions(report),
    }


def _captions(report: Report) -> dict[str, str]:
    """The texts above tables, by the name of the table."""
    metric = report.primary.name
    tuned = report.tuning.metric if report.tuning else ""
    return {
        "exploratory": (
            "The study was not designed to decide these. p is corrected within each metric."
            f"{unscored_note(report)}"
        ),
        "tuning": (
            f"The values that tuning chose for each variant, and the mean validation {tuned} of"
            " every value; the best two are apart by so many standard deviations of a trial:"
        ),
        "controls": (
            "Side effects, as means over seeds; in parentheses, the ratio to the baseline (=,"
            " equal). Decoder passes are per update, those of a decoding token by token counted"
            " as one. Seconds are of training with its evaluations, and depend on the machine and"
            " on its load. Peak memory is in MiB, of the GPU where there is one; GPU utilization is"
            " the share of time in which the GPU computed, for all processes on it. FLOP"
            " utilization is the rate of the model's matrix products in updates, relative to the"
            " machine's own rate of large products, and is measured in runs whose updates take at"
            " least 10 seconds."
        ),
        "sharing": (
            "Shared with the baseline of the same seed before training, and the correlation of"
            f" {metric} over seeds:"
        ),
        "scores_by_seed": f"{metric} of every run (findings.json has the other metrics):",
        "samples": (
            "The test sentences on which the variants differ most, by the words they share with"
            f" the reference, as written by the runs of seed {report.seeds[0]}."
            if report.samples
            else ""
        ),
    }
