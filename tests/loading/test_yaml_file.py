from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from harness.errors import StudyError
from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import plain_data

SCANNING = " (while scanning for the next token)"
PARSING = " (while parsing a {})"


def fault(content: str | bytes, *, folder: Path) -> str:
    path = folder / "study.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(StudyError) as error:
        read_yaml(path)
    (line,) = error.value.faults
    assert "\n" not in str(line)
    return str(line).removeprefix(str(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": the study is empty"),
        ("# only a comment\n", ": the study is empty"),
        ("\ufeff", ": the study is empty"),
        ("a: 1\n--- \nb: 2", ":2:1: a study must be a single document; a second one begins here"),
        (
            "a: [1",
            ":1:6: not YAML: expected ',' or ']', but got '<stream end>'"
            + PARSING.format("flow sequence"),
        ),
        (
            "a:\n\t- b",
            ":2:1: not YAML: found character '\\t' that cannot start any token" + SCANNING,
        ),
        ("a: b: c", ":1:5: not YAML: mapping values are not allowed here"),
        (
            "a:\n  b: 1\n c: 2",
            ":3:2: not YAML: expected <block end>, but found '<block mapping start>'"
            + PARSING.format("block mapping"),
        ),
        (
            "a: 'b",
            ":1:6: not YAML: found unexpected end of stream (while scanning a quoted scalar)",
        ),
        ("a: *b", ":1:4: not YAML: found undefined alias 'b'"),
        (
            "a: @b",
            ":1:4: not YAML: found character '@' that cannot start any token" + SCANNING,
        ),
        (
            "%YAML 2.0\n--- a",
            ":1:1: not YAML: found incompatible YAML document (version 1.* is required)",
        ),
        ("a: 1\nb: \x07", ":2:4: not YAML: the character '\\x07' is not allowed"),
        ('a: "\\UFFFFFFFF"', ":1:7: not YAML: number out of range"),
        ("%YAML 1." + "9" * 5000 + "\n--- a", ":1:9: not YAML: number out of range"),
        ('a: "\\ud800"', ":1:4: half of a surrogate pair is not a character"),
        ('a: "\\ude00\\ud83d"', ":1:4: half of a surrogate pair is not a character"),
        ('"\\ud83d \\ude00": a', ":1:1: half of a surrogate pair is not a character"),
        (
            "a: !!python/object/apply:os.system [exit]",
            ":1:4: tags such as !this are not supported; remove the tag",
        ),
        ("a: !!int '3'", ":1:4: tags such as !this are not supported; remove the tag"),
        ("a: !loss b", ":1:4: tags such as !this are not supported; remove the tag"),
        ("a: &x [1, *x]", ":1:11: alias *x refers to a node that contains it"),
        (
            "&x a: 1\nb: {*x : 1, c: &y {d: [*y]}}",
            ":2:24: alias *y refers to a node that contains it",
        ),
        (b"a: \xff", ":1: not UTF-8 text"),
        (b"a: 1\nb: \xc3\x28", ":2: not UTF-8 text"),
        ("a: 1".encode("utf-16"), ":1: not UTF-8 text"),
    ],
)
def test_invalid_yaml_is_one_line_with_its_place(
    text: str | bytes, expected: str, tmp_path: Path
) -> None:
    assert fault(text, folder=tmp_path) == expected


@pytest.mark.parametrize("text", ["😀 ok?", "a𝄞b𝄞", "\ufeffé😀", "\U0010ffff", "\x00"])
def test_json_text_is_read_as_json_reads_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps({text: [text]}))
    mapping = read_yaml(path)
    assert isinstance(mapping, yaml.MappingNode)
    ((key, values),) = mapping.value
    assert (key.value, values.value[0].value) == (text, text)


def test_aliases_that_explode_are_refused_before_they_do(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    start = time.perf_counter()
    assert fault("\n".join(lines), folder=tmp_path) == (
        ":5:10: more than 10000 values with aliases expanded"
    )
    assert time.perf_counter() - start < 1


def test_aliases_that_only_nest_are_refused_too(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]
    assert fault("\n".join(lines), folder=tmp_path).endswith(": nested more than 40 levels deep")


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000 + "a", "? " * 5000])
def test_depth_is_refused_before_it_overflows(text: str, tmp_path: Path) -> None:
    assert fault(text, folder=tmp_path).endswith(": nested more than 40 levels deep")


def test_size_is_refused(tmp_path: Path) -> None:
    long = "a: 1  # " + "x" * 1_000_000
    assert fault(long, folder=tmp_path) == ": file exceeds the limit of 1000000 bytes for a study"
    wide = "\n".join(f"a{n}: 1" for n in range(6000))
    assert fault(wide, folder=tmp_path) == ":5000:8: more than 10000 values with aliases expanded"


def test_a_missing_study_is_reported_with_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studies").mkdir()
    Path("studies/ablation.yaml").touch()
    for name, rest in {"ablaton": "; did you mean 'studies/ablation.yaml'?", "zzz": ""}.items():
        with pytest.raises(StudyError) as error:
            read_yaml(Path(f"studies/{name}.yaml"))
        assert str(error.value) == f"studies/{name}.yaml: no such study{rest}"
    with pytest.raises(StudyError, match=r"^nowhere/a\.yaml: no such study$"):
        read_yaml(Path("nowhere/a.yaml"))


def test_a_path_that_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r": cannot be read: Is a directory$"):
        read_yaml(tmp_path)
    with pytest.raises(StudyError, match=r": cannot be read: embedded null byte$"):
        read_yaml(tmp_path / "a\0b")
    with pytest.raises(StudyError, match=r": cannot be read: File name too long$"):
        read_yaml(tmp_path / ("a" * 300))


def test_a_mark_at_the_beginning_and_line_ends_of_other_systems_change_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: é\r\n".encode())
    assert plain_data(read_yaml(path)) == {"a": 1, "b": "é"}
