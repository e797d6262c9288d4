"""Certificates: what the best bounds hand out is valid, and every kind is refused when tampered with."""

from __future__ import annotations

import copy
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from bounds.packing import Bound, CertificateError, best_angle_bounds, best_bounds, certify, make, real_cosine

DATA = Path(__file__).parent / "data"


def again(certificate):
    """The check of a certificate after a trip through JSON."""
    return certify(json.loads(json.dumps(certificate)))


@pytest.mark.parametrize(
    ("n", "s", "lower", "upper"),
    [
        (2, "cos(2*pi/7)", 7, 7),
        (3, "1/sqrt(5)", 6, 12),
        (3, "1/2", 6, 13),
        (3, "0", 6, 6),
        (5, "-1/3", 4, 4),
        (5, "-1/10", 6, 6),
        (4, "(1+sqrt(5))/4", 21, 120),
        (4, "1/2", 8, 25),
        (7, "1/3", 14, 56),
        (8, "0.5", 16, 240),
        (24, "1/2", 184, 196560),
    ],
)
def test_best_bounds_with_valid_certificates(n, s, lower, upper):
    methods = None if n < 8 else ("levenshtein", "linear-programming")
    found = best_bounds(n, s, methods=methods)
    assert (found.lower, found.upper) == (lower, upper)
    assert len({b.name for b in found.bounds if b.side == "upper"}) >= 2
    for b in found.bounds:
        assert (b.certificate is not None) == b.certified == (b.side != "asymptotic")
        if b.name != "simplex" and b.certified:
            assert again(b.certificate).valid, b


@pytest.mark.parametrize(
    ("n", "size", "exact"),
    [
        (2, 7, "cos(2*pi/7)"),
        (3, 12, "sqrt(5)/5"),
        (5, 6, "-1/5"),
        (5, 8, "0"),
        (8, 240, "1/2"),
        (7, 56, "1/3"),
    ],
)
def test_sharp_codes_have_their_exact_cosine_as_lower_bound(n, size, exact):
    found = best_angle_bounds(n, size, methods=("levenshtein", "fejes-toth"))
    best = found.best("lower")
    assert best.exact == str(sp.sympify(exact))
    assert found.lower <= found.upper
    assert all(again(b.certificate).valid for b in found.bounds if b.certified)


def test_bounds_on_the_cosine_of_13_points():
    found = best_angle_bounds(3, 13)
    assert found.best("lower").name == "linear-programming"
    assert (
        Fraction("0.4937") < found.lower < Fraction("0.5426364868296386") < found.upper
    )  # Musin, Tarasov 2012
    for b in found.bounds:
        assert again(b.certificate).valid
        # Oracle of the direction: no claim may contradict the optimal code.
        if b.side == "lower":
            assert float(b.value) < 0.5426364868296386


def test_the_simplex_bound_reaches_the_600_cell():
    found = best_angle_bounds(4, 120, methods=("simplex",))
    assert abs(float(found.lower) - math.cos(math.pi / 5)) < 1e-11
    assert again(found.best("lower").certificate).valid


def test_codes_at_hand_tighten_the_interval():
    code = Bound("icosahedron", "lower", 12, True, "a code")
    assert best_bounds(3, "1/sqrt(5)", methods=("levenshtein",), known=[code]).lower == 12
    plain = best_bounds(3, "1/sqrt(5)", methods=("levenshtein",))
    assert plain.with_known(code).best("lower") is code
    angle = best_angle_bounds(3, 9, methods=())
    assert angle.with_known(Bound("code", "upper", Fraction(1, 3), True, "")).upper == Fraction(1, 3)


@pytest.mark.parametrize(("n", "s"), [(1, "1/2"), (2.0, "1/2"), (3, "1"), (3, "zero"), (True, "1/2")])
def test_bad_input_is_one_sentence(n, s):
    with pytest.raises(ValueError, match=r"expected"):
        best_bounds(n, s)


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="size 1"):
        best_angle_bounds(3, 1)


# Tampering


