"""MLflow as a tracker: exports runs and verdicts, and serves MLflow's pages."""
