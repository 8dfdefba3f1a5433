"""A run's training: parts from components, the loop, the objective, evaluation, checkpoints."""
