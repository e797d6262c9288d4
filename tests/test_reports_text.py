"""Markdown, terminal and the shared words."""

import io
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from reports import markdown, terminal, words
from reports.schema import Alpha, Known, Sensitivity, Tightness, load

RECORD = load(Path(__file__).with_name("reports_record.json"))
PAGE = markdown.render(RECORD)
PARSED = MarkdownIt("commonmark").enable("table").render(PAGE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_markdown_is_the_same_each_time():
    assert markdown.render(RECORD) == PAGE
    assert PAGE.endswith("\n")
    assert not CONTROL.search(PAGE)


def test_markdown_tables_have_one_width_for_an_independent_parser():
    tables = re.findall(r"<table>.*?</table>", PARSED, re.DOTALL)
    parts = sum(bool(item.parts) for item in RECORD.statements)
    controls = sum(bool(item.controls) for item in RECORD.statements)
    assert len(tables) == 5 + len(words.by_model(RECORD)) + parts + controls
    for table in tables:
        rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
        width = rows[0].count("<th")
        assert all(row.count("<td") == width for row in rows[1:])
        assert all("</td>" in row for row in rows[1:])
    overview = "".join(tables[:4])
    assert overview.count("<tr>") == 4 + len(RECORD.statements)


def test_markdown_text_does_not_become_markup():
    assert "<script>" not in PARSED
    assert 'href="javascript' not in PARSED
    assert "<em>star</em>" not in PARSED
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; | pipe `tick` $x$ *star* [link](javascript:alert(1))" in PARSED
    )


@pytest.mark.parametrize(
    "source",
    ["- a", "+ a", "1. a", "1) a", "# a", "> a", "a|b", "`a`", "*a*", "_a_", "<b>a</b>", "[a](b)", "~~a~~",
     "a\\", "===", "a\n\nb", "&amp;", "![a](b)", "0.1.0", "2026-11-24", "***"],
)  # fmt: skip
def test_markdown_escape_prints_what_was_written(source):
    shown = MarkdownIt("commonmark").render(markdown.text(source))
    plain = words.line(source).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown == f"<p>{plain}</p>\n"


def test_markdown_code_and_fences_cannot_be_closed_from_inside():
    for source in ("`", "``", "a ``` b", "`a", "", "a|b"):
        assert re.search(r"<code>.*</code>", MarkdownIt("commonmark").render(markdown.code(source)))
    shown = MarkdownIt("commonmark").render(markdown.fence("```\n<script>\n````"))
    assert shown == "<pre><code>```\n&lt;script&gt;\n````\n</code></pre>\n"


def test_markdown_says_what_the_record_says():
    assert "recalled from memory" in PAGE
    assert "`hopcheck replay DIR ramsauer2021.eq2-energy-bounds`" in PAGE
    assert "differs from the known proved" in PAGE
    assert PAGE.index("ramsauer2021.thm5") < PAGE.index("hu2023.cor-capacity")
    for item in RECORD.statements:
        assert words.verdict_label(item.outcome, item.verdict) in PAGE


def test_terminal_plain_text_for_a_pipe():
    stream = io.StringIO()
    terminal.show(RECORD, stream)
    text = stream.getvalue()
    assert text == terminal.plain(RECORD)
    assert not CONTROL.search(text)
    for item in RECORD.statements:
        row = next(row for row in text.splitlines() if row.startswith(item.id))
        assert words.verdict_label(item.outcome, item.verdict) in row
    assert "10 statements: 3 pass, 4 fail, 3 no verdict" in text
    assert "3 differ from the known verdict:" in text
    assert "  restated.energy-two-sided: blind, known proved" in text
    assert "DIFFERS from known: refuted; not read in the paper" in text
    assert "Wall time: 7 min 9 s" in text
    assert text.rstrip().endswith("rest on the part that was done.")
    slowest = next(row for row in text.splitlines() if row.startswith("Slowest"))
    assert "ramsauer2021.thm3-capacity 3 min 21 s" in slowest
    assert "lucibello2024.threshold" not in slowest


def test_terminal_columns_start_in_one_column():
    rows = terminal.plain(RECORD).splitlines()[: len(RECORD.statements)]
    start = rows[0].index("verdict")
    assert all(row[start] in "✓✗○" and row[start - 2 : start] == "  " for row in rows[1:])


def test_terminal_with_a_poor_encoding_does_not_fail():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    terminal.show(RECORD, stream)
    stream.flush()
    assert b"? pass" in raw.getvalue()


def test_terminal_table_shows_markup_as_text_and_no_escape_from_the_record():
    item = RECORD.statements[-1].model_copy(update={"id": "a[red]b[/red] :smile:", "reason": "\x1b[2J[/x]"})
    stream = io.StringIO()
    console = Console(file=stream, width=400, force_terminal=True, color_system=None)
    console.print(terminal._table(RECORD.model_copy(update={"statements": [item]})))
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "a[red]b[/red] :smile:" in text
    assert r"\x1b[2J[/x]" in text
    assert "\x1b" not in text


