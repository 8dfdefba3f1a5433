"""A small grammar that generates German sentences with their English translations.

`words`, `lexicon` and `inflection` are the vocabulary. `phrases` and `clause` represent meaning
independently of word order, which `german` and `english` implement. `actions` lists sensible
combinations of words, from which `sampler`, `complements` and `random_clauses` draw. `statements`,
`questions` and `compounds` are the kinds of sentence, and `dataset` is the component.
"""
