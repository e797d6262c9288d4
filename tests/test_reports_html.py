"""The HTML report: one page that needs nothing else, says everything, and prints hostile text as text."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import html, mathml, words
from reports.schema import Formula, load

RECORD = load(Path(__file__).with_name("reports_record.json"))
PAGE = html.render(RECORD)
VOID = {"meta", "br", "wbr", "link", "img", "input", "hr"}


class Outline(HTMLParser):
    """Elements, attributes, text, and whether every element is closed in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open, self.wrong = Counter(), [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text.append(data)

    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


OUTLINE = Outline(PAGE)


def article(identifier):
    start = PAGE.index(f'<article id="{html.anchor(identifier)}">')
    return PAGE[start : PAGE.index("</article>", start)]


def test_rendering_twice_gives_the_same_bytes():
    assert html.render(RECORD).encode() == PAGE.encode()


def test_every_element_is_closed_in_order():
    assert OUTLINE.wrong == []
    assert OUTLINE.open == []


def test_no_script_no_event_handler_no_request():
    forbidden = {"script", "iframe", "object", "embed", "link", "img", "form", "base"}
    assert not forbidden & set(OUTLINE.tags)
    for tag, name, value in OUTLINE.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in {"src", "srcset", "xlink:href", "action"}, (tag, name)
        if name == "href":
            assert value.startswith("#"), value
    css = PAGE[PAGE.index("<style>") : PAGE.index("</style>")]
    assert "url(" not in css
    assert "@import" not in css
    assert "default-src 'none'" in PAGE


def test_every_link_has_a_target_and_ids_are_unique():
    ids = [value for _, name, value in OUTLINE.attributes if name == "id"]
    assert [name for name, n in Counter(ids).items() if n > 1] == []
    targets = {value[1:] for _, name, value in OUTLINE.attributes if name == "href"}
    assert targets <= set(ids)


def test_hostile_text_is_shown_as_text():
    text = OUTLINE.words()
    assert "</script><script>alert(1)</script> | pipe `tick` $x$ *star* [link](javascript:alert(1))" in text
    assert "{{ 7*7 }}" in text
    assert r"control \x00\x07\x1b[31m characters, bidi \u202e, ]]>" in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]", PAGE)


def test_statements_stand_in_record_order_in_overview_and_sections():
    wanted = [html.anchor(item.id) for item in RECORD.statements]
    assert re.findall(r'<article id="([^"]+)"', PAGE) == wanted
    overview = PAGE[PAGE.index('id="overview"') : PAGE.index('id="models"')]
    assert re.findall(r'<td role="cell"><a href="#([^"]+)"', overview) == wanted


def test_what_one_may_rely_on_links_the_passes_of_every_model():
    section = PAGE[PAGE.index('id="models"') : PAGE.index("<article")]
    wanted = [html.anchor(item.id) for _, found in words.by_model(RECORD) for item in found]
    assert wanted
    assert re.findall(r'<td role="cell"><a href="#([^"]+)"', section) == wanted


def test_header_says_what_was_run():
    text = OUTLINE.words()
    assert "hopcheck run --seed 7 'my theory.py'" in text
    assert "7 min 9 s" in text
    assert "refute 0.001 over the whole catalogue; support 0.05 per statement" in text
    assert "numpy 2.3.5, python-flint 0.8.0" in text
    assert "300 × 64, 2 duplicates" in text
    assert "What this report can and cannot say" in text
    assert "This run did not finish" in text
    assert "3 verdicts differ" in text


@pytest.mark.parametrize("item", RECORD.statements, ids=lambda item: item.verdict)
def test_each_section_names_verdict_reason_source_and_caution(item):
    text = Outline(article(item.id)).words()
    assert words.verdict_label(item.outcome, item.verdict) in text
    assert words.line(item.citation) in text
    assert words.line(item.reason)[:20] in text
    caution = words.provenance_notice(item.provenance)
    assert (caution is None) or caution in text
    assert ("not read in the paper's own text" in text) == any(
        word in item.provenance for word in ("recalled", "secondary")
    )


