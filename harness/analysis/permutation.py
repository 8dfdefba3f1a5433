"""Sign-flip tests; they assume that differences are symmetric about their mean, and no more."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXACT_UP_TO = 30  # pairs up to which every sign pattern is counted
JOINT_EXACT_UP_TO = 15  # seeds up to which every sign pattern of a family is counted
FLIPS = 9_999  # sign patterns sampled beyond that
_TIE = 1e-12  # sums this close, relative to the largest, are equal but for rounding


def sign_flip_p(differences: Sequence[float], *, resolution: float = 0.0) -> float:
    """The two-sided exact sign-flip test (Fisher 1935), for differences that are symmetric.

    Without an effect, each of those is equally likely to have either sign. p is the share of the
    2^n sign patterns whose sum is at least as far from 0 as the observed one. Beyond `EXACT_UP_TO`
    differences, patterns are sampled from a fixed stream, and p = (hits + 1) / (`FLIPS` + 1).
    `resolution` is the rounding error of a difference: sums that differ by no more than that of
    every one of them are equal.
    """
    # Sorted, so that the order of seeds changes no bit of the sums.
    magnitudes = sorted(abs(value) for value in differences)
    rounding = max(_TIE * math.fsum(magnitudes), len(magnitudes) * resolution)
    reach = abs(math.fsum(differences)) - rounding
    if reach <= 0:
        return 1.0  # every pattern reaches 0
    if len(magnitudes) <= EXACT_UP_TO:
        return _count_flips(magnitudes, reach=reach)
    sums = abs(_sampled_patterns(len(magnitudes)) @ magnitudes)
    return (int((sums >= reach).sum()) + 1) / (FLIPS + 1)


def sign_flip_floor(n: int, *, tied: int = 0) -> float:
    """The smallest p that `sign_flip_p` can reach with n differences: 2 / 2^n where it is exact.

    Those of 0, which are `tied`, have no sign to flip.
    """
    exact = min(1.0, 2.0 ** (1 - n + tied))
    return exact if n <= EXACT_UP_TO else max(exact, 1 / (FLIPS + 1))


def max_t_p(
    family: Sequence[Mapping[int, float]], *, resolutions: Sequence[float] = ()
) -> list[float]:
    """Sign-flip p values of a family, corrected by its joint distribution (Westfall, Young 1993).

    Each member has one difference per seed. The signs of a seed flip for all members at once, which
    preserves their correlation; p is the share of patterns whose largest statistic in the family
    is at least the member's own. The statistic is |sum d| / sqrt(sum d^2), which orders patterns as
    |t| does, and whose variance is 1 for any number of seeds: a member without a seed takes no part
    in that flip. Its floor is 2 / 2^n, however large the family. Exact up to `JOINT_EXACT_UP_TO`
    seeds, then sampled from a fixed stream. `resolutions` has the rounding error of a difference of
    each member, 0 if left out.
    """
    import numpy as np

    seeds = sorted({seed for member in family for seed in member})
    rows = [[member.get(seed, 0.0) for member in family] for seed in seeds]
    table = np.array(rows, dtype=np.float64)
    if not table.size:
        return [1.0] * len(family)
    rounding = np.array([*resolutions] or [0.0] * len(family))
    table[abs(table) <= rounding] = 0.0
    scale = np.maximum(abs(table).max(axis=0), 1e-300)  # the squares stay finite
    table /= scale
    norms = np.maximum(np.sqrt((table**2).sum(axis=0)), 1e-300)
    table /= norms
    lengths = np.where(table.any(axis=0), scale * norms, 1.0)
    ties = len(seeds) * np.maximum(_TIE, rounding / lengths)
    observed = abs(table.sum(axis=0))
    exact = len(seeds) <= JOINT_EXACT_UP_TO
    patterns = _every_pattern(len(seeds)) if exact else _sampled_patterns(len(seeds))
    largest = np.sort(abs(patterns @ table).max(axis=1))
    # A pattern that ties with the observed one counts, however its sum was rounded.
    hits = len(largest) - np.searchsorted(largest, observed - ties)
    shares = hits / len(largest) if exact else (hits + 1) / (FLIPS + 1)
    return [float(share) for share in shares]


def _count_flips(magnitudes: Sequence[float], *, reach: float) -> float:
    # A pattern is a pattern of the first half with one of the second: 2 * 2^(n/2) sums, not 2^n.
    import numpy as np

    first, second = np.sort(_signed_sums(magnitudes[::2])), _signed_sums(magnitudes[1::2])
    reached = len(first) * len(second) - int(np.searchsorted(first, reach - second).sum())
    return 2 * reached / (len(first) * len(second))  # by symmetry, as many are as far below 0


def _signed_sums(magnitudes: Sequence[float]) -> Floats:
    import numpy as np

    sums = np.zeros(1)
    for magnitude in magnitudes:
        sums = np.concatenate([sums + magnitude, sums - magnitude])
    return sums


@lru_cache(maxsize=4)
def _every_pattern(n: int) -> Floats:
    """Half of the 2^n rows of signs; the other half is their negatives."""
    import numpy as np

    numbers = np.arange(2 ** (n - 1))[:, None]
    return np.asarray(1 - 2 * (numbers >> np.arange(n) & 1), dtype=np.float64)


@lru_cache(maxsize=2)
def _sampled_patterns(n: int) -> Floats:
    """`FLIPS` rows of n signs from a stream that depends on n only."""
    import numpy as np

    # Python's generator and not numpy's, whose streams may change from version to version.
    stream = random.Random(_stream_key(n))
    sampled = np.frombuffer(stream.randbytes(-(-n * FLIPS // 8)), dtype=np.uint8)
    return np.asarray(1 - 2.0 * np.unpackbits(sampled)[: n * FLIPS], dtype=np.float64).reshape(
        FLIPS, n
    )


def _stream_key(n: int) -> int:
    # `streams.key(0, "bootstrap", "sign_flip", n)`, written out because `streams` imports torch.
    digest = hashlib.sha256(f'[0,"bootstrap","sign_flip",{n}]'.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
