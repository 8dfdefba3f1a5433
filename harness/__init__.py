"""Which of a Transformer's training choices earn their keep: studies in, verdicts out."""
