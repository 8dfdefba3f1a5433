"""Comparisons without a study: scores from elsewhere, and runs that exist already."""
