"""Extremal polynomials and measures of the linear programming bound, exactly.

Numbers may be Fractions or elements of a number field: whatever has ``+ - * /`` with integers and Fractions.
Coefficients are by the Gegenbauer polynomials P_0, P_1, ... of dimension n with P_k(1) = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_poly
from scipy.optimize import linprog

from bounds.exact import Real
from bounds.packing import gegenbauer, linear, sturm

_TIDY = 1 << 48
DEGREE_LIMIT = 4096


def times_root(n: int, c: Sequence[Any], a: Any) -> list[Any]:
    """Coefficients of (t - a) f(t) from those of f: t P_k = ((k+n-2) P_{k+1} + k P_{k-1})/(2k+n-2)."""
    out = [-(a * c[0])] + [-(a * x) for x in c[1:]] + [c[0] * 0]
    out[1] = out[1] + c[0]
    for k in range(1, len(c)):
        out[k + 1] = out[k + 1] + c[k] * Fraction(k + n - 2, 2 * k + n - 2)
        out[k - 1] = out[k - 1] + c[k] * Fraction(k, 2 * k + n - 2)
    return out


def product(n: int, roots: Sequence[Any], one: Any = Fraction(1)) -> list[Any]:
    """Coefficients of prod (t - a) over ``roots`` (with repetition); ``one`` is the unit of their field."""
    c = [one]
    for a in roots:
        c = times_root(n, c, a)
    return c


def sharp_roots(cosines: Sequence[Any]) -> list[Any]:
    """The roots of the certificate of a sharp code: its cosines, twice each but the largest and -1.

    ``cosines`` in falling order.  Source: Levenshtein 1979; Odlyzko, Sloane 1979; Cohn, Kumar 2007.
    """
    roots = [cosines[0]]
    for a in cosines[1:]:
        roots += [a] if a == -1 else [a, a]
    return roots


def eliminate(system: Sequence[Sequence[Any]]) -> list[Any]:
    """The solution of a regular linear system in a field, the right side being the last column."""
    rows = [list(row) for row in system]
    for i in range(len(rows)):
        pivot = next(r for r in range(i, len(rows)) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


class Levenshtein(NamedTuple):
    """Levenshtein's polynomial of a degree at a rational s, as a polynomial in t, and its nodes below 1.

    ``polynomial`` = (t - s) Q^2, times (t + 1) for an even degree; ``nodes`` has the simple zeros of it.
    """

    polynomial: Any
    nodes: Any


def levenshtein_polynomial(n: int, degree: int, s: Fraction) -> Levenshtein:
    """f^(s)_m of Levenshtein 1992: (t - s) K(t, s)^2 with the kernel of the adjacent Jacobi polynomials.

    (t - s) K_{k-1}(t, s) is A_k(t) A_{k-1}(s) - A_k(s) A_{k-1}(t) up to a factor, with
    A_k = (P_k - P_{k+1})/(1 - t) for m = 2k - 1, A_k = P_k of dimension n + 2 for m = 2k.  degree >= 1.
    """
    k, even = (degree + 1) // 2, degree % 2 == 0
    at = fmpq(s.numerator, s.denominator)
    low, high = (adjacent(n, j, even) for j in (k - 1, k))
    line = fmpq_poly([-at, 1])
    kernel = (high * low(at) - low * high(at)) // line
    nodes = line * kernel
    f = nodes * kernel
    ends = fmpq_poly([1, 1])
    return Levenshtein(f * ends, nodes * ends) if even else Levenshtein(f, nodes)


def adjacent(n: int, k: int, even: bool) -> Any:
    """P_k^{(1,1)} (even) or P_k^{(1,0)} (odd) up to a factor, with the largest zero t11(k) or t10(k)."""
    if even:
        return next(p for j, p in enumerate(gegenbauer.polynomials(n + 2)) if j == k)
    found = [p for p, _ in zip(gegenbauer.polynomials(n), range(k + 2), strict=False)]
    return (found[k] - found[k + 1]) // fmpq_poly([1, -1])


def ratio(n: int, polynomial: Any) -> Fraction:
    """f(1)/f_0 of a polynomial in t."""
    value = polynomial(fmpq(1)) / mean(n, polynomial)
    return Fraction(int(value.p), int(value.q))


def mean(n: int, polynomial: Any) -> Any:
    """f_0, the mean of the polynomial in t over the inner products of two random unit vectors, an fmpq."""
    total, moment = fmpq(0), fmpq(1)
    for j in range(0, polynomial.degree() + 1, 2):
        total += polynomial[j] * moment
        moment *= fmpq(j + 1, n + j)
    return total


class Quadrature(NamedTuple):
    """A rule f_0 = rho f(1) + sum of weights times f(nodes) for all f up to ``degree``, with weights > 0."""

    degree: int
    rho: Fraction
    nodes: list[Real]
    weights: list[Real]


def quadrature(n: int, found: Levenshtein, degree: int) -> Quadrature:
    """The rule on 1 and the nodes of Levenshtein's polynomial of this degree.

    f_0 <= rho f(1) for every polynomial of at most that degree which is <= 0 at the nodes: the linear
    programming bound in that degree is at least 1/rho.  Exactness is decided over the rationals; positive
    weights and real nodes in [-1, 1) in balls.  Raises ArithmeticError where one of these fails.
    """
    nodes = found.nodes
    whole = nodes * fmpq_poly([1, -1])
    for j in range(degree - whole.degree() + 1):
        if mean(n, whole * fmpq_poly([0] * j + [1])) != 0:
            raise ArithmeticError(f"the nodes are not orthogonal in degree {j}")
    rho = mean(n, nodes) / nodes(fmpq(1))
    places = _real_roots(nodes)
    if any(t < -1 or t >= 1 for t in places) or len(places) != nodes.degree():
        raise ArithmeticError("the nodes are not distinct real numbers in [-1, 1)")
    weights = [_weight(n, whole, t) for t in places]
    if not rho > 0 or any(not w > 0 for w in weights):
        raise ArithmeticError("a weight of the rule is not positive")
    return Quadrature(degree, Fraction(int(rho.p), int(rho.q)), places, weights)


def _real_roots(polynomial: Any) -> list[Real]:
    """Real roots; those that are rational exactly, so that -1 is itself."""
    found = []
    for factor, _ in polynomial.numer().factor()[1]:
        if factor.degree() == 1:
            found.append(Real(Fraction(-int(factor[0]), int(factor[1]))))
        else:
            found += [Real(z.real) for z, _ in factor.complex_roots() if z.imag == 0]
    return found


def _weight(n: int, whole: Any, t: Real) -> Real:
    """The mean of the Lagrange polynomial whole/(t - node)/whole'(node), by synthetic division in balls."""
    c = [Real(Fraction(int(x.p), int(x.q))) for x in whole.coeffs()]
    quotient = [Real(0)] * (len(c) - 1)
    carry = Real(0)
    for j in range(len(c) - 1, 0, -1):
        carry = c[j] + carry * t
        quotient[j - 1] = carry
    slope, total, moment = Real(0), Real(0), Real(1)
    for x in reversed(quotient):
        slope = slope * t + x
    for j in range(0, len(quotient), 2):
        total = total + quotient[j] * moment
        moment = moment * Fraction(j + 1, n + j)
    return total / slope