def linear(n=5, s="2/5"):
    return best_bounds(n, s, methods=("linear-programming",)).best("upper").certificate


def by(kind, claim, n, s, size):
    return make(kind, claim, n, s, size)


TRUE = [
    by("rankin", "size_at_most", 5, "-1/3", 4),
    by("rankin", "cosine_at_least", 5, "-1/4", 5),
    by("rankin", "cosine_at_least", 5, "0", 7),
    by("circle", "size_at_most", 2, "cos(2*pi/7)", 7),
    by("circle", "cosine_at_least", 2, "cos(2*pi/7)", 7),
    by("circle", "cosine_at_least", 2, "0.6", 7),
    by("levenshtein", "size_at_most", 8, "1/2", 240),
    by("levenshtein", "cosine_at_least", 8, "1/2", 240),
    by("levenshtein", "cosine_at_least", 3, "1/sqrt(5)", 12),
    by("fejes-toth", "size_at_most", 3, "1/sqrt(5)", 12),
    by("fejes-toth", "cosine_at_least", 3, "0.71", 24),
    by("simplex", "size_at_most", 4, "1/2", 26),
    by("simplex", "cosine_at_least", 4, "0.809", 120),
    by("caps", "size_at_most", 8, "1/2", 788),
    by("caps", "cosine_at_least", 3, "0.43", 13),
    by("elementary", "size_at_least", 8, "0", 16),
    by("covering", "size_at_least", 24, "1/2", 184),
    by("random", "size_at_least", 24, "1/2", 93),
]
WRONG = {"size_at_most": -1, "cosine_at_least": -1, "size_at_least": 1}


@pytest.mark.parametrize("certificate", TRUE, ids=lambda c: f"{c['kind']}-{c['claim']}-{c['size']}")
def test_every_kind_holds_and_fails_one_point_further(certificate):
    assert again(certificate).valid
    size = certificate["size"] + WRONG[certificate["claim"]]
    result = again({**certificate, "size": size})
    assert not result.valid
    assert result.reason
    assert str(size) in result.statement


def test_a_larger_cosine_is_not_covered():
    assert again(by("rankin", "cosine_at_least", 5, "0", 11)).valid
    assert not again(by("rankin", "cosine_at_least", 5, "1/1000", 11)).valid
    assert not again({**by("levenshtein", "cosine_at_least", 8, "1/2", 240), "max_cosine": "0.5000001"}).valid
    assert not again({**by("levenshtein", "size_at_most", 8, "1/2", 240), "max_cosine": "0.501"}).valid
    assert not again(by("fejes-toth", "size_at_most", 4, "1/2", 1000)).valid
    assert not again(by("simplex", "size_at_most", 4, "-1/10", 1000)).valid


def _first_positive(coefficients):
    return next(k for k, c in enumerate(coefficients) if k and Fraction(c) > 0)


def test_tampered_polynomials_are_refused():
    true = linear()
    assert again(true).valid
    spoilt = []
    for change in ("raise", "lower", "negative", "constant", "shift", "upto", "size", "drop"):
        c = copy.deepcopy(true)
        k = _first_positive(c["coefficients"])
        if change == "raise":
            c["coefficients"][k] = str(Fraction(c["coefficients"][k]) * Fraction(101, 100))
        elif change == "lower":
            c["coefficients"][k] = str(Fraction(c["coefficients"][k]) * Fraction(99, 100))
        elif change == "negative":
            c["coefficients"][k] = "-1/1000"
        elif change == "constant":
            c["coefficients"][0] = "2"
        elif change == "shift":
            c["shift"] = str(Fraction(c["shift"]) - Fraction(1, 1000))
        elif change == "upto":
            c["max_cosine"] = "41/100"
        elif change == "size":
            c["size"] -= 1
        else:
            last = max(i for i, x in enumerate(c["coefficients"]) if Fraction(x) > 0)
            c["coefficients"] = c["coefficients"][:last]
        spoilt.append((change, again(c)))
    assert [change for change, result in spoilt if result.valid] == []
    assert not again({**true, "shift": "1"}).valid


