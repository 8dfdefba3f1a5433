from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.report import Report, SampleTranslation, draw, tables
from harness.report.figures import Drawing
from harness.report.html import as_html
from harness_figures import harness_figures

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</dd></dl><iframe src='https://evil.example'></iframe>",
    "{{ 7 * 7 }} {% raw %} & &amp; &lt;b&gt;",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
]
VOID = {"meta", "link", "img", "br", "hr", "input", "base", "source", "wbr", "col", "area"}


class Page(HTMLParser):
    """The elements, attributes and text of a page, roughly as a browser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> list[Drawing]:
    from support import report_views

    folder = tmp_path_factory.mktemp("figures")
    return [
        *draw([figure() for figure in harness_figures()], view=report_views.view(), folder=folder)
    ]


def test_every_element_is_closed_and_every_section_is_there(
    report: Report, drawings: list[Drawing]
) -> None:
    page = Page(as_html(report, drawings=drawings))
    assert page.open == []
    assert page.elements.count("h1") == 1
    assert page.elements.count("h2") == 10
    # The forest plot is the picture at the top, which has an axis and a row for each variant.
    assert page.elements.count("figure") == len(drawings) - 1
    assert page.elements.count("svg") == len(drawings) - 1 + 1 + len(report.on_primary)


def test_it_has_the_content_of_the_markdown(report: Report) -> None:
    page = Page(as_html(report, drawings=[]))
    assert "Is a < b, and what does `dropout` do?" in page.text
    for content in (
        tables.verdicts(report),
        tables.supporting_statistics(report),
        tables.changes(report),
        tables.scores_by_seed(report),
    ):
        for row in content.rows:
            for cell in row:
                assert str(cell).replace("_", " ") in page.text.replace("_", " ")
    assert "harness run studies/ablation.yaml" in page.text
    assert "Made with harness 0.1.0, torch 2.13.0, python 3.11.7." in page.text
    assert "bleu: nrefs:1|case:mixed|tok:13a" in page.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(report: Report, hostile: str) -> None:
    sample = SampleTranslation(hostile, hostile, dict.fromkeys(report.variants, hostile))
    harmless = SampleTranslation("x", "x", dict.fromkeys(report.variants, "x"))
    texts = {"name": hostile, "question": hostile, "command": hostile}
    page = Page(as_html(replace(report, samples=[sample], **texts), drawings=[]))
    plain = Page(as_html(replace(report, samples=[harmless]), drawings=[]))
    assert page.elements == plain.elements
    assert page.attributes == plain.attributes
    assert page.text.count(hostile) >= 3 + 2 + len(report.variants)


def test_a_name_that_is_hostile_stays_in_its_cell(report: Report) -> None:
    for hostile in HOSTILE:
        texts = {"signatures": {hostile: hostile}, "versions": {hostile: hostile}}
        lost = Drawing("plain", hostile, None, hostile)
        page = Page(as_html(replace(report, samples=(), **texts), drawings=[lost]))
        assert {"script", "img", "iframe"} & set(page.elements) == set()
        assert page.elements.count("svg") == 1 + len(report.on_primary)
        assert page.text.count(hostile) == 8


def test_control_characters_and_broken_unicode_do_not_reach_the_page(report: Report) -> None:
    nasty = "a\x00b\x1b[31mc\x7fd\x85e\ud800f"
    text = as_html(replace(report, samples=[SampleTranslation(nasty, nasty, {})]), drawings=[])
    assert "a b [31mc d e f" in text
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text) is None
    text.encode()


def test_text_of_another_direction_keeps_to_its_own_place(report: Report) -> None:
    text = as_html(report, drawings=[])
    said = re.findall(r"<dd[^>]*>", text)
    assert said
    assert set(said) == {'<dd dir="auto">'}


def test_the_page_loads_no_other_resource(report: Report, drawings: list[Drawing]) -> None:
    text = as_html(report, drawings=drawings)
    page = Page(text)
    loading = {"src", "href", "xlink:href", "action", "data", "poster", "srcset", "background"}
    loaded = {value for _, name, value in page.attributes if name in loading}
    assert {value for value in loaded if not value.startswith("#")} == set()
    assert {"script", "link", "iframe", "img", "object", "base"} & set(page.elements) == set()
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    assert "@import" not in text
    (policy,) = (v for t, n, v in page.attributes if t == "meta" and v.startswith("default-src"))
    assert policy.startswith("default-src 'none'")


def test_it_is_light_and_dark_and_fits_a_phone(report: Report, drawings: list[Drawing]) -> None:
    text = as_html(report, drawings=drawings)
    assert "@media (prefers-color-scheme: dark)" in text
    assert ("meta", "content", "width=device-width, initial-scale=1") in Page(text).attributes
    for svg in re.findall(r"<svg[^>]*>", text):
        assert "viewBox" in svg or re.search(r'class="(axis|interval)', svg)
        assert "width=" not in svg


def test_every_anchor_leads_somewhere_and_the_contents_name_every_section(
    report: Report, drawings: list[Drawing]
) -> None:
    text = as_html(report, drawings=drawings)
    page = Page(text)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for _, name, value in page.attributes if name in ("href", "xlink:href")}
    assert {link.removeprefix("#") for link in links} <= set(ids)
    contents = re.findall(
        '<a href="#([a-z]+)">([^<]+)</a>', text.split("<nav")[1].split("</nav")[0]
    )
    assert [("verdicts", "Verdicts on bleu"), *contents] == re.findall(
        '<h2 id="([a-z]+)"><a href="#[a-z]+">([^<]+)</a>', text
    )


def test_every_plot_has_its_content_in_words(report: Report, drawings: list[Drawing]) -> None:
    text = as_html(report, drawings=drawings)
    plots = re.findall(r"<svg([^>]*)>\s*<(title|desc)[^>]*>([^<]+)<", text)
    assert len(plots) == text.count("<svg") == text.count('role="img"')
    assert "aria-hidden" not in text
    told = {words.split(",")[0]: words for _, tag, words in plots if tag == "title"}
    assert told["no-dropout"].startswith("no-dropout, worse: -5.03 (-5.41 to -4.65); ")
    (slopes,) = (words for name, _, words in plots if 'aria-label="Slopes"' in name)
    # Of `report_views`: 31 is the baseline's score on seed 1.
    assert re.search(r"one, seed 1: 31 to [\d.]+; ", slopes)


def test_no_caveat_is_said_twice(report: Report) -> None:
    paragraphs = re.findall(r"<(?:li|p)[^>]*>(.*?)</(?:li|p)>", as_html(report, drawings=[]))
    sentences = [
        sentence for text in paragraphs for sentence in re.split(r"(?<=[.;]) ", text) if sentence
    ]
    assert "cannot go below p = .25 with 3 seeds." in " ".join(sentences)
    assert len(sentences) == len(set(sentences))


def test_what_is_folded_is_printed_or_said_to_be_left_out(report: Report) -> None:
    text = as_html(report, drawings=[])
    printed = text.split("@media print {")[1].split("</style>")[0]
    assert "details::details-content { content-visibility: visible;" in printed
    assert "overflow: visible" in printed
    assert "tr, dl, li, figure, pre { break-inside: avoid; }" in printed
    left_out = re.findall(r'class="unprinted">\s*<summary>(.*?)</summary>', text)
    assert len(left_out) == printed.count(".unprinted { display: none; }") == 1
    assert text.count('class="printed">Left out in print: ') == 1


def test_a_figure_that_could_not_be_drawn_is_named(report: Report) -> None:
    lost = Drawing("forest", "A forest.", None, "figure forest: raised ValueError: <trees>")
    page = Page(as_html(report, drawings=[lost]))
    assert "Not drawn: figure forest: raised ValueError: <trees>" in page.text


def test_a_study_without_variants_is_still_a_page(report: Report) -> None:
    alone = replace(report, variants=["baseline"], findings=(), changes={}, samples=())
    page = Page(as_html(alone, drawings=[]))
    assert "nothing to compare" in page.text
    assert "Verdicts" not in page.text


def test_the_page_of_one_report_is_always_the_same(
    report: Report, drawings: list[Drawing], tmp_path: Path
) -> None:
    assert as_html(report, drawings=drawings) == as_html(report, drawings=drawings)


def test_what_stands_between_backticks_is_code_and_still_escaped(report: Report) -> None:
    note = "Use `compare: {margin: <0.3>}` & again."
    page = as_html(replace(report, mixed=note), drawings=[])
    assert "Use <code>compare: {margin: &lt;0.3&gt;}</code> &amp; again." in page
    unlearned = as_html(replace(report, unlearned="Nothing: raise `updates`."), drawings=[])
    assert '<p class="answer">Nothing: raise <code>updates</code>.' in unlearned
    assert "a ` alone." in as_html(replace(report, mixed="a ` alone."), drawings=[])
