"""Models that leave and come back: what is written, what loads it, and what starts from it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import safetensors.torch
import tokenizers
import torch
from click.testing import CliRunner, Result
from support.pretraining_study import Here, carried_out

from harness.cli import main
from harness.contracts import Codecs, Corpus, Pair, Vocabularies
from harness.errors import StudyError
from harness.exchange.model_export import exported_files
from harness.loading.component_text import parse_component
from harness.model import SequenceModel
from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.planning.preview.preview import refuse_unbuildable
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs.execution import execute
from harness.runs.planned_run import PlannedRun
from harness.runs.restored import RestoredRun, restore_run
from harness_models.transformer import Transformer
from harness_tokenizers import Word

BASE = """
question: Does a *tied* matrix copy?
baseline:
  dataset: {copy: {train: 24, validation: 4, test: 4, symbols: 6}}
  tokenizer: word
  model: {d_model: 8, d_ff: 16, heads: 2, layers: 1, tie: target}
  initializer: xavier_uniform
  regularizers: {dropout: 0.1}
  loss: cross_entropy
  optimizer: adam
  schedule: {constant: 1.0e-2}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 1}}
  budget: {updates: 4, batch_tokens: 60, evaluate_every: 2}
variants:
  no-dropout: {regularizers: {dropout: off}}