def test_a_polynomial_proves_the_smaller_claim_about_cosines_only_below_its_value():
    true = linear()
    c = {**true, "claim": "cosine_at_least", "size": true["size"] + 1}
    assert again(c).valid
    assert not again({**c, "size": true["size"]}).valid


def test_codes_by_their_coordinates():
    cube = [[str(x), str(y), str(z)] for x in (1, -1) for y in (1, -1) for z in (1, -1)]
    true = make("code", "size_at_least", 3, "1/3", 8, points=cube)
    assert again(true).valid
    assert not again({**true, "max_cosine": "333/1000"}).valid
    assert not again({**true, "size": 9}).valid
    moved = copy.deepcopy(true)
    moved["points"][0][0] = "9/8"
    assert not again(moved).valid
    with pytest.raises(CertificateError, match="points"):
        again({**true, "points": [["1", "2"]]})


# The three-point bound


@pytest.fixture(scope="module")
def petersen():
    return json.loads((DATA / "three-point-petersen.json").read_text())


def test_ten_points_in_four_dimensions_by_the_three_point_bound(petersen):
    assert (petersen["dimension"], petersen["max_cosine"], petersen["size"]) == (4, "1/6", 10)
    assert certify(petersen).valid
    assert best_bounds(4, "1/6", methods=("linear-programming", "levenshtein")).upper >= 10
    assert not certify({**petersen, "size": 9}).valid


@pytest.mark.parametrize("change", ["w", "v1", "factor", "diagonal", "upto", "shape", "zero"])
def test_tampered_matrices_are_refused(petersen, change):
    c = copy.deepcopy(petersen)
    if change == "w":
        c["triple_gap"] = str(Fraction(c["triple_gap"]) * Fraction(11, 10))
    elif change == "v1":
        c["pair_max"] = str(Fraction(c["pair_max"]) * Fraction(9, 10))
    elif change == "factor":
        c["factors"][0][1][0] = str(Fraction(c["factors"][0][1][0]) + Fraction(1, 10))
    elif change == "diagonal":
        c["diagonal"][0] = "-1"
    elif change == "upto":
        c["max_cosine"] = "17/100"
    elif change == "shape":
        c["factors"] = c["factors"][:-1]
    else:
        c["triple_gap"] = "0"
    assert not certify(c).valid


def test_exact_polynomials_agree_with_the_sampled_matrices():
    from bounds.packing import three_point, three_point_hint

    rng = np.random.default_rng(3)
    for n, degree in ((3, 3), (5, 4)):
        factors = [rng.integers(-3, 4, size=(degree - k + 1, 2)).astype(object) for k in range(degree + 1)]
        matrices = three_point.squares([[[Fraction(int(x)) for x in row] for row in f] for f in factors])
        q = three_point.triple_polynomial(n, matrices)
        p = three_point.pair_polynomial(n, [Fraction(0)] * degree, matrices)
        for u, v, t in rng.uniform(-0.6, 0.6, size=(5, 3)):
            point = (np.array([u]), np.array([v]), np.array([t]))
            tables = three_point_hint.zonal(n, degree, *point)
            floats = [np.array(m, dtype=float) for m in matrices]
            reference = sum((z[0] * f).sum() for z, f in zip(tables, floats, strict=True))
            value = sum(float(c) * u**i * v**j * t**k for (i, j, k), c in q.items())
            assert value == pytest.approx(reference, rel=1e-9)
            tables = three_point_hint.zonal(n, degree, point[0], point[0], np.ones(1))
            reference = 3 * sum((z[0] * f).sum() for z, f in zip(tables, floats, strict=True))
            value = sum(float(c) * u**k for k, c in enumerate(map(_fraction, p.coeffs())))
            assert value == pytest.approx(reference, rel=1e-9)


def _fraction(c):
    return Fraction(int(c.p), int(c.q))


