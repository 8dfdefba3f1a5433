"""Archives that are damaged, or made to do harm, are refused before anything of them is used."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.exchange import packing
from harness.exchange.packing import MANIFEST, Manifest, pack, unpack
from harness.runs import records
from harness.runs.records import RunLocation

EMPTY = Manifest(name="tiny", study="study/tiny.yaml", summary="none", environment={"torch": "2"})
STUDY, FINDINGS = "study/tiny.yaml", "results/tiny/findings.json"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """An archive of two files."""
    source = tmp_path / "tiny.yaml"
    source.write_bytes(b"[1, 2]\n" * 50)
    path = tmp_path / "a-results.zip"
    pack(path, files={STUDY: source, FINDINGS: b"[]"}, manifest=EMPTY)
    return path


def refusal(path: Path) -> str:
    into = path.with_name("unpacked")
    into.mkdir()
    with pytest.raises(HarnessError) as refused:
        unpack(path, into=into)
    return str(refused.value)


def with_entry(packed: Path, name: str, *, mode: int = stat.S_IFREG | 0o644) -> Path:
    """The archive with one more file, written as another program would."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(entry, "elsewhere")
    return packed


def test_what_was_packed_is_unpacked(packed: Path, tmp_path: Path) -> None:
    into = tmp_path / "unpacked"
    into.mkdir()
    manifest = unpack(packed, into=into)
    assert sorted(manifest.files) == [FINDINGS, STUDY]
    assert (into / STUDY).read_bytes() == b"[1, 2]\n" * 50
    assert (into / FINDINGS).read_bytes() == b"[]"
    assert sorted(path.name for path in into.iterdir()) == [MANIFEST, "results", "study"]


def test_equal_files_give_equal_bytes(packed: Path, tmp_path: Path) -> None:
    source, again = tmp_path / "tiny.yaml", tmp_path / "again.zip"
    source.touch()  # a later time
    source.chmod(0o600)
    pack(again, files={FINDINGS: b"[]", STUDY: source}, manifest=EMPTY)
    assert again.read_bytes() == packed.read_bytes()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../escaped", "leads out of the folder"),
        ("results/../../escaped", "leads out of the folder"),
        ("/etc/escaped", "leads out of the folder"),
        ("C:/escaped", "leads out of the folder"),
        ("..\\escaped", "leads out of the folder"),
        ("a//b", "leads out of the folder"),
        ("folder/", "leads out of the folder"),
        ("red\x1b[31m", "control character"),
        ("left\u202eright", "control character"),
        ("two\u2028lines", "line break"),
        (FINDINGS, "there twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_name_that_could_do_harm_is_refused(packed: Path, name: str, fault: str) -> None:
    told = refusal(with_entry(packed, name))
    assert fault in told
    assert told.isprintable()
    unpacked = packed.with_name("unpacked")
    assert list(unpacked.iterdir()) == [], "nothing is unpacked before all names are known"


def test_such_a_name_is_not_packed_either(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"x1b.*control character; rename it"):
        pack(tmp_path / "a.zip", files={"study/\x1b.py": b""}, manifest=EMPTY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "not a regular file")],
)
def test_only_regular_files_are_unpacked(packed: Path, kind: int, fault: str) -> None:
    assert fault in refusal(with_entry(packed, "results/link", mode=kind | 0o777))


def test_a_file_that_the_manifest_does_not_list_is_refused(packed: Path) -> None:
    assert "'results/more.py' is not what its manifest lists" in refusal(
        with_entry(packed, "results/more.py")
    )


@pytest.mark.parametrize(
    "manifest",
    [
        replace(EMPTY, study="../../evil.yaml"),
        replace(EMPTY, name="../.."),
    ],
)
def test_a_manifest_names_no_file_outside(tmp_path: Path, manifest: Manifest) -> None:
    path = tmp_path / "a.zip"
    pack(path, files={STUDY: b"", FINDINGS: b"[]"}, manifest=manifest)
    assert "the study or its findings are not in it" in refusal(path)


@pytest.mark.parametrize(
    "field", [{"plugins": ("/home/evil.py",)}, {"files": {"a": "/etc/passwd"}}]
)
def test_a_run_of_an_archive_names_no_file_of_this_machine(
    tmp_path: Path, field: Mapping[str, Any]
) -> None:
    path, place = tmp_path / "a.zip", "results/runs/1/where.json"
    location = records.line(RunLocation(**field)).rstrip("\n").encode()
    pack(path, files={STUDY: b"", FINDINGS: b"[]", place: location}, manifest=EMPTY)
    assert f"'{place}' names files of another machine" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_MOST_BYTES", 1 << 20)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(8 << 20))
    assert packed.stat().st_size < 20_000
    assert "would unpack to 0.00781 GiB" in refusal(packed)


def test_a_large_archive_may_unpack_to_much(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_MOST_BYTES", 1)
    into = packed.with_name("unpacked")
    into.mkdir()
    assert unpack(packed, into=into).name == "tiny"


def test_a_flipped_byte_is_named_or_changes_nothing(packed: Path, tmp_path: Path) -> None:
    content, refused, harmless = packed.read_bytes(), 0, 0
    for place in range(0, len(content), 3):
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        into = tmp_path / f"unpacked-{place}"
        into.mkdir()
        try:
            unpack(damaged, into=into)
        except HarnessError as fault:
            told = str(fault)
            refused += told.startswith(f"{damaged}: ") and len(told.splitlines()) == 1
        else:  # of times, versions and other fields that nothing is made of
            assert (into / STUDY).read_bytes() == b"[1, 2]\n" * 50
            assert (into / FINDINGS).read_bytes() == b"[]"
            harmless += 1
    assert refused + harmless == len(range(0, len(content), 3))
    assert refused > harmless


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_cut_archive_is_a_line(packed: Path, length: int) -> None:
    packed.write_bytes(packed.read_bytes()[:length])
    assert f"{packed}: damaged" in refusal(packed)


def test_a_changed_file_is_named(tmp_path: Path, packed: Path) -> None:
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"[1, 2]", b"[1, 3]", 1))
    assert "'study/tiny.yaml': its SHA-256 is another" in refusal(changed)


def test_a_later_version_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "later.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, '{"schema": 99, "new": 1}')
    assert "later version" in refusal(path)


@pytest.mark.parametrize("name", ["missing.zip", "/dev/zero"])
def test_what_is_no_file_is_a_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(HarnessError, match="no such file"):
        unpack(tmp_path / name, into=tmp_path)
