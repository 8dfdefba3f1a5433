from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.finished_run import planned

from harness.contracts import BOS, EOS
from harness.introspection.translation import (
    ENDS,
    find_reference,
    generate_tokens,
    source_tokens,
    token_texts,
    traces,
    translations,
)
from harness.prediction import writable
from harness.runs.ledger import Ledger
from harness.runs.restored import RestoredRun, restore_run


@pytest.fixture(scope="module")
def trained(finished: Path) -> RestoredRun:
    return restore_run(finished / "results" / "runs" / planned(finished).digest)


@torch.no_grad()
def one_by_one(trained: RestoredRun, line: str, *, limit: int) -> list[tuple[int, int, float]]:
    """Tokens read and written by greedy decoding, and their probabilities, a token at a time."""
    model = trained.model
    cache = model.start(model.encode(source_tokens(trained, line=line)))
    steps, token = [], BOS
    for _ in range(limit):
        logits = model.project(model.step(torch.tensor([token]), cache))
        likeliest = int(writable(logits).argmax())
        steps.append((token, likeliest, float(logits.softmax(-1)[0, likeliest])))
        token = likeliest
        if token == EOS:
            break
    return steps


def test_free_running_reads_its_own_output_step_by_step(trained: RestoredRun) -> None:
    for pair in trained.corpus.test[:5]:
        (trace,) = traces(trained, lines=[pair.source])
        oracle = one_by_one(trained, pair.source, limit=len(trace.free_running))
        target = trained.codecs.target
        assert [step.reads for step in trace.free_running] == [
            *token_texts(target, tokens=[reads for reads, _, _ in oracle])
        ]
        wrote = list(token_texts(target, tokens=[writes for _, writes, _ in oracle]))
        if oracle[-1][1] != EOS:
            wrote[-1] = ENDS
        assert [step.writes for step in trace.free_running] == wrote
        for step, (_, writes, probability) in zip(trace.free_running, oracle, strict=True):
            if writes == EOS or step.writes != ENDS:
                assert step.probability == pytest.approx(probability, rel=1e-4)


def test_output_that_was_cut_off_ends_with_the_marker(finished: Path) -> None:
    path = finished / "results" / "runs" / planned(finished).digest
    cut = restore_run(path, generation="{greedy: {extra: 0}}")
    whole = restore_run(path, generation="{greedy: {extra: 40}}")
    for pair in cut.corpus.test[:6]:
        (trace,) = traces(cut, lines=[pair.source])
        short, full = (generate_tokens(run, line=pair.source) for run in (cut, whole))
        longer = len(full) > len(short)
        assert (trace.free_running[-1].writes == ENDS) is longer


def test_teacher_forcing_is_right_as_often_as_the_core_scored(
    finished: Path, trained: RestoredRun
) -> None:
    run = planned(finished)
    ledger = Ledger(finished / "results" / "runs")
    outcome = ledger.evaluated(run.digest, evaluation=run.evaluation)
    assert outcome
    right = tokens = 0
    for trace in traces(trained, lines=[pair.source for pair in trained.corpus.test]):
        reads = [step.reads for step in trace.teacher_forcing]
        assert reads == ["<bos>", *trace.gold[:-1]]
        pairs = zip(trace.teacher_forcing, trace.gold, strict=True)
        right += sum(step.writes == gold for step, gold in pairs)
        tokens += len(trace.gold)
    assert right / tokens == pytest.approx(outcome.scores["token_accuracy"])


def test_the_reference_defaults_to_the_corpus_s(trained: RestoredRun) -> None:
    pair = trained.corpus.test[0]
    assert find_reference(trained.corpus, line=pair.source) == pair.target
    (own,) = traces(trained, lines=[pair.source])
    (other,) = traces(trained, lines=[pair.source], reference="No")
    (unknown,) = traces(trained, lines=["Nirgends"])
    assert (own.reference, other.reference, unknown.reference) == (pair.target, "No", None)
    assert unknown.gold == unknown.teacher_forcing == ()


def test_words_outside_the_vocabulary_are_listed(trained: RestoredRun) -> None:
    known = trained.corpus.train[0].source.split()[0]
    (translation,) = translations(trained, lines=[f"{known} Yeti Xylofon Yeti"])
    assert translation.unknown == ("Yeti", "Xylofon")
    codec = trained.codecs.source
    assert token_texts(codec, tokens=codec.encode("Yeti")) == ("<unk>",)


def test_an_empty_line_is_translated_too(trained: RestoredRun) -> None:
    assert [translation.source for translation in translations(trained, lines=["", "Ja"])] == [
        "",
        "Ja",
    ]
