"""`hopcheck code` and `hopcheck certify` as a user meets them, on a small stand-in for the codes."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from bounds.packing import CertificateError, make
from verify import certified, codes
from verify.cli import main


@dataclass(frozen=True)
class Code:
    name: str
    points: Any
    max_cosine: float
    max_cosine_exact: Any = None
    max_cosine_enclosure: Any = None


def e8() -> Code:
    roots = [np.array(p) for p in itertools.product([1, -1], repeat=8) if np.prod(p) > 0]
    for i, j in itertools.combinations(range(8), 2):
        for a, b in itertools.product([2, -2], repeat=2):
            roots.append(np.eye(8)[i] * a + np.eye(8)[j] * b)
    return Code("E8", np.array(roots) / np.sqrt(8), 0.5, sp.Rational(1, 2), (Fraction(1, 2),) * 2)


def cube() -> Code:
    points = np.array(list(itertools.product([1.0, -1.0], repeat=3)))
    return Code("optimised(3,8)", points, 1 / 3, None, (Fraction(1, 3), Fraction(1, 3)))


def icosahedron() -> Code:
    phi = (1 + 5**0.5) / 2
    rows = [np.roll([0, a, b * phi], k) for k in range(3) for a in (1, -1) for b in (1, -1)]
    s = 1 / sp.sqrt(5)
    low = Fraction(4472135954999579, 10**16)
    enclosure = (low, low + Fraction(1, 10**15))
    return Code("icosahedron", np.array(rows) / np.sqrt(1 + phi**2), float(s), s, enclosure)


KNOWN = {(8, 240): e8, (3, 12): icosahedron}
NAMES = {"E8": e8, "icosahedron": icosahedron}


def construct(name):
    if name not in NAMES:
        raise ValueError(f"no code {name}")
    return NAMES[name]()


def optimise(n, N, *, seed, budget, progress):
    if n == 3 and N <= 8:
        code = cube()
        return Code("optimised(3,8)", code.points[:N], 1 / 3, None, code.max_cosine_enclosure)
    points = np.random.default_rng(seed).normal(size=(N, n))
    return Code("random", points, 0.99999, None, (Fraction(9, 10), Fraction(99999, 100000)))


@pytest.fixture
def hopcheck(tmp_path, monkeypatch):
    stand_in = SimpleNamespace(
        best_known=lambda n, N: KNOWN[n, N]() if (n, N) in KNOWN else None,
        constructions=lambda n: [make_code() for (m, _), make_code in KNOWN.items() if m == n],
        construct=construct,
        optimise=optimise,
    )
    monkeypatch.setitem(sys.modules, "simulations.codes", stand_in)
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, list(args))


def test_stored_three_point_certificates_tighten_the_interval(hopcheck):
    """The kissing number of R^4 is 24 (Musin 2008); linear programming alone leaves 25."""
    found = hopcheck("code", "--dimension", "4", "--max-cosine", "0.5", "--json", "--certificate", "c.json")
    record = json.loads(found.output)
    assert record["size_upper_bound"] == 24
    upper = {b["name"]: b["value"] for b in record["bounds"] if b["certified"]}
    assert upper["three-point"] == 24
    assert int(upper["linear-programming"]) == 25
    assert hopcheck("certify", "c.json").exit_code == 0
    # A code for a smaller cosine is one for a larger cosine too, and never the other way round.
    assert [c["max_cosine"] for c in certified.size_certificates(4, sp.Rational(1, 3))] == ["1/2"]
    assert certified.size_certificates(4, sp.Rational(51, 100)) == []


def test_the_kissing_number_of_e8_with_certificates(hopcheck):
    found = hopcheck("code", "--dimension", "8", "--max-cosine", "0.5", "--json", "--certificate", "c.json")
    assert found.exit_code == 0, found.output
    record = json.loads(found.output)
    assert (record["size_lower_bound"], record["size_upper_bound"]) == (240, 240)
    assert record["size_lower_bound_from"] == "E8"
    assert {b["name"] for b in record["bounds"]} >= {
        "levenshtein",
        "linear-programming",
        "simplex",
        "covering",
    }
    assert all(
        isinstance(b["certified"], bool) and isinstance(b["value"], int | float) for b in record["bounds"]
    )
    checked = hopcheck("certify", "c.json")
    assert checked.exit_code == 0
    assert "linear-programming" in checked.output
    assert "some code of 240 points on S^7" in checked.output
    given = json.loads(Path("c.json").read_text())
    for c in given["certificates"]:
        c["size"] += 1 if c["claim"] == "size_at_least" else -1
    Path("c.json").write_text(json.dumps(given))
    spoilt = hopcheck("certify", "c.json")
    assert spoilt.exit_code == 1
    assert spoilt.output.count("NOT VALID") == len(given["certificates"])
    text = hopcheck("code", "--dimension", "3", "--max-cosine", "1/sqrt(5)").output
    assert "A(3, sqrt(5)/5) = 12" in text
    assert "a code of 12 points exists: icosahedron" in text


def test_the_icosahedron_is_optimal(hopcheck):
    args = ("code", "--dimension", "3", "--size", "12", "--json", "--coordinates", "--certificate", "c.json")
    record = json.loads(hopcheck(*args).output)
    assert record["optimal"] is True
    assert record["max_cosine_lower_bound_exact"] == "sqrt(5)/5"
    assert record["max_cosine_lower_bound"] <= record["max_cosine"] == pytest.approx(5**-0.5)
    points = np.array(record["code"])
    assert points.shape == (12, 3)
    assert (points @ points.T - np.eye(12)).max() == pytest.approx(record["max_cosine"])
    assert hopcheck("certify", "c.json").exit_code == 0
    text = hopcheck("code", "--dimension", "3", "--size", "12").output
    assert "the code is optimal" in text
    assert "icosahedron" in text


def test_an_optimised_code_is_certified_by_its_coordinates(hopcheck):
    args = ("code", "--dimension", "3", "--size", "8", "--json", "--certificate", "c.json")
    record = json.loads(hopcheck(*args).output)
    assert record["max_cosine_upper_bound_from"] == "optimised(3,8)"
    assert record["optimal"] is False
    assert (
        record["max_cosine_lower_bound"] < 0.2616
    )  # the square antiprism is optimal: Schuette, van der Waerden
    assert hopcheck("certify", "c.json").exit_code == 0
    given = json.loads(Path("c.json").read_text())
    code = next(c for c in given["certificates"] if c["kind"] == "code")
    code["points"][0] = code["points"][1]
    Path("one.json").write_text(json.dumps(code))
    assert hopcheck("certify", "one.json").exit_code == 1


def test_the_search_goes_up_while_codes_fit(hopcheck):
    args = ("code", "--dimension", "3", "--max-cosine", "1/3", "--json")
    record = json.loads(hopcheck(*args).output)
    assert record["size_lower_bound"] == 8  # from 6 by the stand-in optimiser: 7 and 8 fit, 9 do not
    assert json.loads(hopcheck(*args, "--no-search").output)["size_lower_bound"] == 6
    assert record["size_upper_bound"] >= 9


def test_without_a_code_the_bounds_alone_are_shown(hopcheck):
    args = ("code", "--dimension", "3", "--size", "20", "--no-search", "--json", "--coordinates")
    record = json.loads(hopcheck(*args).output)
    assert record["max_cosine"] is record["code"] is None
    assert 0 < record["max_cosine_lower_bound"] < record["max_cosine_upper_bound"] < 1
    assert "best code" not in hopcheck(*args[:-2]).output


def test_constructions_are_built_again(hopcheck):
    true = make("construction", "size_at_least", 8, "1/2", 240, construction="E8")
    assert codes.check(true).valid
    assert codes.check({**true, "dimension": 9}).valid  # the same code in a subspace
    for change in ({"size": 241}, {"max_cosine": "0.49"}, {"dimension": 7}, {"construction": "E9"}):
        assert not codes.check({**true, **change}).valid, change
    with pytest.raises(CertificateError, match="construction"):
        codes.check({**true, "construction": 3})
    with pytest.raises(CertificateError, match="claim"):
        codes.check({**true, "claim": "size_at_most"})


def test_codes_fit_exactly_at_their_cosine():
    assert codes.fits(icosahedron(), "1/sqrt(5)")
    assert codes.fits(icosahedron(), "0.4473")
    assert not codes.fits(icosahedron(), "0.4472")
    assert codes.fits(cube(), "1/3")
    assert not codes.fits(cube(), "333/1000")
    assert not codes.fits(Code("unknown", None, 0.1), "1/2")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("code", "--dimension", "3"), "expected one of --max-cosine"),
        (("code", "--dimension", "3", "--size", "5", "--max-cosine", "0"), "expected one of"),
        (("code", "--dimension", "3", "--max-cosine", "1"), "[-1, 1)"),
        (("code", "--dimension", "3", "--max-cosine", "os.system"), "expected an exact number"),
        (("code", "--dimension", "1", "--size", "2"), "--dimension"),
        (("code", "--dimension", "3", "--size", "1"), "--size"),
        (("code", "--dimension", "3", "--size", "6", "--certificate", "no/where.json"), "no/where.json"),
        (("certify", "missing.json"), "missing.json"),
        (("certify", "text.json"), "expected JSON"),
        (("certify", "list.json"), "expected a JSON object with format"),
        (("certify", "empty.json"), "expected a list of certificates"),
        (("certify", "other.json"), "expected a JSON object with format"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(hopcheck, args, sentence):
    Path("text.json").write_text("not json")
    Path("list.json").write_text("[1, 2]")
    Path("empty.json").write_text(json.dumps({"format": codes.FORMAT, "certificates": []}))
    Path("other.json").write_text("{}")
    found = hopcheck(*args)
    assert found.exit_code == 2, found.output
    assert sentence in found.output
    assert "Traceback" not in found.output
