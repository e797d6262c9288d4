"""Quantities of packing bounds: linear programming, Levenshtein's bounds, table rows, certified intervals.

Scalars of a point: ``n`` dimension, ``s`` max cosine (rational), ``k`` an index as in the papers, ``degree``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from flint import ctx, fmpq

from bounds import packing
from bounds.exact import Real
from bounds.packing import extremal, gegenbauer, linear, sturm
from simulations.codes import known
from verify import certified
from verify.code_profiles import number, one, real, scalar, view, view_of
from verify.instances import Array, Instances
from verify.vocabulary import quantity

ROWS = tuple(row for row in known().values() if row.n <= 24)
"""The rows of the table of good codes in up to 24 dimensions, in the order of the file."""


def row_cosine(row: Any) -> Fraction:
    """The max cosine of a row as a rational: exact where the number is a small fraction, else rounded up."""
    near = Fraction(row.max_cosine).limit_denominator(1000)
    if abs(float(near) - row.max_cosine) < 1e-15:
        return near
    return Fraction(math.ceil((row.max_cosine + row.tolerance) * 10**12), 10**12)


@cache
def largest_known(n: int, s: Fraction) -> int:
    """The most points of a table row in dimension n whose max cosine is at most s; 2 where there is none."""
    return max([row.N for row in ROWS if row.n == n and row_cosine(row) <= s], default=2)


def fraction(b: Instances, name: str) -> Fraction:
    """A rational scalar of the point."""
    found: Fraction = b.scalars[name][0].fraction
    return found


@quantity("codes_known", "most points of a table row with max cosine at most s")
def known_size(b: Instances) -> Array:
    return one(largest_known(scalar(b, "n"), fraction(b, "s")))


# -- polynomials -------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def polynomial(n: int, degree: int, s: Fraction) -> Any:
    """Levenshtein's polynomial of this degree at s, whether or not s lies in its interval."""
    return extremal.levenshtein_polynomial(n, degree, s)


@lru_cache(maxsize=2048)
def coefficients(n: int, degree: int, s: Fraction) -> list[Fraction]:
    """Gegenbauer coefficients of that polynomial."""
    return gegenbauer.expand(n, polynomial(n, degree, s).polynomial)


def _polynomial_of(b: Instances) -> tuple[int, int, Fraction]:
    return scalar(b, "n"), scalar(b, "degree"), fraction(b, "s")


@quantity("codes_f_0", "constant Gegenbauer coefficient f_0 of the polynomial", real=True)
def f_0(b: Instances) -> Array:
    return one(coefficients(*_polynomial_of(b))[0])


@quantity("codes_f_least", "least Gegenbauer coefficient f_k, k >= 1, of the polynomial", real=True)
def f_least(b: Instances) -> Array:
    return one(min(coefficients(*_polynomial_of(b))[1:]))


@quantity("codes_f_1", "value of the polynomial at 1", real=True)
def f_1(b: Instances) -> Array:
    return one(sum(coefficients(*_polynomial_of(b)), Fraction(0)))


@lru_cache(maxsize=2048)
def never_positive(n: int, degree: int, s: Fraction) -> bool:
    """Whether that polynomial is <= 0 on [-1, s], by Sturm sequences."""
    return sturm.nonnegative(-polynomial(n, degree, s).polynomial, Fraction(-1), s)


@quantity("codes_f_positive", "1 if the polynomial is positive somewhere on [-1, s], else 0")
def f_positive(b: Instances) -> Array:
    return one(0 if never_positive(*_polynomial_of(b)) else 1)


@quantity("codes_lp_in_degree", "optimum of the linear programme over polynomials of at most the degree")
def lp_in_degree(b: Instances) -> Array:
    """Between 1/rho of the quadrature rule on the nodes of Levenshtein's polynomial and f(1)/f_0 of that
    polynomial, which must be admissible; exact where the two agree.
    """
    n, degree, s = _polynomial_of(b)
    c = coefficients(n, degree, s)
    if c[0] <= 0 or min(c) < 0 or not never_positive(n, degree, s):
        raise ArithmeticError("the polynomial is not admissible")
    low = 1 / extremal.quadrature(n, polynomial(n, degree, s), degree).rho
    return one(Real.between(low, sum(c, Fraction(0)) / c[0]))


