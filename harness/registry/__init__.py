"""Plugins: discovery, the catalog of their components, and attribution of errors to them."""