def value(n: int, degree: int, s: Any) -> Any:
    """L_degree(n, s) by the formulas of Levenshtein 1992 for odd and even degree, s in any field."""
    k = (degree + 1) // 2
    p = gegenbauer.values(n, s, k + 2)
    if degree % 2:
        inner = s**0 * (2 * k + n - 3) / (n - 1) - (p[k - 1] - p[k]) / ((1 - s) * p[k])
        return inner * comb(k + n - 3, k - 1)
    inner = s**0 * (2 * k + n - 1) / (n - 1) - (1 + s) * (p[k] - p[k + 1]) / ((1 - s) * (p[k] + p[k + 1]))
    return inner * comb(k + n - 2, k)


def jump(n: int, degree: int) -> Any:
    """L_degree - L_(degree+1) at the end between their intervals: its numerator modulo the end's polynomial.

    The zero polynomial: the bound is continuous there.  Over the rationals.
    """
    (top, bottom), (other_top, other_bottom) = (_quotient(n, m) for m in (degree, degree + 1))
    end = adjacent(n, (degree + 1) // 2, even=degree % 2 == 0)
    return (top * other_bottom - other_top * bottom) % end


def _quotient(n: int, degree: int) -> tuple[Any, Any]:
    """Numerator and denominator of L_degree as polynomials in s."""
    k = (degree + 1) // 2
    p = [q for q, _ in zip(gegenbauer.polynomials(n), range(k + 2), strict=False)]
    s = fmpq_poly([0, 1])
    if degree % 2:
        bottom = (1 - s) * p[k] * (n - 1)
        top = (1 - s) * p[k] * (2 * k + n - 3) - (p[k - 1] - p[k]) * (n - 1)
        return top * comb(k + n - 3, k - 1), bottom
    bottom = (1 - s) * (p[k] + p[k + 1]) * (n - 1)
    top = (1 - s) * (p[k] + p[k + 1]) * (2 * k + n - 1) - (1 + s) * (p[k] - p[k + 1]) * (n - 1)
    return top * comb(k + n - 2, k), bottom


def degree_at(n: int, s: Any) -> int:
    """The degree m whose interval contains s, the lower one at a common end.

    Beyond t11(k-1) the sign of P_k - P_{k+1} tells on which side of t10(k) s lies, beyond that the sign of
    P_k of dimension n + 2.  Signs are exact for rational s; a number field decides zero and gives floats.
    """
    limit = 32
    p, wide = gegenbauer.values(n, s, limit + 1), gegenbauer.values(n + 2, s, limit)
    for k in range(1, DEGREE_LIMIT // 2):
        if k > limit:
            limit *= 4
            p, wide = gegenbauer.values(n, s, limit + 1), gegenbauer.values(n + 2, s, limit)
        if not _positive(p[k] - p[k + 1]):
            return 2 * k - 1
        if not _positive(wide[k]):
            return 2 * k
    raise ArithmeticError(f"the degree at s = {float(s)} in dimension {n} is above {DEGREE_LIMIT}")


def _positive(x: Any) -> bool:
    if isinstance(x, fmpq | Fraction):
        return bool(x > 0)
    return bool(x != 0 and float(x) > 0)


def largest_zero_gap(polynomial: Any, s: Fraction) -> Real:
    """s minus the largest real zero of a polynomial: 0 exactly where s is that zero, else a ball."""
    at = fmpq(s.numerator, s.denominator)
    if polynomial(at) == 0 and sturm.roots_between(polynomial, s, Fraction(2)) == 0:
        return Real(0)
    zeros = _real_roots(polynomial)
    best = max(zeros, key=float)
    return Real(s) - best


class Dual(NamedTuple):
    """A measure on [-1, s] with sum_t a_t P_k(t) >= -1, k = 1..degree: rational nodes, weights a_t >= 0.

    Every polynomial of at most that degree that the theorem admits has f(1)/f_0 >= ``value`` = 1 + sum a_t.
    """

    nodes: list[Fraction]
    weights: list[Fraction]
    degree: int

    @property
    def value(self) -> Fraction:
        return 1 + sum(self.weights, Fraction(0))


def dual(n: int, s: Fraction, degree: int, hint: linear.Hint) -> Dual:
    """A feasible measure near the optimum: solved in floats on the places where ``hint`` touches zero, then
    rounded to rationals and scaled until all moments are exactly feasible.

    For f <= 0 on [-1, s] with f_k >= 0: 0 >= sum_t a_t f(t) >= f_0 (sum a_t + 1) - f(1).
    Raises ArithmeticError when the solver fails.
    """
    top = float(s)
    near = np.concatenate([hint.maxima, hint.maxima - 1e-6, hint.maxima + 1e-6])
    grid = np.unique(np.clip(np.concatenate([near, np.linspace(-1, top, 4 * degree)]), -1, top))
    table = gegenbauer.matrix(n, grid, degree)[:, 1:]
    size = np.maximum(np.abs(table).max(axis=0), 1e-300)
    found = linprog(-np.ones(len(grid)), A_ub=-(table / size).T, b_ub=1 / size, method="highs-ds")
    if found.status != 0:
        raise ArithmeticError(f"no dual measure of degree {degree} in dimension {n}")
    kept = np.flatnonzero(found.x > 1e-12)
    nodes = [min(Fraction(round(float(grid[i]) * _TIDY), _TIDY), s) for i in kept]
    weights = [Fraction(round(float(found.x[i]) * _TIDY), _TIDY) for i in kept]
    worst = max(-m for m in dual_moments(n, nodes, weights, degree))
    shrink = max(Fraction(1), worst)
    return Dual(nodes, [a / shrink for a in weights], degree)


def dual_moments(
    n: int, nodes: Sequence[Fraction], weights: Sequence[Fraction], degree: int
) -> list[Fraction]:
    """sum_t a_t P_k(t), k = 1..degree, exactly."""
    tables = [gegenbauer.values(n, fmpq(t.numerator, t.denominator), degree) for t in nodes]
    found = []
    for k in range(1, degree + 1):
        terms = (row[k] * fmpq(a.numerator, a.denominator) for row, a in zip(tables, weights, strict=True))
        total = sum(terms, fmpq(0))
        found.append(Fraction(int(total.p), int(total.q)))
    return found
