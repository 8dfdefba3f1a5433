"""Trackers, and the view of a study for them and for observers."""