def test_witness_section_can_be_replayed():
    section = article("ramsauer2021.eq2-energy-bounds")
    text = Outline(section).words()
    assert "hopcheck replay DIR ramsauer2021.eq2-energy-bounds" in text
    assert "Replayed and certified" in text
    assert "memories [[1]]" in text
    code = re.search(r"<pre><code>(.*?)</code></pre>", section, re.DOTALL)[1]
    assert "from fractions import Fraction as Q\n" in code


def test_hostile_id_is_quoted_for_the_shell():
    assert "hopcheck replay DIR &#39;user." in PAGE


def test_formulas_are_mathml_and_refused_mathml_falls_back_to_text():
    assert "<mfrac>" in article("ramsauer2021.lemma-a1")
    hostile = article(RECORD.statements[-1].id)
    assert "<pre>x &lt;= &lt;/pre&gt;" in hostile


def test_a_missed_control_is_open_and_named():
    section = article("restated.energy-two-sided")
    assert "<details open>\n<summary>Controls: 1 of 2 missed" in section
    assert "✗ missed" in section


def test_evidence_is_cut_and_says_so():
    assert f"{25 - html.EVIDENCE_SHOWN} more rows are in evidence.csv" in article("ramsauer2021.thm5")


def test_related_statements_outside_the_run_are_no_links():
    section = article("restated.energy-two-sided")
    assert 'href="#s-ramsauer2021.eq2-energy-bounds"' in section
    assert 'href="#s-nowhere' not in section
    assert "nowhere." in section


def test_a_complete_run_without_statements_renders():
    empty = RECORD.model_copy(update={"statements": [], "complete": True})
    page = html.render(empty)
    assert "0 statements" in page
    assert "This run did not finish" not in page


def test_a_plain_formula_on_several_lines_keeps_them():
    two = Formula(latex="", mathml="", plain="a\n─\nb")
    item = RECORD.statements[0].model_copy(update={"formula": two})
    assert "<pre>a\n─\nb</pre>" in html.render(RECORD.model_copy(update={"statements": [item]}))


def test_anchors_are_distinct_for_ids_that_look_alike():
    names = ["a b", "a-b", "a/b", "x" * 100, "x" * 101]
    assert len({html.anchor(name) for name in names}) == len(names)
    assert html.anchor("ramsauer2021.thm5") == "s-ramsauer2021.thm5"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  ",
        "<math><mi>x</mi>",
        "<math><script>alert(1)</script></math>",
        "<math><annotation-xml><p>x</p></annotation-xml></math>",
        '<!DOCTYPE math [<!ENTITY a "aaaa">]><math><mi>&a;</mi></math>',
        '<math><mi xmlns="http://www.w3.org/1999/xhtml">x</mi></math>',
        "<math><mi>&LT;script&GT;</mi><unknown/></math>",
        "<?xml version='1.0'?><math/>",
        "<math>" + "<mrow>" * 5000 + "</mrow>" * 5000 + "</math>",
    ],
)
def test_mathml_that_is_malformed_or_not_listed_is_refused(source):
    assert mathml.admit(source) is None


def test_admitted_mathml_keeps_meaning_and_drops_dangerous_attributes():
    assert mathml.admit('<math onclick="alert(1)"><mi href="javascript:x" style="a">x</mi></math>') == (
        '<math display="inline"><mi>x</mi></math>'
    )
    assert mathml.admit("<mi>a</mi><mo>-</mo><mi>&ExponentialE;</mi>", block=True) == (
        '<math display="block"><mi>a</mi><mo>−</mo><mi>e</mi></math>'
    )
    assert mathml.admit("<mfenced><mi>a</mi><mi>b</mi></mfenced>") == (
        '<math display="inline"><mrow><mo>(</mo><mi>a</mi><mo>,</mo><mi>b</mi><mo>)</mo></mrow></math>'
    )
    assert mathml.admit('<math xmlns="http://www.w3.org/1998/Math/MathML"><mn>1</mn></math>') == (
        '<math display="inline"><mn>1</mn></math>'
    )
    assert "<script>" not in mathml.admit("<math><mtext>&lt;script&gt;</mtext></math>")
