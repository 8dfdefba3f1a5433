"""The page of contracts describes everything that plugins may import by name."""

from __future__ import annotations

from pathlib import Path

from harness import contracts
from harness.reference.contracts import PUBLIC, described, links

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "contracts.md"


def test_every_public_contract_has_a_section_with_words() -> None:
    defined = [contract for module in described().values() for contract in module]
    names = {name for contract in defined for name in contract.name.split(", ")}
    assert (
        set(contracts.__all__) - names
        == {"no_trained_run", "short_names"}
        == set(contracts.__all__) - PUBLIC
    )
    plain = {"PositiveInt", "NonNegativeInt", "PositiveFloat", "NonNegativeFloat"}
    plain |= {"Probability", "ProbabilityBelowOne", "Repeats", "OptionalRepeats", "ExtraTokens"}
    assert {contract.name for contract in defined if not contract.text} <= plain


def test_what_a_protocol_asks_for_is_shown_without_what_does_it() -> None:
    by_name = {contract.name: contract for module in described().values() for contract in module}
    assert by_name["Jobs"].text.startswith("Runs in progress")
    for member in ("def capacity(self) -> int:", "def submit(self, path: Path)", "def poll(self)"):
        assert member in by_name["Jobs"].source
    site = by_name["Site"].source
    assert "def fill(self, perturbation: Perturbation) -> None:" in site
    assert "append" not in site
    assert '"""' not in by_name["Score"].source


def test_what_a_signature_names_is_linked() -> None:
    said = links("build(self) -> ScoreText: a function from a key", to="../contracts.md")
    assert said == ["See [ScoreText](../contracts.md#scoretext)."]
    assert links("build(self) -> str") == []
    assert "See [Score](#score)." in PAGE.read_text(encoding="utf-8")
