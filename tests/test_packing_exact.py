"""Exact ground of the packing bounds: reading cosines, Gegenbauer polynomials, Sturm sequences."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
import sympy as sp
from flint import fmpq, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import precision
from bounds.packing import gegenbauer, rational_above, rational_below, read_cosine, real_cosine, sturm

SETTINGS = settings(deadline=None, derandomize=True, max_examples=60)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", sp.Rational(1, 10)),
        ("-.25", sp.Rational(-1, 4)),
        ("1e-3", sp.Rational(1, 1000)),
        ("3/7", sp.Rational(3, 7)),
        ("1/sqrt(5)", 1 / sp.sqrt(5)),
        ("(1+sqrt(5))/4", (1 + sp.sqrt(5)) / 4),
        ("cos(2*pi/5)", (sp.sqrt(5) - 1) / 4),
        ("2**(-1/2)", 1 / sp.sqrt(2)),
        ("-1", sp.Integer(-1)),
        (0.1, sp.Rational(*(0.1).as_integer_ratio())),
        (Fraction(2, 3), sp.Rational(2, 3)),
    ],
)
def test_cosines_are_read_exactly(text, value):
    assert sp.simplify(read_cosine(text) - value) == 0


@pytest.mark.parametrize(
    "bad",
    [
        *("1", "-1.5", "x", "sqrt(-1)", "1/0", "__import__('os')", "9**9**9", "1e99999", "cos(1", ""),
        *("1j", True, None, float("nan"), float("inf"), "0.5 if 1 else 0", "10**64**64"),
        *("(((2**64)**64)**64)/2", "a" * 500),
    ],
)
def test_bad_cosines_are_refused_with_a_sentence(bad):
    with pytest.raises(ValueError, match="max cosine"):
        read_cosine(bad)


@pytest.mark.parametrize("text", ["1/sqrt(5)", "cos(2*pi/7)", "(1+sqrt(5))/4", "-sqrt(2)/2"])
def test_neighbouring_rationals_enclose_an_irrational_cosine(text):
    low, high = rational_below(text, 100), rational_above(text, 100)
    assert 0 < high - low < Fraction(1, 2**98)
    with precision(300):
        assert low < real_cosine(text) < high


def test_a_rational_cosine_is_its_own_neighbour():
    assert rational_above("0.3") == rational_below("0.3") == Fraction(3, 10)


@pytest.mark.parametrize("n", [2, 3, 4, 8, 24, 64])
def test_gegenbauer_values_agree_with_scipy(n):
    t = np.linspace(-1, 1, 41)
    for k in (0, 1, 2, 5, 12):
        if n == 2:
            reference = scipy.special.eval_chebyt(k, t)
        else:
            c = scipy.special.eval_gegenbauer
            reference = c(k, n / 2 - 1, t) / c(k, n / 2 - 1, 1.0)
        np.testing.assert_allclose(gegenbauer.matrix(n, t, 12)[:, k], reference, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_exact_gegenbauer_polynomials_agree_with_sympy(n):
    x = sp.Symbol("x")
    for k, p in zip(range(8), gegenbauer.polynomials(n), strict=False):
        order = sp.Rational(n - 2, 2)
        reference = sp.chebyshevt(k, x) if n == 2 else sp.gegenbauer(k, order, x) / sp.gegenbauer(k, order, 1)
        coefficients = sp.Poly(sp.expand(sp.simplify(reference)), x).all_coeffs()[::-1]
        assert [sp.Rational(int(c.p), int(c.q)) for c in p.coeffs()] == coefficients
        assert p(fmpq(3, 7)) == gegenbauer.values(n, fmpq(3, 7), k)[k]


@pytest.mark.parametrize(("n", "size"), [(3, 7), (5, 12), (8, 20)])
def test_gegenbauer_matrices_of_random_codes_are_positive_semidefinite(n, size):
    points = np.random.default_rng(n).normal(size=(size, n))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    table = gegenbauer.matrix(n, (points @ points.T).ravel(), 9)
    for k in range(10):
        assert np.linalg.eigvalsh(table[:, k].reshape(size, size)).min() > -1e-10


coefficients = st.lists(st.fractions(-3, 3, max_denominator=9), min_size=1, max_size=7)


@SETTINGS
@given(coefficients, st.integers(2, 9))
def test_expansion_and_combination_are_inverse(c, n):
    polynomial = gegenbauer.combine(n, c)
    back = gegenbauer.expand(n, polynomial)
    assert all(a == b for a, b in zip(back, c, strict=False))
    assert not any(c[len(back) :])


roots = st.lists(
    st.tuples(st.fractions(-2, 2, max_denominator=8), st.integers(1, 3)),
    min_size=1,
    max_size=5,
    unique_by=lambda r: r[0],
)


@SETTINGS
@given(roots, st.fractions(-1, Fraction(9, 10), max_denominator=10), st.sampled_from([1, -1]), st.booleans())
def test_signs_are_decided_from_the_roots(found, hi, sign, definite):
    lo = Fraction(-1)
    if hi == lo:
        return
    f = fmpq_poly([sign])
    for root, times in found:
        f *= fmpq_poly([fmpq(-root.numerator, root.denominator), 1]) ** times
    if definite:
        f *= fmpq_poly([1, 0, 1])
    # Oracle: the sign changes at roots of odd order strictly inside, and at the middle between neighbours.
    cuts = sorted({lo, hi, *(r for r, _ in found if lo < r < hi)})
    middles = [(a + b) / 2 for a, b in itertools.pairwise(cuts)]
    expected = all(f(fmpq(m.numerator, m.denominator)) > 0 for m in middles)
    assert sturm.nonnegative(f, lo, hi) is expected
    odd = sturm.odd_part(f)
    inside = [r for r, times in found if times % 2 and lo < r <= hi]
    assert sturm.roots_between(odd, lo, hi) == len(inside)


def test_an_empty_interval_is_refused():
    with pytest.raises(ValueError, match="interval"):
        sturm.nonnegative(fmpq_poly([1, 1]), Fraction(1), Fraction(1))


def test_real_roots_agree_with_flint():
    f = gegenbauer.combine(5, [Fraction((-1) ** k, k + 1) for k in range(13)])
    found = [float(r.real) for r, _ in f.complex_roots() if r.imag == 0]
    for lo, hi in ((-1, 1), (-2, 0), (0, 3)):
        expected = sum(lo < r <= hi for r in found)
        assert sturm.roots_between(sturm.odd_part(f), Fraction(lo), Fraction(hi)) == expected
