"""Text metrics of stored hypotheses, and findings from scores."""