# -- the optimum of the linear programme -----------------------------------------------------------------


@lru_cache(maxsize=256)
def hint(n: int, s: Fraction, degree: int) -> linear.Hint:
    """The solver's solution by cutting planes."""
    return linear.solve(n, float(s), degree)


@lru_cache(maxsize=256)
def proof(n: int, s: Fraction, degree: int) -> linear.Proof:
    """An exact proof from it, the sharp one where its touching points are recognised."""
    found = hint(n, s, degree)
    return linear.snapped_proof(n, s, found) or linear.prove(n, s, list(found.coefficients))


@lru_cache(maxsize=256)
def dual(n: int, s: Fraction, degree: int) -> extremal.Dual:
    """An exactly feasible measure of the dual programme."""
    return extremal.dual(n, s, degree, hint(n, s, degree))


_SHARP_KISSING = {8: "E8", 24: "leech"}


@lru_cache(maxsize=256)
def enclosure(n: int, degree: int, s: Fraction) -> tuple[Fraction, Fraction]:
    """Ends of an interval that holds the optimum of the linear programme in this degree.

    Above: a proved bound.  Below: a feasible measure of the dual programme, checked exactly; for the sharp
    kissing configurations what one point of the code sees is such a measure.
    """
    high = proof(n, s, degree).value
    if n in _SHARP_KISSING and s == Fraction(1, 2):
        seen = view_of(number(_SHARP_KISSING[n]))
        nodes = [t.fraction or Fraction(0) for t in seen.cosines]
        found = extremal.Dual(nodes, [Fraction(c) for c in seen.counts], degree)
    else:
        found = dual(n, s, degree)
    if min(extremal.dual_moments(n, found.nodes, found.weights, degree)) < -1 or min(found.weights) < 0:
        raise ArithmeticError("the measure is not feasible")
    if not all(-1 <= t <= s for t in found.nodes):
        raise ArithmeticError("the measure leaves [-1, s]")
    return found.value, high


@quantity(
    "codes_lp_optimum", "optimum of the linear programme over polynomials of at most the degree, enclosed"
)
def lp_optimum(b: Instances) -> Array:
    return one(Real.between(*enclosure(*_polynomial_of(b))))


# -- Levenshtein's bounds --------------------------------------------------------------------------------


@quantity("codes_binomial_odd", "binomial(k+n-3, k-1)")
def binomial_odd(b: Instances) -> Array:
    n, k = scalar(b, "n"), scalar(b, "k")
    return one(math.comb(k + n - 3, k - 1))


@quantity("codes_binomial_even", "binomial(k+n-2, k)")
def binomial_even(b: Instances) -> Array:
    n, k = scalar(b, "n"), scalar(b, "k")
    return one(math.comb(k + n - 2, k))


def _gegenbauer(b: Instances, shift: int) -> Array:
    k, s = scalar(b, "k") + shift, fraction(b, "s")
    value = gegenbauer.values(scalar(b, "n"), fmpq(s.numerator, s.denominator), max(k, 1))[k]
    return one(Fraction(int(value.p), int(value.q)))


@quantity("codes_P_before", "P_{k-1}(s)", real=True)
def p_before(b: Instances) -> Array:
    return _gegenbauer(b, -1)


@quantity("codes_P_k", "P_k(s)", real=True)
def p_here(b: Instances) -> Array:
    return _gegenbauer(b, 0)


@quantity("codes_P_after", "P_{k+1}(s)", real=True)
def p_after(b: Instances) -> Array:
    return _gegenbauer(b, 1)


@lru_cache(maxsize=8192)
def _zero_gap(n: int, k: int, even: bool, s: Fraction, _precision: int) -> Real:
    return extremal.largest_zero_gap(extremal.adjacent(n, k, even), s)


def _gap(b: Instances, k: int, even: bool) -> Array:
    n, s = scalar(b, "n"), fraction(b, "s")
    return one(s + 1 if k == 0 else _zero_gap(n, k, even, s, ctx.prec))


@lru_cache(maxsize=1024)
def _continuous(n: int, degree: int) -> bool:
    return bool(extremal.jump(n, degree) == 0)


