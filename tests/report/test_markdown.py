from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.report.markdown import Markdown, block, code, escape, table
from harness.report.tables import Table

COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Mostly what means something in Markdown, in every order.
texts = st.text(st.sampled_from("\\`*_{}[]()<>#+-.!|~&;:/$ aB1é\n\t\x00\u2028\x1b")) | st.text()


def inline(markdown: str) -> list[str]:
    """The kinds of inline tokens of a text that stands after something else."""
    _, paragraph, _ = COMMONMARK.parse(f"said: {markdown}")
    assert paragraph.children is not None
    return [token.type for token in paragraph.children if token.content or token.type != "text"]


def shown(markdown: str) -> str:
    """The text as a reader sees it."""
    _, paragraph, _ = COMMONMARK.parse(f"said: {markdown}")
    assert paragraph.children is not None
    return "".join(token.content for token in paragraph.children).removeprefix("said:").strip()


def plain(text: str) -> str:
    """The text on one line, without what cannot be printed."""
    hidden = {*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)}
    return " ".join(
        "".join(" " if ord(character) in hidden else character for character in text).split()
    )


@given(texts)
@example("<script>alert(1)</script> <!-- x --> <http://x.y>")
@example("a | b || c `x` ``y`` ` **bold** _it_ __init__ snake_case a_ _b ~~gone~~")
@example("[text](http://x.y) ![image](z) &amp; &#35; & &copy;")
@example("one\ntwo\r\nthree \\| \\")
def test_escaped_text_is_shown_as_it_was_and_is_nothing_but_text(text: str) -> None:
    assert shown(escape(text)) == plain(text)
    assert set(inline(escape(text))) <= {"text", "text_special"}


@given(st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_table_has_the_cells_that_it_was_given(rows: list[list[str]]) -> None:
    tokens = COMMONMARK.parse(table(Table(["left", "right"], rows, right=1)))
    cells = [
        "".join(child.content for child in token.children or [])
        for token in tokens
        if token.type == "inline"
    ]
    assert cells == ["left", "right", *(plain(cell) for row in rows for cell in row)]


def test_a_table_is_aligned_in_the_raw_text() -> None:
    text = table(Table(["name", "score"], [["a", "1.5"], ["long-name", "-12.25"]], right=1))
    assert text.splitlines() == [
        "| name      |  score |",
        "| --------- | -----: |",
        "| a         |    1.5 |",
        "| long-name | -12.25 |",
    ]


def test_what_is_markdown_already_is_left_alone() -> None:
    assert escape(Markdown("*so*")) == "*so*"
    assert escape("*so*") == r"\*so\*"


@given(texts)
def test_code_is_shown_as_it_was(text: str) -> None:
    line = " ".join(text.replace("\x00", " ").split())
    if line:
        _, paragraph, _ = COMMONMARK.parse(f"said: {code(line)}")
        *_, span = paragraph.children or []
        assert (span.type, span.content) == ("code_inline", line)


def test_a_block_cannot_be_left_from_inside() -> None:
    text = "harness run x\n```\n# not a heading"
    (token,) = COMMONMARK.parse(block(text, language="console"))
    assert (token.type, token.info, token.content) == ("fence", "console", f"{text}\n")
