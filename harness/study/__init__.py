"""A study as values: its experiments, its comparison, and differences between experiments."""
