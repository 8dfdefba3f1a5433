"""The page of every slot's hook shows a whole file, whose component keeps to the contract."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from harness.components import BASES, Component
from harness.testing import check

HOOKS = Path(__file__).parents[2] / "docs" / "reference" / "hooks"
SMALL = {"model": {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 2}}


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.slot)
def test_the_component_on_its_page_is_whole(
    base: type[Component], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (HOOKS / f"{base.hook}.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"^```python mine.py\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "mine", module)
    spec.loader.exec_module(module)
    (component,) = getattr(module, base.hook)()
    assert issubclass(component, base)
    check(component(**SMALL.get(base.slot, {})))
