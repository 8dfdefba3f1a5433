"""Colors of variants in MLflow's page: the same for all of its runs, and apart from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

COLOR_TAG = "mlflow.runColor"

# Far apart first, for eyes that confuse red and green too (Okabe and Ito 2008); then darker ones.
_OF_RUNS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000"),
    *("#7f3fbf", "#8c564b", "#17becf", "#7f7f7f", "#9acd32", "#e7298a", "#1b4f72", "#b8860b"),
    *("#2e8b57", "#ff9896", "#5b2c6f", "#a6cee3"),
)
# MLflow 3 gives a group of runs the color that this list has at a hash of the group's name.
_OF_GROUPS = bytes.fromhex(
    "a6630c c83243 b45091 8a63bf 434a93 137dae 04867d 308613 facb66 1f272d 445461 5f7281 8396a5"
    "93320b be501e de7921 f2be88 115026 277c43 3ba65e 8ddda8 9e102c c82d4c e65b77 f792a6 0e538b"
    "2272b4 4299e0 8acaff"
)
_SPELLINGS = 100  # of the tag that groups runs; enough to keep some ten variants apart
_FAR = 3_000  # squared distance of two colors that nobody confuses


def free_color(taken: Iterable[str]) -> str:
    """The first of the colors that the fewest other variants have."""
    uses = Counter(taken)
    return min(_OF_RUNS, key=lambda color: uses[color])


def grouping_tag(variants: Sequence[str]) -> str:
    """A name for the tag with the variant's name, by which groups get colors far apart.

    MLflow offers no other influence on them. In other versions of it this tag groups as well.
    """
    names = ["variant", *(f"variant.{number}" for number in range(1, _SPELLINGS))]
    apart = {name: _apart(name, variants=variants) for name in names}
    good = (name for name in names if apart[name] >= (len(variants), _FAR))
    return next(good, max(names, key=lambda name: apart[name]))


def _apart(tag: str, *, variants: Sequence[str]) -> tuple[int, int]:
    """The number of different colors, and the squared distance of the closest two of those.

    One variant has nothing to be confused with.
    """
    colors = {group_color(f"tag.{tag}.{variant}") for variant in variants}
    distances = (
        sum((one - other) ** 2 for one, other in zip(*pair, strict=True))
        for pair in combinations(colors, 2)
    )
    return len(colors), min(distances, default=_FAR)


def group_color(group: str) -> bytes:
    """Red, green and blue of a group in MLflow's page: Fletcher's checksum of its UTF-16 units."""
    first = second = 0
    units = group.encode("utf-16-le", errors="surrogatepass")
    for low, high in zip(units[::2], units[1::2], strict=True):
        first = (first + low + 256 * high) % 255
        second = (second + first) % 255
    place = 3 * ((first | second << 8) % (len(_OF_GROUPS) // 3))
    return _OF_GROUPS[place : place + 3]
