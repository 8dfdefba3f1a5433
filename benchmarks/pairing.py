"""What pairing by seed is worth: how much less a difference varies than unpaired scores would.

    python benchmarks/pairing.py results/*/findings.json

A line for each variant, on its study's primary metric: over the seeds, the variance of the paired
difference, the sum of the two variances, which is what the difference of unpaired runs would have,
and their ratio. Below 1 pairing helps, at 0.5 as much as twice the seeds would.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import variance


def main() -> None:
    """Print the table for the findings that the command line names."""
    print("| study | variant | pairs | variance paired | unpaired | ratio |")
    print("|---|---|---:|---:|---:|---:|")
    for path in map(Path, sys.argv[1:]):
        for finding in json.loads(path.read_text(encoding="utf-8")):
            pairs = finding["per_seed"]
            if finding["role"] == "primary" and len(pairs) > 1:
                print(row(path.parent.name, variant=finding["variant"], pairs=pairs))


def row(study: str, *, variant: str, pairs: list[dict[str, float]]) -> str:
    """One variant's line."""
    paired = variance(pair["variant"] - pair["baseline"] for pair in pairs)
    unpaired = sum(variance(pair[side] for pair in pairs) for side in ("baseline", "variant"))
    ratio = f"{paired / unpaired:.2f}" if unpaired else ""
    return f"| {study} | {variant} | {len(pairs)} | {paired:.2f} | {unpaired:.2f} | {ratio} |"


if __name__ == "__main__":
    main()
