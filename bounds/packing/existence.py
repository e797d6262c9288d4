"""Lower bounds on A(n, s) that hold at every finite n: trivial codes, covering, and random codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from bounds.exact import Real, escalate
from bounds.expr_points import ball_cap_area
from bounds.packing.cosine import check_dimension, rational_below, read_cosine, real_cosine
from bounds.packing.elementary import circle_size, rankin_size


def pair_tail(n: int, s: Real) -> Real:
    """P(<x, y> > s) = sigma_n(arccos s) for independent uniform x, y on S^{n-1}: I_{1-s^2}((n-1)/2, 1/2) / 2
    for s >= 0.

    Hypotheses: n >= 2, -1 <= s <= 1.  The normalised area of a cap of angular radius arccos s.
    """
    check_dimension(n)
    if s.is_exact and s == 0:
        return Real(Fraction(1, 2))
    return ball_cap_area(Real(n), s.arccos())


def elementary_size(n: int, s: Any) -> int:
    """Points of a simplex, cross-polytope or regular polygon with max cosine <= s; A(n, s) itself for s <=
    0.
    """
    check_dimension(n)
    value = read_cosine(s)
    if n == 2:
        return circle_size(value)
    return rankin_size(n, min(value, 0)) if value <= 0 else max(2 * n, circle_size(value))


def covering_size(n: int, s: Any) -> int:
    """A(n, s) >= 1 / sigma_n(theta), rounded up: caps of the full angle around a maximal code cover the
    sphere.

    Source: E. N. Gilbert, Bell Syst. Tech. J. 31 (1952) for codes; Shannon 1959, Wyner 1965 on the sphere.
    n >= 2, -1 < s < 1; for s = -1 the value 1 is returned.
    """
    check_dimension(n)
    s_low = rational_below(s)
    if s_low <= -1:
        return 1
    if s_low == 0:
        return 2
    return escalate(lambda: math.ceil((1 / pair_tail(n, Real(s_low))).lower()))


def expurgated_size(n: int, s: Any) -> int:
    """Lower bound on A(n, s) by deletion from a random code, with the exact law of one pair.

    Of M independent uniform points, the expected number of pairs with <x, y> > s is M (M-1) p / 2;
    dropping one point of each leaves at least M - M (M-1) p / 2 points on average, so some code has that
    many (rounded up). M is chosen best, near 1/p + 1/2: about half of the covering bound.
    """
    check_dimension(n)
    s_low = rational_below(s)
    if s_low <= -1:
        return 1

    def size() -> int:
        p = pair_tail(n, Real(s_low)).upper()
        best = max(1, math.floor(1 / p + Fraction(1, 2)))
        return max(math.ceil(m - Fraction(m * (m - 1)) * p / 2) for m in (best, best + 1))

    return escalate(size)


def uniform_size(n: int, s: Any, failure: Fraction = Fraction(1)) -> int:
    """Largest M for which M uniform points have max cosine > s with probability < ``failure``, by the union
    bound.

    ``M (M-1) p / 2 < failure`` with p the exact pair tail; with failure = 1 it shows that a code exists.
    """
    p = escalate(lambda: pair_tail(n, real_cosine(s)).upper())
    # M (M - 1) < x  is  M <= ceil((1 + sqrt(1 + 4 x)) / 2) - 1
    x = 2 * Fraction(failure) / p
    m = (1 + math.isqrt(math.floor(1 + 4 * x))) // 2 + 1
    while m * (m - 1) >= x:
        m -= 1
    return m


def code_defect(points: Sequence[Sequence[Fraction]], s: Fraction) -> str:
    """Empty when the rational vectors, normalised, are distinct points with pairwise inner products <= s <
    1; else why not.

    Exact: <x, y> <= s |x| |y| is decided by squares.
    """
    rows = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in p] for p in points])
    gram = rows * rows.transpose()
    norms = [gram[i, i] for i in range(len(points))]
    if any(q == 0 for q in norms):
        return "a point is zero"
    square = fmpq(s.numerator, s.denominator) ** 2
    for i in range(len(points)):
        for j in range(i):
            dot, reach = gram[i, j], square * norms[i] * norms[j]
            if (dot > 0 and (s < 0 or dot * dot > reach)) or (dot <= 0 and s < 0 and dot * dot < reach):
                return f"points {j} and {i} have a larger inner product"
    return ""
