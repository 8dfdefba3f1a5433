"""Names cut to a length, for axes and legends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def short_names(names: Sequence[str], *, most: int) -> dict[str, str]:
    """Each name, cut in its middle to `most` characters, since names differ at their ends.

    Names that would look alike stay whole.
    """
    cut = {name: _cut(name, most=most) for name in names}
    times = Counter(cut.values())
    return {name: short if times[short] == 1 else name for name, short in cut.items()}


def _cut(name: str, *, most: int) -> str:
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[-end:]}"
