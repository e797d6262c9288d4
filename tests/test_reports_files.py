"""JUnit XML, the evidence table, and writing all reports into a folder."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports import evidence_csv, junit, render
from reports.schema import OUTCOME_OF, Known, RecordError, load

SAMPLE = Path(__file__).with_name("reports_record.json")
RECORD = load(SAMPLE)
BY_ID = {item.id: item for item in RECORD.statements}


def judged(verdict, known=None, matches=None):
    return RECORD.statements[0].model_copy(
        update={
            "verdict": verdict,
            "outcome": OUTCOME_OF[verdict],
            "known": None if known is None else Known(outcome=OUTCOME_OF[known], verdict=known),
            "matches_known": matches,
        }
    )


@pytest.mark.parametrize(
    ("verdict", "known", "status"),
    [
        ("proved", None, "pass"),
        ("supported", None, "pass"),
        ("not refuted", None, "pass"),
        ("refuted", None, "failure"),
        ("undefined", None, "failure"),
        ("unsatisfiable", None, "failure"),
        ("inconclusive", None, "error"),
        ("blind", None, "error"),
        ("error", None, "error"),
        ("refuted", "refuted", "pass"),
        ("refuted", "undefined", "failure"),
        ("proved", "refuted", "failure"),
        ("refuted", "proved", "failure"),
        ("not refuted", "proved", "failure"),
        ("inconclusive", "inconclusive", "pass"),
        ("inconclusive", "refuted", "error"),
        ("blind", "blind", "error"),
        ("error", "error", "error"),
    ],
)
def test_what_a_test_case_is(verdict, known, status):
    item = judged(verdict, known)
    assert junit.judge(item) == status
    root = ET.fromstring(junit.render(RECORD.model_copy(update={"statements": [item], "complete": True})))
    case = root.find("testsuite/testcase")
    assert [child.tag for child in case if child.tag in ("failure", "error", "skipped")] == (
        [] if status == "pass" else [status]
    )
    assert root.get("failures") == str(int(status == "failure"))
    assert root.get("errors") == str(int(status == "error"))


def test_the_record_s_own_word_on_a_match_counts():
    assert junit.judge(judged("not refuted", "proved", matches=True)) == "pass"
    assert junit.judge(judged("proved", "proved", matches=False)) == "failure"


def test_junit_is_well_formed_counted_and_in_order():
    text = junit.render(RECORD)
    assert text == junit.render(RECORD)
    root = ET.fromstring(text.encode())
    cases = root.findall("testsuite/testcase")
    assert [case.get("name") for case in cases[:-1]] == list(BY_ID)
    assert root.get("tests") == str(len(cases))
    for suite in root.findall("testsuite"):
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))


def test_junit_control_characters_are_escaped_and_text_survives():
    text = junit.render(RECORD)
    assert not set(map(chr, range(32))) - {"\n", "\t"} & set(text)
    hostile = ET.fromstring(text).findall("testsuite/testcase")[-2]
    assert r"control \x00\x07\x1b[31m characters, bidi \u202e, ]]>" in hostile.find("failure").text
    assert "</script><script>alert(1)</script>" in hostile.find("system-out").text


def test_junit_names_outcome_known_and_provenance():
    case = next(
        case
        for case in ET.fromstring(junit.render(RECORD)).iter("testcase")
        if case.get("name") == "ramsauer2021.eq2-energy-bounds"
    )
    properties = {p.get("name"): p.get("value") for p in case.find("properties")}
    assert properties == {
        "outcome": "fail",
        "verdict": "refuted",
        "provenance": "primary",
        "known": "refuted",
    }
    assert case.find("failure") is None
    assert "replay: hopcheck replay DIR ramsauer2021.eq2-energy-bounds" in case.find("system-out").text


def test_an_unfinished_run_is_never_green():
    proved = RECORD.model_copy(update={"statements": RECORD.statements[:1]})
    root = ET.fromstring(junit.render(proved))
    assert root.get("errors") == "1"
    assert root.find("testsuite/testcase/error").get("type") == "incomplete"
    finished = ET.fromstring(junit.render(proved.model_copy(update={"complete": True})))
    assert finished.get("errors") == "0"


def test_evidence_has_a_row_each_and_numbers_come_back_exactly():
    rows = list(csv.DictReader(io.StringIO(evidence_csv.render(RECORD))))
    wanted = [(item.id, row) for item in RECORD.statements for row in item.evidence]
    assert len(rows) == len(wanted)
    for row, (identifier, item) in zip(rows, wanted, strict=True):
        assert row["statement"] == identifier
        for name in ("value", "lo", "hi"):
            expected = getattr(item, name)
            assert row[name] == "" if expected is None else float(row[name]) == expected
        assert row["trials"] == ("" if item.trials is None else str(item.trials))


def test_evidence_text_is_no_formula_and_stays_on_its_line():
    text = evidence_csv.render(RECORD)
    assert len(text.splitlines()) == 1 + sum(len(item.evidence) for item in RECORD.statements)
    row = list(csv.DictReader(io.StringIO(text)))[-2]
    assert row["part"] == "'=1+1"
    assert row["point"] == '\'@x, "quoted"\\x0aline'
    assert row["quantity"] == "'-q"


def test_write_all_and_render_from_agree_byte_for_byte(tmp_path):
    first = render.write_all(RECORD, tmp_path / "new" / "folder")
    assert sorted(first) == ["evidence.csv", "junit.xml", "record.json", "report.html", "report.md"]
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == sorted(first)
    before = {name: path.read_bytes() for name, path in first.items()}
    assert before["record.json"] == SAMPLE.read_bytes()
    assert b"\r" not in before["report.html"]
    again = render.render_from(tmp_path / "new" / "folder")
    assert {name: path.read_bytes() for name, path in again.items()} == before


def test_the_order_of_keys_in_the_file_does_not_matter(tmp_path):
    def turned(node):
        if isinstance(node, dict):
            return {key: turned(node[key]) for key in reversed(list(node))}
        return [turned(item) for item in node] if isinstance(node, list) else node

    one, two = tmp_path / "one", tmp_path / "two"
    render.write_all(RECORD, one)
    two.mkdir()
    (two / "record.json").write_text(json.dumps(turned(json.loads(SAMPLE.read_text()))), encoding="utf-8")
    for name, path in render.render_from(two).items():
        assert path.read_bytes() == (one / name).read_bytes()


def test_a_failing_report_keeps_the_record_and_leaves_no_half_file(tmp_path, monkeypatch):
    def broken(record):
        raise RuntimeError("no ink")

    monkeypatch.setitem(render.RENDERERS, "report.html", broken)
    with pytest.raises(RuntimeError, match="no ink"):
        render.write_all(RECORD, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    assert load(tmp_path / "record.json") == RECORD


def test_a_failed_write_keeps_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        render.write_atomically(target, "\ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_render_from_a_folder_without_a_record(tmp_path):
    with pytest.raises(RecordError, match=r"record\.json: expected a run record"):
        render.render_from(tmp_path)
