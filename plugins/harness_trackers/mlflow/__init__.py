"""MLflow as a tracker: the component, what it copies, what it remembers, and its page."""
