"""Whether variants can be compared: what their runs share, and side effects of a choice."""
