from __future__ import annotations

from random import Random

import pytest

from harness.contracts import Pair
from harness_datasets.toy_german.sentences import sentence


@pytest.fixture(scope="session")
def sentences() -> list[Pair]:
    """A sample of 4000 generated sentences."""
    random = Random(20)
    return [sentence(random) for _ in range(4000)]
