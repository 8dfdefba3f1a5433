"""Modules that several test files share: tiny studies, runs, plugins and reports."""
