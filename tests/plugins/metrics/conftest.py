from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.contracts import Score


class Text(NamedTuple):
    """References and imperfect translations of them."""

    hypotheses: list[str]
    references: list[str]


@pytest.fixture
def text() -> Text:
    """Lines on which tokenizers disagree; hypotheses lack a word or an end, and one is empty."""
    references = [
        'Two boys in T-shirts play football - "again", says their mother.',
        "A man's dog (the brown one) jumps 1.5 m over the fence!",
        "An old woman sells €20 hats; nobody buys them & nobody looks.",
        "Jürgen and Zoë wait in front of the café, don't they?",
        "A GIRL reads a book about COBOL-85 on the train.",
        "Three people cook rice / noodles for 1,000 guests in a tent.",
    ]
    hypotheses = []
    for number, line in enumerate(references):
        words = line.split()
        del words[number + 2]
        hypotheses.append(" ".join(words[: 4 + 2 * number]).replace("GIRL", "girl"))
    return Text([*hypotheses, ""], [*references, "A dog sleeps."])


@pytest.fixture
def sacrebleu(tmp_path: Path) -> Callable[..., Score]:
    """The score and signature that sacrebleu's own command line prints."""

    def score(text: Text, *options: str) -> Score:
        for name, lines in text._asdict().items():
            (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
        command = [sys.executable, "-m", "sacrebleu", "references", "-i", "hypotheses", "-w", "12"]
        output = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, check=True
        ).stdout
        result = json.loads(output)
        return Score(value=result["score"], signature=result["signature"])

    return score
