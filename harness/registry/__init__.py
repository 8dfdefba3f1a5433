"""Plugins: found, named in a catalog, described in words, and blamed for their errors."""
