from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tokenizers
import yaml

from harness.runs import identity
from harness.runs.identity import versions_behind


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages; what was read of them is forgotten before and after."""
    caches = (versions_behind, identity._distributions)
    monkeypatch.syspath_prepend(tmp_path)
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


def install(folder: Path, *, distribution: str, package: str) -> None:
    record = folder / f"{distribution.replace('-', '_')}-1.5.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
    (record / "top_level.txt").write_text(f"{package}\n")


def imports_behind(statements: str, *, folder: Path) -> dict[str, str]:
    (folder / "stranger").mkdir()
    (folder / "stranger" / "technique.py").write_text(statements)
    (folder / "stranger" / "__init__.py").touch()
    return versions_behind("stranger.technique")


def test_a_library_counts_whatever_its_distribution_is_called(installed: Path) -> None:
    install(installed, distribution="spread-one", package="spread")
    install(installed, distribution="spread-two", package="spread")
    statements = "import json, yaml, spread.two, nowhere\nfrom tokenizers import Regex\n"
    assert imports_behind(statements, folder=installed) == {
        "PyYAML": yaml.__version__,
        "spread-one": "1.5",
        "spread-two": "1.5",
        "tokenizers": tokenizers.__version__,
    }


def test_a_distribution_with_the_name_of_its_package_counts_alone(installed: Path) -> None:
    install(installed, distribution="spread", package="spread")
    install(installed, distribution="spread-extras", package="spread")
    assert imports_behind("import spread\n", folder=installed) == {"spread": "1.5"}
