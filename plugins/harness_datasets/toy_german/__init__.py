"""A small German grammar that says everything in English too, and the dataset it makes.

`words`, `lexicon` and `inflection` are the vocabulary, `phrases` and `clause` what can be meant,
`german` and `english` how each language says it; `sense`, `speaker`, `whereabouts` and `scene`
choose what makes sense; `statements`, `questions` and `compounds` are the kinds of sentence.
"""
