"""What a study will do, before it does: its runs, a preview, a probe, tuning, seeds that stop."""
