"""Observers and trackers: a study as they see it, and when they are called."""
