"""The gain from pairing by seed: the variance of paired against unpaired differences.

    python benchmarks/pairing.py results/*/findings.json

For each variant, on the primary metric of its study: the variance over seeds of the paired
difference, that of the difference of unpaired runs (the sum of both variances), and their ratio.
Below 1, pairing helps; at 0.5, it is worth twice as many seeds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import variance


def main() -> None:
    """Print the table for the findings files given on the command line."""
    print("| study | variant | pairs | variance paired | unpaired | ratio |")
    print("|---|---|---:|---:|---:|---:|")
    for path in map(Path, sys.argv[1:]):
        for finding in json.loads(path.read_text(encoding="utf-8")):
            pairs = finding["per_seed"]
            # A variance takes two values.
            if finding["role"] == "primary" and len(pairs) > 1:
                print(row(path.parent.name, variant=finding["variant"], pairs=pairs))


def row(study: str, *, variant: str, pairs: list[dict[str, float]]) -> str:
    """One row of the table, for one variant."""
    paired = variance(pair["variant"] - pair["baseline"] for pair in pairs)
    unpaired = sum(variance(pair[side] for pair in pairs) for side in ("baseline", "variant"))
    ratio = f"{paired / unpaired:.2f}" if unpaired else ""
    return f"| {study} | {variant} | {len(pairs)} | {paired:.2f} | {unpaired:.2f} | {ratio} |"


if __name__ == "__main__":
    main()
