from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.introspection.draw_curves import Curve, draw_curves
from harness.introspection.save import save_drawing


def draw() -> Figure:
    return draw_curves([Curve("one", [1, 2], [0.0, 1.0])], title="t", x="x", y="y")


@pytest.mark.parametrize(
    ("form", "first"),
    [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")],
)
def test_the_suffix_names_the_format_and_equal_numbers_give_equal_bytes(
    tmp_path: Path, form: str, first: bytes
) -> None:
    path = tmp_path / "new" / f"picture.{form}"
    save_drawing(draw, path=path)
    content = path.read_bytes()
    assert content.startswith(first)
    save_drawing(draw, path=path)
    assert path.read_bytes() == content


def test_another_suffix_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"unsupported format; use .png, .svg, .pdf"):
        save_drawing(lambda: pytest.fail("drawn"), path=tmp_path / "picture.docx")
    assert not [*tmp_path.iterdir()]


def test_settings_in_the_working_folder_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "matplotlibrc")  # whoever reads it waits for ever
    draw = (
        "from pathlib import Path; from harness.introspection.save import save_drawing\n"
        "def draw():\n"
        "    from matplotlib.figure import Figure\n"
        "    return Figure()\n"
        "save_drawing(draw, path=Path('a.svg'))"
    )
    subprocess.run([sys.executable, "-c", draw], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "a.svg").exists()
