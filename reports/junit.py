"""The verdicts as JUnit XML, so that any continuous-integration system can show them.

One test suite per paper, one test case per statement. With a known verdict: the same verdict is a passing
test (also a known refutation), another one a failure. Without one: fail is a failure. No verdict
(inconclusive, blind, error) is an error, except a known 'inconclusive'. A run that did not finish is an
error of its own.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from reports import words
from reports.schema import Record, Statement


def render(record: Record) -> str:
    """The XML document as text ending in a newline; the same record gives the same text."""
    root = ET.Element("testsuites", {"name": words.visible(record.tool.name)})
    for key, statements in words.by_paper(record):
        _suite(root, record, words.paper_heading(record, key), [_case(record, item) for item in statements])
    if not record.complete:
        case = ET.Element("testcase", {"classname": "run", "name": "the run is complete", "time": "0.000"})
        notice = words.incomplete_notice(record) or ""
        ET.SubElement(case, "error", {"type": "incomplete", "message": notice}).text = notice
        _suite(root, record, "run", [case])
    _count(root, list(root.iter("testcase")))
    root.set("time", f"{record.timing.wall_seconds:.3f}")
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def judge(statement: Statement) -> str:
    """'pass', 'failure' or 'error': what the test case of a statement is."""
    agrees = words.agrees_with_known(statement)
    if statement.outcome == "none":
        return "pass" if agrees and statement.verdict == "inconclusive" else "error"
    if agrees is None:
        return "failure" if statement.outcome == "fail" else "pass"
    return "pass" if agrees else "failure"


def _suite(root: ET.Element, record: Record, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": words.line(name)})
    _count(suite, cases)
    suite.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")
    suite.set("timestamp", words.visible(record.started))
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("seed", str(record.seed)),
        ("profile", record.profile),
        ("version", record.tool.version),
        ("alpha.refute", repr(record.alpha.refute)),
        ("alpha.support", repr(record.alpha.support)),
        ("complete", str(record.complete).lower()),
    ):
        _property(properties, key, value)
    suite.extend(cases)


def _count(node: ET.Element, cases: list[ET.Element]) -> None:
    node.set("tests", str(len(cases)))
    node.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    node.set("errors", str(sum(case.find("error") is not None for case in cases)))
    node.set("skipped", "0")


def _case(record: Record, item: Statement) -> ET.Element:
    case = ET.Element(
        "testcase",
        {
            "classname": words.visible(item.paper),
            "name": words.visible(item.id),
            "time": f"{record.timing.seconds.get(item.id, 0.0):.3f}",
        },
    )
    properties = ET.SubElement(case, "properties")
    _property(properties, "outcome", item.outcome)
    _property(properties, "verdict", item.verdict)
    _property(properties, "provenance", item.provenance)
    if item.known:
        _property(properties, "known", item.known.verdict)
    status = judge(item)
    if status != "pass":
        message = f"{item.verdict}: {words.line(item.reason)}"
        if item.known and words.agrees_with_known(item) is False:
            message = f"{message} (known: {item.known.verdict})"
        ET.SubElement(case, status, {"type": item.verdict, "message": message}).text = _details(item)
    ET.SubElement(case, "system-out").text = _details(item)
    return case


def _property(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, "property", {"name": name, "value": words.visible(value)})


def _details(item: Statement) -> str:
    """The verdict and what it rests on, as plain text."""
    rows = [
        f"{item.id}: {words.verdict_label(item.outcome, item.verdict)}",
        item.reason,
        f"source: {item.citation} ({item.provenance})",
        words.provenance_notice(item.provenance, item.paper),
        *(f"note: {notice}" for notice in item.notices),
        f"controls: {words.controls_summary(item)}",
    ]
    if item.witness:
        rows += [
            f"witness: {words.where(item.witness.inputs)}",
            f"claimed: left {item.witness.relation} right",
            f"left: {item.witness.lhs}",
            f"right: {item.witness.rhs}",
            f"replay: {words.replay_command(item)}",
        ]
    return "\n".join(words.visible(row) for row in rows if row)
