"""A small German grammar and its English."""
