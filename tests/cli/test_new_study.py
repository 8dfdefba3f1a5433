from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.cli.new_study import IDEAS
from harness.contracts import Setting
from harness.loading import load


def harness(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(main, [*map(str, words)])
    assert done.exit_code == status, done.output
    return done.output


@pytest.mark.parametrize("vary", IDEAS)
def test_every_idea_is_a_valid_study(tmp_path: Path, vary: str) -> None:
    written = harness("new", "study", "first", "--vary", vary, "--folder", tmp_path).strip()
    assert written == str(tmp_path / "first.yaml")
    assert harness("validate", written).strip() == f"{written}: no faults"
    study, _ = load(Path(written))
    assert study.question == IDEAS[vary].question
    baseline = study.variants["baseline"]
    assert all(
        variant != baseline for name, variant in study.variants.items() if name != "baseline"
    )


def test_schedules_are_compared_at_equal_sums_of_their_rates(tmp_path: Path) -> None:
    written = harness("new", "study", "first", "--vary", "schedule", "--folder", tmp_path).strip()
    study, _ = load(Path(written))
    sums = {}
    for name, variant in study.variants.items():
        rate = variant.schedule.build(Setting(seed=1, classes=9, d_model=64, updates=300))
        sums[name] = sum(rate(update) for update in range(1, 301))
    assert sums == pytest.approx(dict.fromkeys(sums, sums["baseline"]), rel=0.01)


@pytest.mark.parametrize(
    ("name", "header", "options"),
    [
        ("pairs.tsv", "", ()),
        ("pairs.csv", "id,de,en\n", ("--columns", "de,en")),
    ],
)
def test_a_file_is_divided_into_what_the_study_trains_on(
    tmp_path: Path, name: str, header: str, options: tuple[str, ...]
) -> None:
    mark = "," if header else "\t"
    first = ("0,",) if header else ("",)
    rows = "".join(f"{first[0]}quelle {n}{mark}target {n}\n" for n in range(50))
    (tmp_path / name).write_text(header + rows, encoding="utf-8")
    folder = tmp_path / "studies"
    words = ["--corpus", tmp_path / name, *options, "--question", 'Is "it" so: yes?']
    harness("new", "study", "ours", *words, "--folder", folder)
    study, _ = load(folder / "ours.yaml")
    assert study.question == 'Is "it" so: yes?'
    corpus = study.variants["baseline"].dataset.build()
    sizes = [len(split) for split in (corpus.train, corpus.validation, corpus.test)]
    assert sizes == [40, 5, 5]
    assert corpus.train[0].source.startswith("quelle")


def test_two_files_of_sentences_are_divided_too(tmp_path: Path) -> None:
    for name, word in (("train.de", "quelle"), ("train.en", "source")):
        lines = "".join(f'{word} {n}, "\t{word}"\n' for n in range(50))
        (tmp_path / name).write_text(lines, encoding="utf-8")
    files = ["--corpus", tmp_path / "train.de", "--corpus", tmp_path / "train.en"]
    harness("new", "study", "ours", *files, "--folder", tmp_path / "studies")
    study, _ = load(tmp_path / "studies" / "ours.yaml")
    corpus = study.variants["baseline"].dataset.build()
    sizes = [len(split) for split in (corpus.train, corpus.validation, corpus.test)]
    assert sizes == [40, 5, 5]
    assert all(
        pair.target == pair.source.replace("quelle", "source")
        for split in (corpus.train, corpus.validation, corpus.test)
        for pair in split
    )
    (tmp_path / "train.en").write_text("one\n", encoding="utf-8")
    fault = harness("new", "study", "more", *files, "--folder", tmp_path, status=2)
    assert "train.en have 50 and 1 lines; each line of one must translate the other's" in fault


def test_a_person_is_asked_for_what_no_option_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli.new_study.person_is_there", lambda: True)
    for name in ("train.de", "train.en"):
        (tmp_path / name).write_text("a\nb\nc\nd\n", encoding="utf-8")
    answers = [str(tmp_path / "train.de"), str(tmp_path / "train.en"), "depth", ""]
    words = ["new", "study", "asked", "--folder", str(tmp_path)]
    done = CliRunner().invoke(main, words, input="\n".join([*answers, ""]))
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == str(tmp_path / "asked.yaml")
    study, _ = load(tmp_path / "asked.yaml")
    assert study.question == IDEAS["depth"].question
    assert [*study.variants] == ["baseline", "deeper"]
    assert len(study.variants["baseline"].dataset.build().train) == 2
    first = CliRunner().invoke(main, [*words[:2], "toy", *words[3:]], input="\n\nIs it so?\n")
    assert first.exit_code == 0, first.output
    assert load(tmp_path / "toy.yaml")[0].question == "Is it so?"


def test_what_exists_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine", encoding="utf-8")
    assert "exists already" in harness("new", "study", "mine", "--folder", tmp_path, status=2)
    assert (tmp_path / "mine.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("x", "--corpus", "none.tsv"), "none.tsv: No such file or directory"),
        (
            ("x", "--corpus", "toy"),
            "toy: no corpus; name toy_german, a .tsv",
        ),
        (
            ("x", "--corpus", "a.de", "--corpus", "a.en", "--columns", "de,en"),
            "--columns: no columns with names in a.de, a.en; leave the option out, or name a",
        ),
        (("x", "--columns", "de,en"), "--columns: no columns with names in toy_german"),
    ],
)
def test_a_fault_leaves_nothing_behind(tmp_path: Path, words: tuple[str, ...], fault: str) -> None:
    assert fault in harness("new", "study", *words, "--folder", tmp_path, status=2)
    assert list(tmp_path.iterdir()) == []