@quantity("codes_jump_odd", "0 if L_{2k-1} = L_{2k} at t10(k), else 1")
def jump_odd(b: Instances) -> Array:
    return one(0 if _continuous(scalar(b, "n"), 2 * scalar(b, "k") - 1) else 1)


@quantity("codes_jump_even", "0 if L_{2k} = L_{2k+1} at t11(k), else 1")
def jump_even(b: Instances) -> Array:
    return one(0 if _continuous(scalar(b, "n"), 2 * scalar(b, "k")) else 1)


@quantity("codes_above_t11_before", "s - t11(k-1), t11(0) = -1", real=True)
def above_t11_before(b: Instances) -> Array:
    return _gap(b, scalar(b, "k") - 1, True)


@quantity("codes_above_t10", "s - t10(k)", real=True)
def above_t10(b: Instances) -> Array:
    return _gap(b, scalar(b, "k"), False)


@quantity("codes_above_t11", "s - t11(k)", real=True)
def above_t11(b: Instances) -> Array:
    return _gap(b, scalar(b, "k"), True)


@lru_cache(maxsize=4096)
def level(n: int, s: Fraction) -> tuple[int, Fraction]:
    """The degree whose interval contains s, and the exact value of Levenshtein's bound."""
    at = fmpq(s.numerator, s.denominator)
    degree = extremal.degree_at(n, s)
    value = extremal.value(n, degree, at)
    return degree, Fraction(int(value.p), int(value.q))


@quantity("codes_levenshtein", "Levenshtein's bound L(n, s)")
def levenshtein_bound(b: Instances) -> Array:
    return one(level(scalar(b, "n"), fraction(b, "s"))[1])


def _exponent(n: int, s: Fraction) -> Array:
    return one(Real(level(n, s)[1]).log() / (n * Real(2).log()))


@quantity("codes_exponent", "(1/n) log2 L(n, s)")
def exponent(b: Instances) -> Array:
    return _exponent(scalar(b, "n"), fraction(b, "s"))


@quantity("codes_exponent_before", "(2/n) log2 L(n/2, s), the exponent in half the dimension")
def exponent_before(b: Instances) -> Array:
    return _exponent(scalar(b, "n") // 2, fraction(b, "s"))


# -- searches for better codes ---------------------------------------------------------------------------

STARTS, DESCENTS = 24, 8


@quantity("codes_found", "max cosine of the best of N points in R^n that the optimiser finds, from above")
def found(b: Instances) -> Array:
    return one(certified.found_cosine(scalar(b, "n"), scalar(b, "N"), STARTS))


@quantity("codes_descended", "max cosine of the best of eight annealed codes of N points in R^n, from above")
def descended(b: Instances) -> Array:
    return one(certified.descended_cosine(scalar(b, "n"), scalar(b, "N"), DESCENTS))


# -- certified intervals ----------------------------------------------------------------------------------


@quantity(
    "codes_size_interval", "A(n, s), from the number of points of a constructed code to the best proved bound"
)
def size_interval(b: Instances) -> Array:
    """At the max cosine of the code, which is exact; ``code`` and ``k`` name the code."""
    seen = view(b)
    return one(certified.size_interval(seen.size, seen.n, _text(seen.cosines[0])))


def _text(s: Any) -> str:
    return str(s.ring.number(s.coefficients))


@quantity(
    "codes_optimum_gap",
    "max cosine of the code minus s*(n, N), from 0 to the distance to the best proved bound",
    real=True,
)
def optimum_gap(b: Instances) -> Array:
    """Exactly 0 where a bound in closed form is the code's max cosine."""
    seen = view(b)
    text = _text(seen.cosines[0])
    closed = certified.closed_cosine(seen.n, seen.size)
    if closed is not None and packing.same(closed, packing.read_cosine(text)):
        return one(0)
    return one(Real.between(0, real(seen.cosines[0]) - certified.least_cosine(seen.n, seen.size)))


@quantity("codes_optimum_resolution", "the width of the proved interval for s*(n, N)", real=True)
def optimum_resolution(b: Instances) -> Array:
    seen = view(b)
    return one(real(seen.cosines[0]) - certified.least_cosine(seen.n, seen.size))
