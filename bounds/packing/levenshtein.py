"""Levenshtein's universal bounds L_m(n, s) on A(n, s), and their inverse.

Source: V. I. Levenshtein, Soviet Math. Dokl. 20 (1979), 417-421; Acta Appl. Math. 29 (1992), 1-82; "Universal
bounds for codes and designs", Handbook of Coding Theory (1998), Theorem 5.42.  L is continuous and strictly
rising in s.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any, NamedTuple

import sympy as sp
from flint import fmpq, fmpq_poly

from bounds.exact import Real, Undecided, escalate, precision
from bounds.packing import gegenbauer
from bounds.packing.cosine import check_dimension, check_size, rational_below, read_cosine, real_cosine

_EXACT_DEGREE = 60
DEGREE_LIMIT = 160
"""Largest degree tried: exact values of much larger degree have tens of thousands of digits."""


class Levenshtein(NamedTuple):
    """Degree m of the polynomial behind the bound, and the value L_m(n, s)."""

    degree: int
    value: Real


def levenshtein(n: int, s: Real) -> Levenshtein:
    """L(n, s) >= A(n, s) for n >= 2 and -1 <= s < 1: exact for exact ``s``, a ball otherwise.

    ``L_{2k-1}`` holds for t11(k-1) <= s <= t10(k) and ``L_{2k}`` for t10(k) <= s <= t11(k), where t10(k)
    is the largest zero of P_k - P_{k+1} below 1 and t11(k) that of P_k of dimension n + 2 (with t11(0) =
    -1). A ball that reaches over such an end point gives the union of both values.  Raises
    ArithmeticError when the degree exceeds DEGREE_LIMIT.
    """
    check_dimension(n)
    if not (-1 <= s < 1):
        raise ValueError(f"max cosine {s}: expected -1 <= s < 1")
    found: Levenshtein | None = None
    for degree, beyond in _ends(n, s):
        if beyond is True:
            continue
        value = _value(n, s, degree)
        found = Levenshtein(degree, value if found is None else _union(found.value, value))
        if beyond is False:
            return found
    raise ArithmeticError(
        f"Levenshtein's bound in dimension {n} at s = {float(s):.6g} has a degree above {DEGREE_LIMIT}"
    )


def _union(a: Real, b: Real) -> Real:
    lo, hi = min(a.lower(), b.lower()), max(a.upper(), b.upper())
    return Real.between(lo, hi)


def _ends(n: int, s: Real) -> Any:
    """(m, whether s lies certainly beyond the interval of degree m; None where the ball cannot tell)."""
    plain, wide = _Values(n, s), _Values(n + 2, s)
    for k in range(1, DEGREE_LIMIT // 2 + 1):
        yield 2 * k - 1, _positive(plain[k] - plain[k + 1])
        yield 2 * k, _positive(wide[k])


class _Values:
    """Values P_k(s), computed as far as asked."""

    def __init__(self, n: int, s: Real) -> None:
        self._n, self._s, self._known = n, s, [Real(1), s]

    def __getitem__(self, k: int) -> Real:
        known = self._known
        while len(known) <= k:
            j = len(known) - 1
            known.append(((2 * j + self._n - 2) * self._s * known[j] - j * known[j - 1]) / (j + self._n - 2))
        return known[k]


def _positive(x: Real) -> bool | None:
    try:
        return x > 0
    except Undecided:
        return None


def _value(n: int, s: Real, degree: int) -> Real:
    p = gegenbauer.values(n, s, degree // 2 + 2)
    top, bottom = _parts(n, degree, s, p)
    return Real(top / bottom)


def _parts(n: int, degree: int, s: Any, p: Any) -> tuple[Any, Any]:
    """Numerator and denominator of L_degree; ``s`` and ``p[k]`` are numbers or polynomials."""
    if degree % 2:
        k = (degree + 1) // 2
        bottom = (1 - s) * p[k]
        inner = bottom * (2 * k + n - 3) - (p[k - 1] - p[k]) * (n - 1)
        return inner * comb(k + n - 3, k - 1), bottom * (n - 1)
    k = degree // 2
    bottom = (1 - s) * (p[k] + p[k + 1])
    inner = bottom * (2 * k + n - 1) - (1 + s) * (p[k] - p[k + 1]) * (n - 1)
    return inner * comb(k + n - 2, k), bottom * (n - 1)


class Inverse(NamedTuple):
    """A certified lower bound on s*(n, N): ``low``, and ``exact`` >= low where a closed form was found."""

    low: Fraction
    exact: Any


def levenshtein_cosine(n: int, size: int, bits: int = 60) -> Inverse:
    """The s with L(n, s) = N, which no code of N points can go below: N <= L(n, s(C)) for every code C.

    ``low`` is a rational number within 2^-bits below it.  ``exact`` is the number itself as an exact SymPy
    number when it is rational or a quadratic irrational, else None.  n >= 2, N >= 2.  Raises ArithmeticError
    when the degree exceeds DEGREE_LIMIT.
    """
    check_dimension(n)
    check_size(size)
    half = DEGREE_LIMIT // 2
    if size > 2 * comb(n + half - 2, half - 1):  # L at the upper end of the degree 2 (half - 1)
        raise ArithmeticError(f"Levenshtein's bound for {size} points has a degree above {DEGREE_LIMIT}")
    lo, hi = Fraction(-1), Fraction(1)
    while hi - lo > Fraction(1, 1 << bits):
        middle = (lo + hi) / 2
        if _within(n, middle, size):
            lo = middle
        else:
            hi = middle
    return Inverse(lo, _closed_form(n, size, lo, hi))


def _within(n: int, s: Fraction, size: int) -> bool:
    try:
        return s < 1 and levenshtein(n, Real(s)).value <= size
    except ArithmeticError:  # so large an s that the degree is out of reach
        return False


def _equation(n: int, size: int, degree: int) -> Any:
    """The polynomial in s that vanishes where L_degree(n, s) = size."""
    wanted = degree // 2 + 2
    p = [q for q, _ in zip(gegenbauer.polynomials(n), range(wanted + 1), strict=False)]
    top, bottom = _parts(n, degree, fmpq_poly([0, 1]), p)
    return top - bottom * size


def _closed_form(n: int, size: int, lo: Fraction, hi: Fraction) -> Any:
    degree = levenshtein(n, Real(lo)).degree
    if degree > _EXACT_DEGREE:
        return None
    for m in (degree, degree + 1):  # the solution may be an end point of the interval that holds ``lo``
        for factor, _ in _equation(n, size, m).numer().factor()[1]:
            for root in _simple_roots(factor):
                near = real_cosine(root)
                if lo <= near.upper() and near.lower() <= hi and attains(n, size, root):
                    return root
    return None


def _simple_roots(factor: Any) -> list[Any]:
    c = [sp.Integer(int(x)) for x in factor.coeffs()]
    if len(c) == 2:
        roots = [-c[0] / c[1]]
    elif len(c) == 3 and c[1] ** 2 > 4 * c[0] * c[2]:
        root = sp.sqrt(c[1] ** 2 - 4 * c[0] * c[2])
        roots = [(-c[1] + sign * root) / (2 * c[2]) for sign in (1, -1)]
    else:
        roots = []
    return [r for r in roots if -1 <= r < 1]


def attains(n: int, size: int, s: Any) -> bool:
    """Whether L(n, s) <= size is certain for the exact number ``s``; exact also where they are equal.

    Then s*(n, size) >= s, because L rises strictly.  Where balls do not decide, ``s`` must be
    algebraic.
    """
    value = read_cosine(s)
    try:
        return escalate(lambda: bool(levenshtein(n, real_cosine(value)).value <= size), 128, 512)
    except Undecided:
        pass
    try:
        minimal = sp.Poly(sp.minimal_polynomial(value, sp.Symbol("x")), sp.Symbol("x"))
    except sp.polys.polyerrors.NotAlgebraic:
        return False
    divisor = fmpq_poly([fmpq(int(c.p), int(c.q)) for c in reversed(minimal.all_coeffs())])
    degree = levenshtein(n, Real(rational_below(value))).degree
    with precision(512):
        at = real_cosine(value)
        sides = [m for m, beyond in _first_ends(n, at) if beyond is not True]
        return degree in sides and all((_equation(n, size, m) % divisor).degree() < 0 for m in sides)


def _first_ends(n: int, s: Real) -> Any:
    for degree, beyond in _ends(n, s):
        yield degree, beyond
        if beyond is False:
            return