def test_terminal_on_a_terminal_is_styled():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    terminal.show(RECORD, stream)
    assert "not refuted" in stream.getvalue()
    assert "10 statements" in stream.getvalue()


def test_a_quiet_run_says_that_nothing_differs():
    first = RECORD.model_copy(update={"statements": RECORD.statements[:3], "complete": True})
    text = terminal.plain(first)
    assert "No verdict differs from the known one." in text
    assert "did not finish" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.5, "50 %"), (1e-9, "< 0.1 %"), (1 - 1e-9, "> 99.9 %")],
)
def test_shares_never_round_to_nothing_or_all(value, text):
    assert words.share(value).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 s"), (0.4213, "0.421 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"),
     (3599.7, "1 h 0 min"), (7500, "2 h 5 min")],
)  # fmt: skip
def test_durations(value, text):
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (12345, "12345"), (0.25, "0.25"), (1e-7, "1e-7"), (1e22, "1e+22")],
)
def test_numbers(value, text):
    assert words.number(value) == text


def test_explanations_in_plain_words():
    assert "Nowhere" in words.explain_informativeness(0.0)
    assert "everywhere" in words.explain_informativeness(1.0)
    assert "Not applicable" in words.explain_informativeness(None)
    assert words.ratio(Tightness(ratio=0.0, log_ratio=-900.0)) == "exp(-900)"
    assert words.ratio(Tightness(ratio=0.0)) == "0"
    assert words.ratio(None) == "–"
    assert "exceeds" in words.explain_tightness(Tightness(ratio=2.0))
    assert "exceeds" in words.explain_tightness(Tightness(ratio=None, log_ratio=800.0))
    assert "exceeds" not in words.explain_tightness(Tightness(ratio=0.0))
    assert "at d = 1" in words.explain_tightness(Tightness(ratio=0.5, where={"d": 1}))
    assert words.explain_sensitivity(Sensitivity(factor=0.5, meaning="m.")) == "Factor 0.5: m."
    assert "equals the bound within rounding" in words.explain_tightness(
        Tightness(ratio=1 + 2**-52, log_ratio=2.0**-52)
    )
    assert words.ratio(Tightness(ratio=1 + 2**-52)) == "1"
    assert words.ratio(Tightness(ratio=1 + 3e-7)) == "1 + 3e-7"
    assert words.ratio(Tightness(ratio=1 - 3e-7)) == "1 - 3e-7"
    assert "exceeds" in words.explain_tightness(Tightness(ratio=1 + 3e-7))
    assert "exceeds" not in words.explain_tightness(Tightness(ratio=1 - 3e-7))
    assert "No tightening" in words.explain_sensitivity(Sensitivity(factor=None, meaning=""))


def test_limits_name_the_declared_budgets():
    text = " ".join(words.limits(Alpha(refute=0.002, support=0.1)))
    assert "0.002 for any false refutation" in text
    assert "0.1 for each false support" in text


@pytest.mark.parametrize(
    ("provenance", "part"),
    [
        ("primary", None),
        ("recalled", "recalled from memory"),
        ("Secondary (factor)", "secondary source"),
        ("derived", "project's own statement"),
        ("primary, recalled (constant)", "Part of this transcription"),
    ],
)
def test_provenance_notice(provenance, part):
    notice = words.provenance_notice(provenance)
    assert notice is None if part is None else part in notice


def test_a_user_s_own_statement_is_not_called_the_project_s():
    assert words.provenance_notice("derived", "user") is None
    assert words.provenance_notice("recalled", "user") is not None


def test_agreement_with_the_known_verdict():
    item = RECORD.statements[0]
    known = Known(outcome="fail", verdict="refuted")
    assert words.agrees_with_known(item.model_copy(update={"known": None, "matches_known": None})) is None
    assert words.agrees_with_known(item.model_copy(update={"known": known, "matches_known": None})) is False
    assert words.agrees_with_known(item.model_copy(update={"known": known, "matches_known": True})) is True


def test_what_one_may_rely_on_lists_the_passes_of_a_model_by_how_much_they_say():
    groups = dict(words.by_model(RECORD))
    assert all(s.outcome == "pass" and s.model == name for name, found in groups.items() for s in found)
    passing = {s.id for s in RECORD.statements if s.model == "dense" and s.outcome == "pass"}
    assert {s.id for s in groups["dense"]} == passing
    assert len(passing) >= 2
    shares = [s.informativeness if s.informativeness is not None else -1 for s in groups["dense"]]
    assert shares == sorted(shares, reverse=True)
    section = PAGE.split("## What you may rely on")[1].split("\n## ")[0]
    assert "### dense" in section
    assert all(f"{i}" in section for i in passing)
