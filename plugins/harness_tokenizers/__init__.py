"""Text to token numbers and back."""

from harness.components import Tokenizer
from harness.hookspecs import hookimpl
from harness_tokenizers.char import Char
from harness_tokenizers.word import Word


@hookimpl
def harness_tokenizers() -> list[type[Tokenizer]]:
    return [Char, Word]