seeds: 1
figures: []
trackers: []
"""
LEFT = ["README.md", "config.json", "model.safetensors"]
LEFT += ["tokenizer.source.json", "tokenizer.target.json", "vocabulary.json"]

# Not trained at all, so that it scores what the model scored that it starts from.
STARTED = BASE.replace("updates: 4", "updates: 0").replace(
    "no-dropout: {", "no-dropout: {starts_from: ./models/plain, "
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> PlannedStudy:
    """A study, carried out, with the model of one variant in ``models/plain`` beside it."""
    folder = tmp_path_factory.mktemp("export")
    opened, ended = carried_out(folder / "base.yaml", text=BASE)
    assert [runs.reason for runs in ended] == [None] * 2
    assert export(folder, "base.yaml", "--variant", "no-dropout").exit_code == 0
    return opened


@pytest.fixture
def folder(exported: PlannedStudy, tmp_path: Path) -> Path:
    """A copy of all of it."""
    return Path(shutil.copytree(exported.out.parent, tmp_path / "copy"))


def export(folder: Path, run: str, *words: str, to: str = "models/plain") -> Result:
    name = str(folder / run) if run.endswith(".yaml") else run
    place = ["--out", str(folder / "results"), "--weights", str(folder / to)]
    return CliRunner().invoke(main, ["export", name, *words, *place])


def run_of(opened: PlannedStudy, name: str) -> PlannedRun:
    (planned,) = (run for run in opened.plan if run.variant == name)
    return planned


def planned(folder: Path, *, text: str) -> PlannedStudy:
    (folder / "next.yaml").write_text(text)
    return open_study(folder / "next.yaml", out=folder / "results", seeds=None)


def config_of(folder: Path) -> dict[str, object]:
    return json.loads((folder / "models" / "plain" / "config.json").read_text())


# --- what leaves --------------------------------------------------------------------------------


def test_the_weights_alone_give_the_logits_of_the_run(exported: PlannedStudy) -> None:
    model = exported.out.parent / "models" / "plain"
    config = json.loads((model / "config.json").read_text())
    options = parse_component(
        json.dumps(config["model"]), slot="model", catalog=Catalog.of(discover())
    )
    loaded = options.build(Vocabularies(**config["classes"]))
    assert isinstance(loaded, Transformer)
    missing = loaded.load_state_dict(
        safetensors.torch.load_file(model / "model.safetensors"), strict=False
    )
    assert config["tied"] == {"projection.weight": "target_embedding.weight"}
    assert {*missing.missing_keys} == {*config["tied"]}
    assert not missing.unexpected_keys
    run = restore_run(exported.ledger.run(run_of(exported, "no-dropout").digest))
    source, target = torch.randint(4, 10, (2, 3, 5), generator=torch.Generator().manual_seed(1))
    assert torch.equal(
        _logits(loaded, source=source, target=target),
        _logits(run.parts.model, source=source, target=target),
    )


@torch.no_grad()
def _logits(model: SequenceModel, *, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    model.eval()
    return model.project(model.decode(model.embed(target), model.encode(source)))


def test_the_library_encodes_the_corpus_as_the_run_did(exported: PlannedStudy) -> None:
    run = restore_run(exported.ledger.run(run_of(exported, "no-dropout").digest))
    for side in ("source", "target"):
        file = exported.out.parent / "models" / "plain" / f"tokenizer.{side}.json"
        theirs, ours = tokenizers.Tokenizer.from_file(str(file)), getattr(run.codecs, side)
        for pair in run.corpus.train:
            line = getattr(pair, side)
            assert theirs.encode(line).ids == ours.encode(line)


def test_the_card_has_the_question_the_change_and_the_verdict(exported: PlannedStudy) -> None:
    card = (exported.out.parent / "models" / "plain" / "README.md").read_text()
    run = run_of(exported, "no-dropout")
    for words in (
        "# no-dropout of base, seed 1",
        "**Question:** Does a \\*tied\\* matrix copy?",
        "| regularizers.dropout |",
        "no-dropout has too few complete pairs for a test",
        '"symbols": 6',
        run.digest,
        "starts_from: ./FOLDER",
    ):
        assert words in card


def test_the_same_model_is_the_same_bytes_and_another_thing_stays(folder: Path) -> None:
    model = folder / "models" / "plain"
    (model / "README.md").write_text("with a license")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    assert sorted(before) == LEFT
    again = export(folder, "base.yaml", "--variant", "no-dropout")
    assert (again.exit_code, "is there already: run" in again.stdout) == (0, True)
    other = export(folder, "base.yaml")
    assert other.exit_code == 2
    assert "has something else in it; name a folder that is not there yet" in other.stderr
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    (folder / "empty").mkdir()
    assert export(folder, "base.yaml", to="empty").exit_code == 0
    assert sorted(path.name for path in (folder / "empty").iterdir()) == LEFT
    (model / "more").write_text("")
    assert export(folder, "base.yaml", "--variant", "no-dropout").exit_code == 2


def test_a_run_named_by_its_digest_has_no_verdict(exported: PlannedStudy, folder: Path) -> None:
    name = run_of(exported, "no-dropout").digest[:12]
    assert export(folder, name, to="models/again").exit_code == 0
    card = (folder / "models" / "again" / "README.md").read_text()
    assert f"# Run {name}, seed 1" in card
    assert "No study was named" in card
    for file in LEFT[1:]:
        pair = [(folder / "models" / place / file).read_bytes() for place in ("plain", "again")]
        assert pair[0] == pair[1]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda run: (run / "outcome.json").unlink(), "is not finished, it is at update 4"),
        (lambda run: (run / "weights.pt").write_bytes(b"half"), "damaged (its SHA-256 is another)"),
    ],
)
def test_a_run_that_is_unfinished_or_damaged_is_refused_in_one_line(
    exported: PlannedStudy, folder: Path, change: object, fault: str
) -> None:
    assert callable(change)
    name = run_of(exported, "no-dropout").digest
    change(folder / "results" / "runs" / name)
    refused = export(folder, name[:12], to="models/refused")
    assert refused.exit_code == 2
    assert fault in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (folder / "models" / "refused").exists()


def test_options_of_the_table_and_of_the_model_are_kept_apart(folder: Path) -> None:
    for words in (["--runs"], ["--seeds", "2"]):
        refused = export(folder, "base.yaml", *words, to="refused")
        assert (refused.exit_code, "do not go with --weights" in refused.stderr) == (2, True)
    words = ["export", str(folder / "base.yaml"), "--variant", "no-dropout"]
    refused = CliRunner().invoke(main, words)
    assert (refused.exit_code, "go with --weights" in refused.stderr) == (2, True)


# --- what starts from it ------------------------------------------------------------------------


def test_an_untrained_start_scores_what_the_exported_run_scored(
    exported: PlannedStudy, folder: Path
) -> None:
    opened, ended = carried_out(folder / "next.yaml", text=STARTED)
    assert [runs.reason for runs in ended] == [None] * 2
    new, old = run_of(opened, "no-dropout"), run_of(exported, "no-dropout")
    assert new.digest != old.digest
    now = opened.ledger.evaluated(new.digest, evaluation=new.evaluation)
    then = exported.ledger.evaluated(old.digest, evaluation=old.evaluation)
    assert now
    assert then
    assert now.scores == then.scores
    again = planned(folder, text=STARTED)
    assert {run.why for run in again.plan} == {"exists"}
    (start,) = again.evaluate().pretraining
    assert start == (str(folder / "models" / "plain"), None, ["no-dropout"], [])


def test_the_vocabulary_comes_along_to_another_corpus(folder: Path) -> None:
    text = STARTED.replace("symbols: 6", "symbols: 3").replace("updates: 0", "updates: 2")
    opened, ended = carried_out(folder / "next.yaml", text=text)
    assert [runs.reason for runs in ended] == [None] * 2
    started, baseline = (
        restore_run(opened.ledger.run(run_of(opened, name).digest)).codecs.source.size
        for name in ("no-dropout", "baseline")
    )
    assert config_of(folder)["classes"] == {"source": started, "target": started}
    assert baseline < started


def test_the_digest_is_that_of_the_content_and_not_of_the_place(folder: Path) -> None:
    first = run_of(planned(folder, text=STARTED), "no-dropout")
    files = {}
    for name in ("config.json", "model.safetensors", "vocabulary.json"):
        content = (folder / "models" / "plain" / name).read_bytes()
        files[name] = hashlib.sha256(content).hexdigest()
    whole = json.dumps(files, sort_keys=True, separators=(",", ":")).encode()
    digest = f"weights:{hashlib.sha256(whole).hexdigest()}"
    assert first.identity.experiment["starts_from"] == digest
    assert first.files[digest] == str(folder / "models" / "plain")
    (folder / "models" / "plain").rename(folder / "models" / "moved")
    (folder / "models" / "moved" / "README.md").unlink()
    text = STARTED.replace("models/plain", "models/moved")
    assert run_of(planned(folder, text=text), "no-dropout").digest == first.digest


def test_changed_weights_make_another_run(folder: Path) -> None:
    first = run_of(planned(folder, text=STARTED), "no-dropout")
    file = folder / "models" / "plain" / "model.safetensors"
    weights = safetensors.torch.load_file(file)
    weights["projection.bias"] += 1
    safetensors.torch.save_file(weights, file)
    assert run_of(planned(folder, text=STARTED), "no-dropout").digest != first.digest


def test_weights_that_change_after_the_plan_are_not_trained_on(folder: Path) -> None:
    _, ended = carried_out(folder / "next.yaml", text=STARTED)
    shutil.rmtree(folder / "results" / "runs" / ended[1].digest)
    opened = planned(folder, text=STARTED)
    file = folder / "models" / "plain" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    run = run_of(opened, "no-dropout")
    assert run.why == "new"

    polls = execute(opened.plan, executor=Here(), jobs=1, ledger=opened.ledger)
    (reason,) = [str(run.reason) for poll in polls for run in poll.ended]
    assert "changed since the run was planned; run again" in reason


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("tokenizer: word", "tokenizer: char", "5:3: tokenizer must equal that of the model in"),
        ("d_model: 8", "d_model: 16", "6:3: model must equal that of the model in"),
        ("plain", "gone", "16:29: no model in"),
    ],
)
def test_what_does_not_fit_is_a_fault_with_its_place(
    folder: Path, old: str, new: str, fault: str
) -> None:
    with pytest.raises(StudyError, match=fault):
        planned(folder, text=STARTED.replace(old, new))


def test_other_shapes_are_a_fault_of_the_plan_at_the_start(folder: Path) -> None:
    file = folder / "models" / "plain" / "model.safetensors"
    weights = safetensors.torch.load_file(file)
    del weights["projection.bias"]
    safetensors.torch.save_file(weights, file)
    opened = planned(folder, text=STARTED)
    fault = r"16:29: no-dropout: its start does not fit: projection.bias is 10 in the model and not"
    with pytest.raises(StudyError, match=fault):
        refuse_unbuildable(opened.study, runs=opened.plan, ledger=opened.ledger)


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'{"sides": null}', b'{"sides": [[3]]}', b"\xff"]
)
def test_a_vocabulary_that_cannot_be_read_is_a_fault_of_the_plan(
    folder: Path, content: bytes
) -> None:
    (folder / "models" / "plain" / "vocabulary.json").write_bytes(content)
    opened = planned(folder, text=STARTED)
    with pytest.raises(StudyError, match=r"next.yaml:\d+:\d+: no-dropout: .*vocabulary"):
        refuse_unbuildable(opened.study, runs=opened.plan, ledger=opened.ledger)


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("config.json", b"{", "JSON"),
        ("config.json", b"{}", "format: "),
        ("config.json", b'{"format": "another"}', "format: "),
        ("model.safetensors", b"half", "damaged"),
    ],
)
def test_a_damaged_folder_is_a_fault_with_its_place(
    folder: Path, file: str, content: bytes, fault: str
) -> None:
    (folder / "models" / "plain" / file).write_bytes(content)
    with pytest.raises(StudyError, match=rf"16:29: .*{file}.*{fault}"):
        planned(folder, text=STARTED)


def test_a_pretraining_cannot_start_from_a_folder(folder: Path) -> None:
    text = STARTED.replace("starts_from: ./models/plain", "starts_from: first").replace(
        "variants:", "pretraining:\n  first: {starts_from: ./models/plain}\nvariants:"
    )
    with pytest.raises(StudyError, match="16:11: a pretraining cannot start from another model"):
        planned(folder, text=text)


# --- vocabularies that the format of the library cannot say ------------------------------------


def of_codecs(run: RestoredRun, *, codecs: Codecs, line: str) -> RestoredRun:
    """The run with other codecs, and a corpus of one line."""
    pairs = [Pair(line, line)]
    task = replace(
        run.parts.task, codecs=codecs, corpus=Corpus(train=pairs, validation=[], test=[])
    )
    return replace(run, parts=replace(run.parts, task=task))


@dataclass(frozen=True)
class Letters:
    """A codec that stores nothing."""

    size: int = 5

    def encode(self, line: str) -> list[int]:
        return [4 if letter == "a" else 3 for letter in line]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join("a" if token == 4 else "<unk>" for token in tokens if token > 2)


def test_a_line_that_the_library_reads_otherwise_leaves_its_file_out(
    exported: PlannedStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    run = restore_run(exported.ledger.run(run_of(exported, "no-dropout").digest))
    greek = "ΟΔΟΣ"  # Python knows the letter at the end of a word
    corpus = Corpus(train=[Pair(greek, greek)], validation=[], test=[])
    codecs = Word(lowercase=True, shared=True).build(corpus)
    other = of_codecs(run, codecs=codecs, line=greek)
    files = exported_files(other, identity=run_of(exported, "no-dropout").identity)
    assert sorted(files) == ["config.json", "model.safetensors", "vocabulary.json"]
    assert json.loads(files["vocabulary.json"])["sides"] == [["οδος"]]
    said = capsys.readouterr().err
    assert "no tokenizer.json: it would read" in said
    assert said.count("\n") == 1


def test_a_codec_that_stores_nothing_leaves_the_text_of_its_ids(
    exported: PlannedStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    run = restore_run(exported.ledger.run(run_of(exported, "no-dropout").digest))
    other = of_codecs(run, codecs=Codecs(Letters(), Letters()), line="a")
    files = exported_files(other, identity=run_of(exported, "no-dropout").identity)
    vocabulary = json.loads(files["vocabulary.json"])
    assert vocabulary["sides"] is None
    assert vocabulary["tokens"] == [["", "", "", "<unk>", "a"]] * 2
    said = capsys.readouterr().err
    assert "no tokenizer.source.json: that format cannot say what this tokenizer does" in said
