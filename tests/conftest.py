"""Settings of all tests: shapes checked at every call, one thread, the real corpus if present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).parents[1]


def _modules_with_shapes() -> list[str]:
    """The modules that annotate tensors; beartype does not support every generic of the others."""
    return [
        ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
        for base in (ROOT, ROOT / "plugins")
        for path in sorted(base.glob("harness*/**/*.py"))
        if "from jaxtyping import" in path.read_text(encoding="utf-8")
    ]


# From here on beartype checks every call in these modules against its annotations. Modules that are
# already imported would escape it, so none of them is imported above.
install_import_hook(_modules_with_shapes(), "beartype.beartype")

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure() -> None:
    """Limit torch to one thread, as in runs: two test workers share two cores."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def multi30k() -> Path:
    """The folder of the real corpus: HARNESS_MULTI30K, or next to the checkout."""
    default = ROOT.parent / "shared" / "data" / "multi30k"
    folder = Path(os.environ.get("HARNESS_MULTI30K") or default)
    if not (folder / "train.de").is_file():
        pytest.skip("the multi30k corpus is missing; docs/how-to/install.md says how to get it")
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, ``tiny.yaml``, and the first of its runs finished in ``results``."""
    from support.finished_run import finish

    return finish(tmp_path_factory.mktemp("finished"))
