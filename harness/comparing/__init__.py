"""Comparisons that train nothing: of existing runs, and of external scores."""
