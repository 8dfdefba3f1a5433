"""Comparability of variants: the randomness that their runs share, and side effects of choices."""
