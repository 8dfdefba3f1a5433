"""A study as values: experiments, variants, how they are compared."""
