"""Which of a Transformer's training choices earn their keep: studies in, verdicts out.

From Python: `load` a study from its file, or `define` one; `judge` scores from anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.errors import HarnessError
    from harness.notebook import define, judge, load

__all__ = ["HarnessError", "define", "judge", "load"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: every command imports this package."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import errors, notebook

    return getattr(errors if name == "HarnessError" else notebook, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