def test_sums_over_triples_of_random_codes_are_positive_semidefinite():
    # Bachoc, Vallentin 2008, Theorem 3.2: what makes the three-point bound a bound.
    from bounds.packing import three_point_hint

    points = np.random.default_rng(8).normal(size=(7, 4))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    gram = np.clip(points @ points.T, -1, 1)
    i, j, k = (a.ravel() for a in np.meshgrid(range(7), range(7), range(7), indexing="ij"))
    for table in three_point_hint.zonal(4, 4, gram[i, j], gram[i, k], gram[j, k]):
        assert np.linalg.eigvalsh(table.sum(axis=0)).min() > -1e-9


def test_subdivision_against_a_known_maximum():
    from bounds.packing import subdivision

    # u + v + t is largest at the corner (s, s, s), where the Gram determinant is positive.
    total = {(1, 0, 0): Fraction(1), (0, 1, 0): Fraction(1), (0, 0, 1): Fraction(1), (2, 2, 2): Fraction(0)}
    s = Fraction(2, 5)
    assert subdivision.at_most(total, 3 * s + Fraction(1, 10**6), s).proved
    found = subdivision.at_most(total, 3 * s - Fraction(1, 100), s)
    assert not found.proved
    assert len(found.triples)
    assert (found.triples.sum(axis=1) > 3 * 0.4 - 0.01).all()
    # -(u + v + t) <= 3/2 holds only because three unit vectors have |x + y + z|^2 >= 0; the cube allows 3.
    negative = {key: -c for key, c in total.items()}
    assert subdivision.at_most(negative, Fraction(3, 2) + Fraction(1, 50), s).proved
    assert not subdivision.at_most(negative, Fraction(3, 2) - Fraction(1, 50), s).proved


@pytest.mark.slow
def test_the_kissing_number_in_four_dimensions():
    certificate = json.loads((DATA / "three-point-kissing-4.json").read_text())
    assert (certificate["dimension"], certificate["max_cosine"], certificate["size"]) == (4, "1/2", 24)
    assert certify(certificate).valid


@pytest.mark.slow
def test_the_three_point_bound_from_the_solver():
    pytest.importorskip("cvxpy")
    pytest.importorskip("clarabel")
    found = best_bounds(4, "1/6", sdp=4)
    assert found.upper == 10
    assert again(found.best("upper").certificate).valid
    assert best_bounds(3, "1/2", sdp=5).upper == 12
    angle = best_angle_bounds(4, 10, sdp=4, methods=("levenshtein",))
    assert Fraction(15, 100) < angle.lower <= Fraction(1, 6)
    assert again(angle.best("lower").certificate).valid


# Not certificates


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "other"}, "format"),
        ({"dimension": 1}, "dimension"),
        ({"dimension": "8"}, "dimension"),
        ({"dimension": True}, "dimension"),
        ({"size": 0}, "size"),
        ({"size": 1.5}, "size"),
        ({"claim": "everything"}, "claim"),
        ({"kind": "magic"}, "kind"),
        ({"kind": "fejes-toth", "claim": "size_at_least"}, "kind"),
        ({"max_cosine": 0.5}, "max_cosine"),
        ({"max_cosine": "2"}, "max cosine"),
        ({"coefficients": None}, "coefficients"),
        ({"coefficients": ["1", "0.5"]}, "coefficients"),
        ({"coefficients": ["1", "1/0"]}, "coefficients"),
        ({"coefficients": ["1", 2]}, "coefficients"),
        ({"shift": None}, "shift"),
        ({"upto": "x"}, "upto"),
    ],
)
def test_what_is_not_a_certificate_is_named(change, sentence):
    with pytest.raises(CertificateError, match=sentence):
        certify({**linear(3, "1/3"), **change})


@pytest.mark.parametrize("bad", [None, [], "x", {}, 3])
def test_other_json_is_not_a_certificate(bad):
    with pytest.raises(CertificateError, match="format"):
        certify(bad)


def test_statements_are_in_words():
    words = certify(by("rankin", "cosine_at_least", 3, "-1/3", 4)).statement
    assert words == "codes of 4 points on S^2 have max cosine >= -1/3"
    assert real_cosine("-1/3") == Fraction(-1, 3)
