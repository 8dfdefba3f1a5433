"""Runs: identity, ledger, worker and execution."""
