"""decide() on hand-made evidence: every word of the vocabulary, and what beats what."""

from __future__ import annotations

import pytest

from verify.decide import decide
from verify.evidence import ControlEvidence, Evidence, PartEvidence, Witness

CAUGHT = [ControlEvidence("broken", "", True)]
MISSED = [ControlEvidence("broken", "", False)]


def part(**fields):
    return PartEvidence("part", **({"instances": 100, "admissible": 100} | fields))


def witness(certified=True):
    return Witness("part", {}, "a <= b", "2", "1", certified=certified)


@pytest.mark.parametrize(
    ("fields", "controls", "expected"),
    [
        ({}, CAUGHT, "not refuted"),
        ({}, MISSED, "blind"),
        ({"witness": witness()}, MISSED, "refuted"),
        ({"witness": witness(certified=False)}, CAUGHT, "not refuted"),
        ({"undefined": {}, "undefined_detail": "log of -1"}, CAUGHT, "undefined"),
        ({"admissible": 0}, CAUGHT, "unsatisfiable"),
        ({"admissible": 3}, CAUGHT, "inconclusive"),
        ({"undecided": 1}, CAUGHT, "inconclusive"),
        ({"proof": "by algebra"}, CAUGHT, "proved"),
        ({"supported": True}, CAUGHT, "supported"),
        ({"supported": False}, CAUGHT, "inconclusive"),
        ({"supported": True, "log_e_against": 50.0}, CAUGHT, "refuted"),
        ({"supported": True, "log_e_against": 5.0}, CAUGHT, "supported"),
    ],
)
def test_one_part(fields, controls, expected):
    assert decide(Evidence([part(**fields)], controls), 10.0).verdict == expected


def test_the_weakest_part_is_the_headline():
    parts = [part(proof="by algebra"), part(), part(witness=witness())]
    assert decide(Evidence(parts, CAUGHT), 10.0).verdict == "refuted"
    assert decide(Evidence(parts[:2], CAUGHT), 10.0).verdict == "not refuted"


def test_readings_do_not_decide():
    reading = part(witness=witness())
    reading.headline = False
    assert decide(Evidence([part(), reading], CAUGHT), 10.0).verdict == "not refuted"


def test_an_error_is_no_verdict():
    found = decide(Evidence([], [], error="ZeroDivisionError"), 10.0)
    assert (found.outcome, found.verdict) == ("none", "error")


def test_given_memories_that_do_not_meet_the_hypotheses_fail_nothing():
    found = decide(Evidence([part(admissible=0)], MISSED, given_memories=True), 10.0)
    assert found.verdict == "inconclusive"
