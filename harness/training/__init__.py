"""Training a run: assembly and guards, the loop, the objective, evaluation, checkpoints."""
