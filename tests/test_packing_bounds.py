"""Packing bounds against published values, closed forms, quadrature and brute force."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real, escalate
from bounds.packing import asymptotic, elementary, existence, levenshtein, linear, rational_above, real_cosine
from bounds.packing.simplex import schlaefli, simplex_size

HALF = Fraction(1, 2)
TABLE = json.loads((Path(__file__).parent / "data" / "spherical-codes.json").read_text())["rows"]

# (n, N, s) of sharp codes: Cohn, Kumar 2007, Table 1
SHARP = [
    (5, 16, "1/5"),
    (6, 27, "1/4"),
    (7, 56, "1/3"),
    (8, 240, "1/2"),
    (21, 112, "1/9"),
    (21, 162, "1/7"),
    (22, 100, "1/11"),
    (22, 275, "1/6"),
    (22, 891, "1/4"),
    (23, 552, "1/5"),
    (23, 4600, "1/3"),
    (24, 196560, "1/2"),
]


def close(value, expected, tolerance=1e-12):
    return abs(float(value) - expected) <= tolerance * max(1.0, abs(expected))


# Rankin, circle, Fejes Toth


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_rankin_sizes_agree_with_the_simplex_inequality(n):
    # Oracle: N points with inner products <= s < 0 have 0 <= |sum|^2 <= N + N (N-1) s, and at most n + 1 fit.
    for s in (Fraction(-a, 24) for a in range(1, 25)):
        most = max(k for k in range(1, n + 2) if k + k * (k - 1) * s >= 0)
        assert elementary.rankin_size(n, s) == most
    assert elementary.rankin_size(n, 0) == 2 * n


def test_rankin_cosines_are_those_of_simplex_and_cross_polytope():
    for n, size in ((3, 2), (3, 4), (6, 7)):
        gram = np.eye(size) - np.ones((size, size)) / size
        assert close(elementary.rankin_cosine(n, size), gram[0, 1] / gram[0, 0])
    assert elementary.rankin_cosine(3, 5) == elementary.rankin_cosine(3, 6) == 0
    with pytest.raises(ValueError, match="at most 6"):
        elementary.rankin_cosine(3, 7)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 11, 12, 30])
def test_regular_polygons_are_met_exactly(size):
    s = elementary.circle_cosine(size)
    assert elementary.circle_size(s) == size
    assert elementary.circle_size(rational_above(s) + Fraction(1, 10**12)) == size
    if size > 2:
        assert elementary.circle_size(s - sp.Rational(1, 10**12)) == size - 1


def test_circle_by_brute_force():
    # N equal arcs are best, so A(2, s) is the largest N whose largest cosine, over all pairs, is <= s.
    for s in np.linspace(-0.95, 0.97, 13):
        sizes = [
            k for k in range(2, 40) if max(math.cos(2 * math.pi * j / k) for j in range(1, k)) <= s + 1e-15
        ]
        assert elementary.circle_size(float(s)) == max(sizes, default=2)


@pytest.mark.parametrize(("size", "s"), [(3, "-1/2"), (4, "-1/3"), (6, "0"), (12, "1/sqrt(5)")])
def test_fejes_toth_is_sharp_for_triangle_tetrahedron_octahedron_icosahedron(size, s):
    assert elementary.fejes_toth_cosine(size).contains(real_cosine(s).midpoint())
    if size > 3:
        assert close(elementary.fejes_toth_size(real_cosine(s)), size)


# Levenshtein


@pytest.mark.parametrize(("n", "size", "s"), SHARP)
def test_levenshtein_is_exact_on_sharp_codes(n, size, s):
    assert levenshtein.levenshtein(n, real_cosine(s)).value.fraction == size
    found = levenshtein.levenshtein_cosine(n, size)
    assert found.exact == sp.Rational(s)
    assert 0 <= Fraction(s) - found.low <= Fraction(1, 2**59)


def test_levenshtein_finds_the_icosahedron_and_its_certificate_is_exact():
    assert levenshtein.levenshtein_cosine(3, 12).exact == 1 / sp.sqrt(5)
    assert levenshtein.attains(3, 12, "1/sqrt(5)")
    assert not levenshtein.attains(3, 11, "1/sqrt(5)")
    assert levenshtein.attains(2, 7, "cos(2*pi/7)")


@pytest.mark.parametrize("n", [3, 4, 7, 24])
def test_levenshtein_of_low_degree_has_its_closed_forms(n):
    for s in (Fraction(a, 60) for a in range(-59, 60)):
        degree, value = levenshtein.levenshtein(n, Real(s))
        if degree <= 3:
            if degree == 1:
                expected = 1 - 1 / s
            elif degree == 2:
                expected = 2 * n * (1 - s) / (1 - n * s)
            else:
                expected = n * (1 - s) * (2 + (n + 1) * s) / (1 - n * s * s)
            assert value.fraction == expected
            assert {1: s <= Fraction(-1, n), 2: Fraction(-1, n) <= s <= 0, 3: s >= 0}[degree]


@pytest.mark.parametrize(("n", "s"), [(3, "1/3"), (4, "1/2"), (5, "1/4"), (8, "4/5"), (16, "1/6")])
def test_levenshtein_is_the_linear_programme_of_its_degree(n, s):
    degree, value = levenshtein.levenshtein(n, Real(Fraction(s)))
    assert close(linear.solve(n, float(Fraction(s)), degree).value, float(value), 1e-6)


def test_levenshtein_exponents_fall_towards_kabatiansky_levenshtein():
    exponents = [math.log2(float(levenshtein.levenshtein(n, Real(HALF)).value)) / n for n in (50, 100, 200)]
    limit = float(asymptotic.kl_exponent(Real(HALF)))
    assert exponents[0] > exponents[1] > exponents[2] > limit
    with pytest.raises(ArithmeticError, match="degree"):
        levenshtein.levenshtein(3, Real("0.99999"))


# Linear programming


@pytest.mark.parametrize(
    ("n", "degree", "value"),
    # Odlyzko, Sloane 1979; Conway, Sloane, SPLAG, Table 1.5: integers there, n = 3, 4 with decimals
    [
        (3, 14, 13.158),
        (4, 12, 25.558),
        (5, 14, 46.34),
        (6, 14, 82.63),
        (7, 14, 140.2),
        (9, 14, 380.1),
        (12, 16, 1416.1),
        (16, 18, 8313.8),
        (20, 18, 37974.0),
        (23, 18, 128095.9),
    ],
)
def test_kissing_bounds_by_linear_programming(n, degree, value):
    proof = linear.linear_bound(n, HALF, degree)
    assert close(proof.value, value, 5e-4)


@pytest.mark.parametrize(("n", "size", "degree"), [(8, 240, 6), (24, 196560, 10)])
def test_kissing_numbers_of_e8_and_leech_come_out_exactly(n, size, degree):
    assert linear.linear_bound(n, HALF, degree).value == size


def test_the_600_cell_needs_degree_17():
    s = rational_above("(1+sqrt(5))/4", 60)
    assert 120 <= linear.linear_bound(4, s, 17).value < 121
    assert linear.linear_bound(4, s, 12).value >= 121


@pytest.mark.parametrize(
    ("n", "size", "cosines"),
    [
        (8, 240, ["-1", "-1/2", "0", "1/2"]),
        (24, 196560, ["-1", "-1/2", "-1/4", "0", "1/4", "1/2"]),
        (7, 56, ["-1", "-1/3", "1/3"]),
        (6, 27, ["-1/2", "1/4"]),
        (5, 16, ["-3/5", "1/5"]),
        (22, 891, ["-1/2", "-1/8", "1/4"]),
        (23, 4600, ["-1", "-1/3", "0", "1/3"]),
        (22, 275, ["-1/4", "1/6"]),
    ],
)
def test_inner_products_of_sharp_codes_give_their_certificates(n, size, cosines):
    assert linear.product_proof(n, [Fraction(c) for c in cosines]).value == size


def test_wrong_inner_products_give_no_sharp_certificate():
    assert linear.product_proof(8, [Fraction(-1), Fraction(-1, 5), HALF]) is None or (
        linear.product_proof(8, [Fraction(-1), Fraction(-1, 5), HALF]).value > 240
    )


def test_proofs_hold_at_a_fine_grid_of_floats():
    proof = linear.linear_bound(5, Fraction(2, 5), 11)
    t = np.linspace(-1, 0.4, 5001)
    f = sum(float(c) * gegenbauer_scipy(5, k, t) for k, c in enumerate(proof.coefficients))
    assert f.max() <= float(proof.shift) + 1e-12
    assert min(proof.coefficients) >= 0


def gegenbauer_scipy(n, k, t):
    from scipy.special import eval_gegenbauer

    return eval_gegenbauer(k, n / 2 - 1, t) / eval_gegenbauer(k, n / 2 - 1, 1.0)


def test_a_hint_far_from_feasible_is_refused():
    with pytest.raises(ArithmeticError, match="exceeds 1"):
        linear.prove(4, HALF, [1.0, 5.0, 5.0])


def test_linear_programming_raises_the_cosine_of_13_points():
    start = levenshtein.levenshtein_cosine(3, 13).low
    proof = linear.linear_cosine(3, 13, 12, start)
    assert start < proof.upto < Fraction("0.5426364868296386")  # the optimum: Musin, Tarasov 2012
    assert proof.value < 13


# Simplex bound


@pytest.mark.parametrize("m", [2, 3, 4, 5, 8])
def test_schlaefli_function_of_the_orthant(m):
    assert schlaefli(m, Real(0)) == Fraction(1, math.factorial(m))
    near = schlaefli(m, Real(Fraction(1, 10**9)))
    assert abs(float(near) * math.factorial(m) - 1) < 1e-6


@pytest.mark.parametrize(("m", "cosine"), [(4, 0.2), (4, 0.3), (4, 0.3315), (4, 0.3333), (5, 0.15), (6, 0.1)])
def test_schlaefli_function_by_its_differential_recurrence(m, cosine):
    # 0.3315 and 0.3333 are next to the end 1/3 of the range, where another path of integration is taken.
    # F_{m}(a) = (2/pi) int F_{m-2}(b) d theta from arcsec(m-1)/2, sec 2b = sec 2 theta - 2 (Schlaefli 1858)
    def f(order, a):
        if order <= 3:
            return [1, 1, 2 * a / mpmath.pi, 2 * a / mpmath.pi - mpmath.mpf(1) / 3][order]
        start = mpmath.asec(order - 1) / 2

        def inner(x):  # theta = start + x^2 removes the square root at the lower end
            return 2 * x * f(order - 2, mpmath.asec(mpmath.sec(2 * (start + x * x)) - 2) / 2)

        return 2 / mpmath.pi * mpmath.quad(inner, [0, mpmath.sqrt(a - start)])

    reference = f(m, mpmath.acos(cosine) / 2)
    assert close(schlaefli(m, Real(cosine)), float(reference), 1e-9)


@pytest.mark.parametrize(("n", "size"), [(3, 13), (4, 26), (5, 48), (6, 85), (7, 146), (8, 244)])
def test_simplex_bounds_on_kissing_numbers(n, size):
    # Coxeter 1963
    assert elementary.floor_above(escalate(lambda: simplex_size(n, Real(HALF)), 64)) == size


@pytest.mark.parametrize(("n", "size", "s"), [(3, 12, "1/sqrt(5)"), (4, 120, "(1+sqrt(5))/4")])
def test_simplex_bound_is_sharp_where_simplices_tile(n, size, s):
    value = escalate(lambda: simplex_size(n, real_cosine(s)), 64)
    assert value.contains(size)
    assert value.upper() - value.lower() < Fraction(1, 10**9)


def test_simplex_bound_in_three_dimensions_is_fejes_toth():
    for s in ("1/10", "1/2", "9/10"):
        a, b = simplex_size(3, real_cosine(s)), elementary.fejes_toth_size(real_cosine(s))
        assert close(a, float(b), 1e-10)


# Caps, covering, random codes


@pytest.mark.parametrize("n", [2, 3, 4, 8, 24])
@pytest.mark.parametrize("s", [-0.6, 0.0, 0.3, 0.95])
def test_pair_law_by_quadrature(n, s):
    def area(lo, hi):
        return mpmath.quad(lambda x: mpmath.sin(x) ** (n - 2), [lo, hi])

    theta = mpmath.acos(s)
    value = escalate(lambda: existence.pair_tail(n, Real(s)))
    assert close(value, float(area(0, theta) / area(0, mpmath.pi)), 1e-10)


def test_pair_law_by_sampling():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 200_000, 5))
    cosine = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    p = float(existence.pair_tail(5, Real("0.3")))
    assert abs((cosine > 0.3).mean() - p) < 5 * math.sqrt(p / 200_000)


def test_lower_bounds_in_closed_form_on_the_sphere():
    # n = 3: a cap of angle theta has the area (1 - cos theta) / 2
    for s in (Fraction(1, 3), Fraction(1, 2), Fraction(99, 100)):
        assert existence.covering_size(3, s) == math.ceil(2 / (1 - s))
        p = (1 - s) / 2
        best = max(math.ceil(m - Fraction(m * (m - 1)) * p / 2) for m in range(1, 1000))
        assert existence.expurgated_size(3, s) == best
        union = max(m for m in range(1, 1000) if m * (m - 1) * p / 2 < Fraction(1, 10))
        assert existence.uniform_size(3, s, Fraction(1, 10)) == union


@pytest.mark.parametrize(("n", "s"), [(2, "1/2"), (3, "1/3"), (4, "1/2"), (8, "1/2"), (16, "3/10")])
def test_lower_bounds_stay_below_upper_bounds(n, s):
    lower = max(
        f(n, s) for f in (existence.covering_size, existence.expurgated_size, existence.elementary_size)
    )
    upper = float(levenshtein.levenshtein(n, real_cosine(s)).value)
    assert 1 <= lower <= upper
    assert lower <= float(elementary.cap_packing_size(n, real_cosine(s)))


def test_code_defect_finds_the_pair_that_is_too_close():
    plus = [list(p) for p in itertools.product([1, -1], repeat=3)]  # the cube: max cosine 1/3
    points = [[Fraction(x) for x in p] for p in plus]
    assert existence.code_defect(points, Fraction(1, 3)) == ""
    assert "larger" in existence.code_defect(points, Fraction(1, 3) - Fraction(1, 10**30))
    simplex = [p for p in points if p[0] * p[1] * p[2] == 1]  # every other vertex: -1/3
    assert existence.code_defect(simplex, Fraction(-1, 3)) == ""
    assert "larger" in existence.code_defect(simplex, Fraction(-1, 2))
    assert "zero" in existence.code_defect([*simplex, [Fraction(0)] * 3], Fraction(1, 2))


SETTINGS = settings(deadline=None, derandomize=True, max_examples=15)


@SETTINGS
@given(st.integers(3, 7), st.integers(2, 40), st.integers(0, 2**31))
def test_no_upper_bound_excludes_a_code_that_exists(n, size, seed):
    points = np.random.default_rng(seed).normal(size=(size, n))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    # Half of the codes are symmetric, which is where bounds are tightest.
    points = np.concatenate([points, -points]) if seed % 2 else points
    s = Fraction(float((points @ points.T - 2 * np.eye(len(points))).max())) + Fraction(1, 10**12)
    if s >= 1:
        return
    uppers = [levenshtein.levenshtein(n, Real(s)).value] if s < Fraction(95, 100) else []
    uppers.append(elementary.cap_packing_size(n, Real(s)))
    if s > 0 and n <= 4:
        uppers.append(escalate(lambda: simplex_size(n, Real(s)), 64))
    if n == 3 and s > Fraction(-1, 2):
        uppers.append(elementary.fejes_toth_size(Real(s)))
    assert all(len(points) <= float(u) + 1e-6 for u in uppers)


@SETTINGS
@given(st.integers(3, 10), st.fractions(Fraction(1, 20), Fraction(7, 10), max_denominator=40))
def test_linear_programming_lies_between_existence_and_levenshtein(n, s):
    degree, value = levenshtein.levenshtein(n, Real(s))
    proof = linear.linear_bound(n, s, degree + 2)
    assert existence.elementary_size(n, s) <= proof.value <= value.fraction * (1 + Fraction(1, 10**6))
    assert existence.covering_size(n, s) <= proof.value


# Growth with the dimension


def test_published_exponents():
    assert abs(float(asymptotic.kl_exponent(Real(HALF))) - 0.4014) < 5e-5
    localised = float(asymptotic.kl_localised_exponent(Real(HALF))) + math.log2(0.5) / 2
    assert abs(localised + 0.0990) < 1e-4
    s = Real("1/10")
    assert float(asymptotic.kl_localised_exponent(s)) == float(asymptotic.kl_exponent(s))


def test_leading_terms_of_lower_bounds():
    for n in (500, 2000):  # the next term of the cap area is of order tan(theta)^2 / n = 3 / n
        area = escalate(lambda n=n: existence.pair_tail(n, Real(HALF)), 512)
        assert 1 / n < float(1 / area / asymptotic.csw_leading(n, Real(HALF))) - 1 < 3 / n
    kissing = (
        math.sqrt(3 * math.pi / 8) * math.log(3 / (2 * math.sqrt(2))) * 10**1.5 * (2 / math.sqrt(3)) ** 10
    )
    assert close(asymptotic.jjp_leading(10, Real(HALF)), kissing)
    gain = float(asymptotic.gklp_leading(10, Real(HALF)) / asymptotic.jjp_leading(10, Real(HALF)))
    assert close(gain, math.log(1.5) / math.log(9 / 8))
    with pytest.raises(ValueError, match="growing dimension"):
        asymptotic.kl_exponent(Real(0))


# The table of known codes


def test_no_bound_contradicts_a_known_code():
    sharp = 0
    for n, size, s, status in TABLE:
        if size <= 2 * n:
            low = elementary.rankin_cosine(n, size)
        elif n == 2:
            low = Fraction(float(sp.N(elementary.circle_cosine(size), 30)))
        else:
            low = levenshtein.levenshtein_cosine(n, size).low
            if n == 3:
                low = max(low, escalate(lambda size=size: elementary.fejes_toth_cosine(size).lower()))
        assert low <= s + 2e-9, (n, size)
        sharp += status == "proven" and abs(float(low) - s) < 1e-9
    assert len(TABLE) == 112
    assert sharp >= 40


@pytest.mark.slow
def test_linear_programming_contradicts_no_known_code():
    for n, size, s, _ in TABLE:
        if n > 2 and size > 2 * n and n <= 24:
            start = levenshtein.levenshtein_cosine(n, size).low
            try:
                proof = linear.linear_cosine(n, size, 16, start)
            except ArithmeticError:
                continue
            assert start < proof.upto < Fraction(s + 1e-9), (n, size)
