"""Stored translations to scores, and scores to findings."""
